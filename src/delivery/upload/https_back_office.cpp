#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <utility>

#include <curl/curl.h>
#include <fmt/format.h>

#include "wayside/base/files.hpp"

#include "src/delivery/upload/answer.hpp"

namespace wayside::upload {

namespace {

constexpr long longest_idle_s = 2;
constexpr std::size_t largest_answer = 64 * 1024;

struct CurlDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct HeadersDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Headers = std::unique_ptr<curl_slist, HeadersDeleter>;

Headers headers_of(const std::vector<std::string>& lines) {
  Headers list;
  for (const std::string& line : lines)
    list.reset(curl_slist_append(list.release(), line.c_str()));
  return list;
}

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* into) {
  std::string& body = *static_cast<std::string*>(into);
  // Taking less than offered ends the transfer: nobody may fill the camera's memory.
  if (body.size() + size * count > largest_answer) return 0;
  body.append(data, size * count);
  return size * count;
}

std::string_view name_of(PartKind part) {
  switch (part) {
    case PartKind::document:
      return "document";
    case PartKind::plate:
      return "plate";
    case PartKind::overview:
      return "overview";
  }
  return "document";
}

// Asked by curl every now and then, at least once a second: anything but 0 ends the transfer.
int too_late(void* deadline, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto limit = static_cast<std::atomic<std::chrono::steady_clock::time_point>*>(deadline)->load();
  return std::chrono::steady_clock::now() >= limit ? 1 : 0;
}

// One connection, kept open between requests. One thread at a time.
class Connection {
 public:
  // deadline outlives it.
  Connection(const HttpsOptions& options, std::atomic<std::chrono::steady_clock::time_point>& deadline)
      : handle_(curl_easy_init()) {
    CURL* const curl = handle_.get();
    if (curl == nullptr) return;
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error_.data());
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_3));
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(curl, CURLOPT_CAINFO, options.ca_certificate.c_str());
    // The distribution's own authorities would be asked as well.
    curl_easy_setopt(curl, CURLOPT_CAPATH, static_cast<char*>(nullptr));
    curl_easy_setopt(curl, CURLOPT_SSLCERT, options.certificate.c_str());
    curl_easy_setopt(curl, CURLOPT_SSLKEY, options.private_key.c_str());
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options.time_limit.count()));
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.time_limit.count()));
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    // An office closes what is idle for a few seconds, and a connection found dead counts as a failure now
    // and then.
    curl_easy_setopt(curl, CURLOPT_MAXAGE_CONN, longest_idle_s);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, "PUT");
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, too_late);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &deadline);
  }

  [[nodiscard]] bool usable() const { return handle_ != nullptr; }

  // unavailable: no answer, for whatever reason.
  [[nodiscard]] Result<HttpAnswer> put(const std::string& url, ByteView payload,
                                       std::vector<std::string> header_lines) {
    CURL* const curl = handle_.get();
    // Waiting for leave to send costs a round trip a part, and there is nothing to save: parts are small.
    header_lines.emplace_back("Expect:");
    const Headers headers = headers_of(header_lines);
    HttpAnswer answer;
    error_.fill('\0');
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(payload.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, payload.data());
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer.body);
    const CURLcode code = curl_easy_perform(curl);
    if (code == CURLE_WRITE_ERROR) {
      return fail(ErrorCode::unavailable, fmt::format("the answer is larger than {} bytes", largest_answer));
    }
    if (code == CURLE_PEER_FAILED_VERIFICATION) {
      return fail(
          ErrorCode::unavailable,
          fmt::format(
              "what answers is not shown to be the back office of this camera ({}): check upload.url, "
              "and that back-office-ca.crt came from the office that enrolled the camera",
              error_[0] != '\0' ? error_.data() : curl_easy_strerror(code)));
    }
    if (code != CURLE_OK) {
      return fail(ErrorCode::unavailable, error_[0] != '\0' ? error_.data() : curl_easy_strerror(code));
    }
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
    const char* content_type = nullptr;
    if (curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &content_type) == CURLE_OK &&
        content_type != nullptr) {
      answer.content_type = content_type;
    }
    curl_off_t retry_after = 0;
    if (curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after) == CURLE_OK && retry_after > 0) {
      answer.retry_after = std::chrono::seconds(retry_after);
    }
    return answer;
  }

 private:
  std::unique_ptr<CURL, CurlDeleter> handle_;
  std::array<char, CURL_ERROR_SIZE> error_{};
};

class HttpsBackOffice : public BackOffice {
 public:
  explicit HttpsBackOffice(const HttpsOptions& options)
      : url_(options.url.back() == '/' ? options.url.substr(0, options.url.size() - 1) : options.url),
        parts_(options, deadline_),
        heartbeats_(options, deadline_) {}

  [[nodiscard]] bool usable() const { return parts_.usable() && heartbeats_.usable(); }

  Receipt deliver(const RecordKey& key, PartKind part, ByteView payload) override {
    const Sha256 hash = sha256(payload);
    const Result<HttpAnswer> answer = parts_.put(
        fmt::format("{}/v1/records/{}/{}/{}/{}", url_, key.device_id, key.queue_uuid, key.number.value(),
                    name_of(part)),
        payload,
        {part == PartKind::document ? "Content-Type: application/json" : "Content-Type: image/jpeg",
         "Wayside-Sha256: " + to_hex(hash)});
    if (!answer) return {Receipt::Outcome::later, std::nullopt, answer.error().message};
    return receipt_from(*answer, hash);
  }

  Status heartbeat(const std::string& device_id, std::string_view json) override {
    const std::lock_guard lock(heartbeat_mutex_);
    const Result<HttpAnswer> answer = heartbeats_.put(fmt::format("{}/v1/heartbeats/{}", url_, device_id),
                                                      as_bytes(json), {"Content-Type: application/json"});
    if (!answer) return fail(answer.error());
    if (answer->status == 204) return {};
    const bool refused = answer->status == 403 || answer->status == 422;
    return fail(refused ? ErrorCode::refused : ErrorCode::unavailable,
                fmt::format("the back office answered {} to the heartbeat, not 204", answer->status));
  }

  void hurry(std::chrono::steady_clock::time_point deadline) override { deadline_ = deadline; }

 private:
  std::string url_;
  std::atomic<std::chrono::steady_clock::time_point> deadline_{std::chrono::steady_clock::time_point::max()};
  Connection parts_;
  // Apart from the records', so that a heartbeat never waits behind an upload.
  std::mutex heartbeat_mutex_;
  Connection heartbeats_;
};

Status check_url(const std::string& url) {
  constexpr std::string_view scheme = "https://";
  std::string_view host = url;
  const bool https = host.substr(0, scheme.size()) == scheme;
  if (https) host.remove_prefix(scheme.size());
  if (!host.empty() && host.back() == '/') host.remove_suffix(1);
  const bool plain = std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == ':' || c == '[' || c == ']';
  });
  if (https && plain && !host.empty()) return {};
  return fail(
      ErrorCode::invalid_input,
      fmt::format("the back office's address \"{}\" must have the form https://host or https://host:port",
                  url));
}

Status check_pem(const std::filesystem::path& path, std::string_view kind, std::string_view what) {
  const Result<std::string> text = read_text_file(path, std::size_t{1} << 20U);
  if (!text) return fail(text.error().context(what));
  const std::size_t begin = text->find("-----BEGIN ");
  const std::size_t end_of_line = begin == std::string::npos ? begin : text->find('\n', begin);
  if (end_of_line != std::string::npos &&
      std::string_view(*text).substr(begin, end_of_line - begin).find(kind) != std::string_view::npos) {
    return {};
  }
  return fail(
      ErrorCode::invalid_input,
      fmt::format("{}: {} must be a PEM file with a line \"-----BEGIN {}-----\"", what, path.string(), kind));
}

}  // namespace

}  // namespace wayside::upload

namespace wayside {

Result<std::unique_ptr<BackOffice>> make_https_back_office(const HttpsOptions& options) {
  using namespace upload;
  if (Status ok = check_url(options.url); !ok) return fail(ok.error());
  if (Status ok = check_pem(options.ca_certificate, "CERTIFICATE", "the back office's authority"); !ok) {
    return fail(ok.error());
  }
  if (Status ok = check_pem(options.certificate, "CERTIFICATE", "the camera's certificate"); !ok)
    return fail(ok.error());
  if (Status ok = check_pem(options.private_key, "PRIVATE KEY", "the camera's private key"); !ok)
    return fail(ok.error());
  if (options.time_limit.count() <= 0) {
    return fail(ErrorCode::invalid_input, "the time limit of an upload must be longer than nothing");
  }
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  auto office = std::make_unique<HttpsBackOffice>(options);
  if (started != CURLE_OK || !office->usable()) {
    return fail(ErrorCode::io, "libcurl cannot start: install it with TLS support");
  }
  return office;
}

}  // namespace wayside
