#include "wayside/roadsim/plates/plate_press.hpp"

namespace wayside::roadsim {

std::vector<std::string> groups_of(std::string_view vrm, std::string_view format) {
  const auto digit = [](char character) { return character >= '0' && character <= '9'; };
  std::vector<std::string> groups;
  const auto split = [&](std::size_t at) {
    groups = {std::string(vrm.substr(0, at))};
    if (at < vrm.size()) groups.emplace_back(vrm.substr(at));
  };
  if (format == "current") {
    split(4);
  } else if (format == "prefix" || format == "q") {  // A123 BCD: after the last digit
    std::size_t at = vrm.size();
    while (at > 0 && !digit(vrm[at - 1]))
      --at;
    split(at == 0 ? vrm.size() : at);
  } else if (format == "suffix") {  // ABC 123D: before the first digit
    std::size_t at = 0;
    while (at < vrm.size() && !digit(vrm[at]))
      ++at;
    split(at == 0 ? vrm.size() : at);
  } else if (format == "trailer") {
    split(vrm.size());
  } else {  // wherever letters and digits meet
    for (std::size_t i = 0; i < vrm.size(); ++i) {
      if (i == 0 || digit(vrm[i]) != digit(vrm[i - 1])) groups.emplace_back();
      groups.back() += vrm[i];
    }
  }
  return groups;
}

}  // namespace wayside::roadsim
