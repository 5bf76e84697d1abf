// One HTTPS connection with a client certificate, kept open between requests: TLS 1.3 or nothing, one
// authority and no other, no redirects, no proxy, answers bounded and uncompressed.
//
// Threads: request() from one thread at a time. Failure: unavailable, for whatever reason there is no answer
// that may be judged; the message repeats nothing of the answer's body.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "wayside/base/result.hpp"
#include "wayside/delivery/upload/back_office.hpp"

#include "src/delivery/upload/answer.hpp"

namespace wayside::upload {

using Deadline = std::atomic<std::chrono::steady_clock::time_point>;

// The address has the form https://host[:port], the files are there and PEM, there is a time limit.
[[nodiscard]] Status check_https_options(const HttpsOptions& options);

// invalid_input or not_found: a file is missing or no PEM.
[[nodiscard]] Status check_tls_files(const std::filesystem::path& ca_certificate,
                                     const std::filesystem::path& certificate,
                                     const std::filesystem::path& private_key);

class HttpsConnection {
 public:
  // The deadline outlives it: whatever is under way then is cut off. io: libcurl cannot start.
  [[nodiscard]] static Result<std::unique_ptr<HttpsConnection>> make(const HttpsOptions& options,
                                                                     const Deadline& deadline);
  ~HttpsConnection();
  HttpsConnection(const HttpsConnection&) = delete;
  HttpsConnection& operator=(const HttpsConnection&) = delete;

  // path begins with a slash; the method is GET, POST or PUT.
  [[nodiscard]] Result<HttpAnswer> request(const std::string& method, const std::string& path,
                                           std::vector<std::string> headers, ByteView body);

 private:
  struct Handle;
  explicit HttpsConnection(std::unique_ptr<Handle> handle);
  std::unique_ptr<Handle> handle_;
};

}  // namespace wayside::upload
