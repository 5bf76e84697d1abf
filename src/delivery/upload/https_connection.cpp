#include "src/delivery/upload/https_connection.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include <curl/curl.h>
#include <fmt/format.h>
#include <openssl/x509_vfy.h>

#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"

namespace wayside::upload {

namespace {

constexpr long longest_idle_s = 2;
constexpr std::size_t largest_head = std::size_t{16} << 10U;

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

// What an answer brought, and why it was cut short.
struct Arriving {
  HttpAnswer answer;
  std::size_t head_bytes = 0;
  std::string problem;
};

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* into) {
  Arriving& arriving = *static_cast<Arriving*>(into);
  // Taking less than offered ends the transfer: nobody may fill the camera's memory.
  if (arriving.answer.body.size() + size * count > largest_answer) {
    arriving.problem = fmt::format("the answer is larger than {} bytes", largest_answer);
    return 0;
  }
  arriving.answer.body.append(data, size * count);
  return size * count;
}

std::size_t take_head(char* data, std::size_t size, std::size_t count, void* into) {
  Arriving& arriving = *static_cast<Arriving*>(into);
  std::string line(data, size * count);
  arriving.head_bytes += line.size();
  std::transform(line.begin(), line.end(), line.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto value_of = [&](std::string_view name) -> std::optional<std::string> {
    if (line.rfind(name, 0) != 0) return std::nullopt;
    std::string value = line.substr(name.size());
    value.erase(0, value.find_first_not_of(" \t"));
    value.erase(value.find_last_not_of(" \t\r\n") + 1);
    return value;
  };
  if (arriving.head_bytes > largest_head)
    arriving.problem = fmt::format("the answer's head is larger than {} bytes", largest_head);
  // Nobody asked for it, and a few bytes can become gigabytes.
  if (const auto coding = value_of("content-encoding:"); coding && *coding != "identity")
    arriving.problem = "the answer is compressed";
  if (const auto coding = value_of("transfer-encoding:"); coding && *coding != "chunked")
    arriving.problem = "the answer is compressed";
  return arriving.problem.empty() ? size * count : 0;
}

// Asked by curl every now and then, at least once a second: anything but 0 ends the transfer.
int too_late(void* deadline, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto limit = static_cast<const Deadline*>(deadline)->load();
  return std::chrono::steady_clock::now() >= limit ? 1 : 0;
}

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

// A camera whose clock was never set may be years behind.
bool hangs_on_time(CURL* curl) {
  long verdict = X509_V_OK;
  curl_easy_getinfo(curl, CURLINFO_SSL_VERIFYRESULT, &verdict);
  return verdict == X509_V_ERR_CERT_NOT_YET_VALID || verdict == X509_V_ERR_CERT_HAS_EXPIRED;
}

}  // namespace

Status check_tls_files(const std::filesystem::path& ca_certificate, const std::filesystem::path& certificate,
                       const std::filesystem::path& private_key) {
  if (Status ok = check_pem(ca_certificate, "CERTIFICATE", "the back office's authority"); !ok) return ok;
  if (Status ok = check_pem(certificate, "CERTIFICATE", "the camera's certificate"); !ok) return ok;
  return check_pem(private_key, "PRIVATE KEY", "the camera's private key");
}

Status check_https_options(const HttpsOptions& options) {
  if (Status ok = check_url(options.url); !ok) return ok;
  if (Status ok = check_tls_files(options.ca_certificate, options.certificate, options.private_key); !ok)
    return ok;
  if (options.time_limit.count() > 0) return {};
  return fail(ErrorCode::invalid_input, "the time limit of an upload must be longer than nothing");
}

struct HttpsConnection::Handle {
  std::string url;
  std::string where_to_look;
  std::unique_ptr<CURL, CurlDeleter> curl;
  std::array<char, CURL_ERROR_SIZE> error{};
};

Result<std::unique_ptr<HttpsConnection>> HttpsConnection::make(const HttpsOptions& options,
                                                               const Deadline& deadline) {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  auto handle = std::make_unique<Handle>();
  if (started == CURLE_OK) handle->curl.reset(curl_easy_init());
  CURL* const curl = handle->curl.get();
  if (curl == nullptr) return fail(ErrorCode::io, "libcurl cannot start: install it with TLS support");
  handle->url = options.url.back() == '/' ? options.url.substr(0, options.url.size() - 1) : options.url;
  handle->where_to_look = options.where_to_look;
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, handle->error.data());
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(curl, CURLOPT_HTTP09_ALLOWED, 0L);
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_3));
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(curl, CURLOPT_CAINFO, options.ca_certificate.c_str());
  // The distribution's own authorities would be asked as well.
  curl_easy_setopt(curl, CURLOPT_CAPATH, static_cast<char*>(nullptr));
  // Each connection shows its certificates anew; and servers that ask for ours, but were not told how to keep
  // sessions, refuse a resumed one.
  curl_easy_setopt(curl, CURLOPT_SSL_SESSIONID_CACHE, 0L);
  curl_easy_setopt(curl, CURLOPT_SSLCERT, options.certificate.c_str());
  curl_easy_setopt(curl, CURLOPT_SSLKEY, options.private_key.c_str());
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options.time_limit.count()));
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.time_limit.count()));
  curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
  // An office closes what is idle for a few seconds, and a connection found dead counts as a failure now and
  // then.
  curl_easy_setopt(curl, CURLOPT_MAXAGE_CONN, longest_idle_s);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_head);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, too_late);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &deadline);
  return std::unique_ptr<HttpsConnection>(new HttpsConnection(std::move(handle)));
}

HttpsConnection::HttpsConnection(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
HttpsConnection::~HttpsConnection() = default;

Result<HttpAnswer> HttpsConnection::request(const std::string& method, const std::string& path,
                                            std::vector<std::string> header_lines, ByteView body) {
  CURL* const curl = handle_->curl.get();
  // Waiting for leave to send costs a round trip, and there is nothing to save.
  header_lines.emplace_back("Expect:");
  const Headers headers = headers_of(header_lines);
  const std::string url = handle_->url + path;
  Arriving arriving;
  handle_->error.fill('\0');
  if (method == "GET") {
    curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
  } else {
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data());
  }
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method.c_str());
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &arriving);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &arriving);
  const CURLcode code = curl_easy_perform(curl);
  if (!arriving.problem.empty()) return fail(ErrorCode::unavailable, arriving.problem);
  const std::string said =
      json_escape(handle_->error[0] != '\0' ? handle_->error.data() : curl_easy_strerror(code));
  if (code == CURLE_PEER_FAILED_VERIFICATION) {
    return fail(ErrorCode::unavailable,
                fmt::format("what answers is not shown to be the back office of this camera ({}): check {}{}",
                            said, hangs_on_time(curl) ? "the camera's clock, and " : "",
                            handle_->where_to_look));
  }
  if (code != CURLE_OK) return fail(ErrorCode::unavailable, said);
  long version = 0;
  curl_easy_getinfo(curl, CURLINFO_HTTP_VERSION, &version);
  // Without a length a cut answer looks like a whole one.
  if (version != CURL_HTTP_VERSION_1_1) return fail(ErrorCode::unavailable, "the answer is not HTTP/1.1");
  HttpAnswer answer = std::move(arriving.answer);
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
  const char* content_type = nullptr;
  if (curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &content_type) == CURLE_OK && content_type != nullptr)
    answer.content_type = content_type;
  curl_off_t retry_after = 0;
  if (curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after) == CURLE_OK && retry_after > 0)
    answer.retry_after = std::chrono::seconds(retry_after);
  return answer;
}

}  // namespace wayside::upload
