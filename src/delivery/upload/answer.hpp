// The table of https_api.md: what an HTTP answer means for the part that was sent.
//
// Threads: pure function. Failure: whatever is not exactly as agreed means "later", with the reason.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "wayside/base/bytes.hpp"
#include "wayside/delivery/upload/back_office.hpp"

namespace wayside::upload {

struct HttpAnswer {
  long status = 0;
  std::string content_type;
  std::string body;
  std::optional<std::chrono::seconds> retry_after;
};

[[nodiscard]] Receipt receipt_from(const HttpAnswer& answer, const Sha256& sent);

}  // namespace wayside::upload
