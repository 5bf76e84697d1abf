// What the camera keeps, where, how long and for whom, on one page in words: for whoever has to answer for
// it.
//
// Threads: pure. Lines of at most 79 characters of printable text, ended by '\n'. Names that came from
// outside are escaped. Failure: none.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "wayside/delivery/seal/keys.hpp"
#include "wayside/device/authority/document.hpp"
#include "wayside/device/config/configuration.hpp"

namespace wayside::app {

struct PrivacyFacts {
  bool needs_authority = true;
  bool may_capture = false;
  std::optional<AuthorityDocument> authority;  // the one that decides
  std::vector<Recipient> recipients;
};

[[nodiscard]] std::string privacy_text(const Configuration& configuration, const PrivacyFacts& facts);

}  // namespace wayside::app
