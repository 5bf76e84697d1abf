// Bytes as they come, cut into lines; what is held of an unfinished one is bounded and wiped.
//
// Threads: one.
#pragma once

#include <cstddef>
#include <string_view>

#include "wayside/base/bytes.hpp"
#include "wayside/base/wiped.hpp"
#include "wayside/device/watchlist/watch_entry.hpp"

namespace wayside::watchlist {

class LineSplitter {
 public:
  // A line that is longer comes out cut to this, which no parser takes.
  static constexpr std::size_t longest = longest_entry_line + 2;

  // Calls on_line(std::string_view) for every line that ends in `part`, without its end.
  template <class OnLine>
  void feed(ByteView part, const OnLine& on_line) {
    std::string_view text(reinterpret_cast<const char*>(part.data()), part.size());
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      if (end == std::string_view::npos) return keep(text);
      if (kept_.empty()) {
        on_line(text.substr(0, std::min(end, longest)));
      } else {
        keep(text.substr(0, end));
        on_line(text_of(kept_));
        kept_.clear();
      }
      text.remove_prefix(end + 1);
    }
  }
  // The bytes so far do not end with a line's end.
  [[nodiscard]] bool is_inside() const { return !kept_.empty(); }

 private:
  void keep(std::string_view text) {
    kept_.reserve(longest);
    text = text.substr(0, longest - std::min(longest, kept_.size()));
    kept_.insert(kept_.end(), text.begin(), text.end());
  }
  WipedBytes kept_;
};

}  // namespace wayside::watchlist
