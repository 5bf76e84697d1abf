// The one gate between the camera and somebody's terminal: what passes is printable ASCII and line ends.
//
// A terminal on a serial line may be of any kind and character set, and in some of them the second byte of a
// UTF-8 letter is a control character. So everything else is shown in the form in which the console also
// takes it: \u00e9, \U0001f697; bytes that are no UTF-8 as \xff. What is sound ASCII stays as it is,
// backslashes included.
//
// Threads: pure. No failure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace wayside::console {

// Of one line: line ends are escaped too.
[[nodiscard]] std::string printable(std::string_view text);
// Of a text of lines.
[[nodiscard]] std::string printable_lines(std::string_view text);

// Broken at blanks so that no line goes beyond column width, with indent blanks before each line but the
// first, which begins at that column already. A word that is longer stays whole.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t indent, std::size_t width = 79);

}  // namespace wayside::console
