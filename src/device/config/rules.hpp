// Rules over more than one key of a configuration.
//
// Threads: pure.
#pragma once

#include <string>
#include <vector>

#include "wayside/device/config/configuration.hpp"

namespace wayside::config {

struct Complaint {
  std::vector<std::string> keys;  // a file is blamed where it has the first of them that it has: "site.name"
  std::string text;               // a sentence without the place
};

// All that does not go together, in the order of the rules; empty: it does.
[[nodiscard]] std::vector<Complaint> complaints_about(const Configuration& configuration);

// A text of a message: cut where it would fill the screen, and harmless to terminals.
[[nodiscard]] std::string shown(std::string_view text);

}  // namespace wayside::config
