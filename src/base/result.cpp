#include "wayside/base/result.hpp"

namespace wayside {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_input:
      return "invalid input";
    case ErrorCode::not_found:
      return "not found";
    case ErrorCode::corrupt:
      return "corrupt";
    case ErrorCode::io:
      return "input/output error";
    case ErrorCode::exhausted:
      return "no room";
    case ErrorCode::refused:
      return "refused";
    case ErrorCode::unavailable:
      return "unavailable";
    case ErrorCode::unsupported:
      return "unsupported";
  }
  return "unknown";
}

}  // namespace wayside
