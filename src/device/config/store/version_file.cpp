#include "src/device/config/store/version_file.hpp"

#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "wayside/base/bytes.hpp"
#include "wayside/base/json_text.hpp"

#include "src/device/config/store/damaged.hpp"

namespace wayside::config {

namespace {

constexpr std::string_view title = "# Wayside configuration, format ";
constexpr std::string_view sum_word = "# sha256 ";

// Takes what is told off the front of the text, line by line.
class Head {
 public:
  explicit Head(std::string_view text) : rest_(text) {}

  // What stands behind the word; nothing, and nothing taken, where the line begins otherwise.
  std::optional<std::string_view> after(std::string_view word) {
    const std::size_t end = rest_.find('\n');
    if (end == std::string_view::npos || !rest_.starts_with(word)) return std::nullopt;
    const std::string_view found = rest_.substr(word.size(), end - word.size());
    rest_.remove_prefix(end + 1);
    return found;
  }
  template <class Number>
  bool number(std::string_view word, Number& out) {
    const auto text = after(word);
    if (!text) return false;
    const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), out);
    return failed == std::errc{} && end == text->data() + text->size();
  }
  // Nothing but what json_escape() writes, so that a text is written in one way only.
  bool text(std::string_view word, std::size_t most, std::string& out) {
    const auto quoted = after(word);
    if (!quoted) return false;
    const auto json = nlohmann::json::parse(*quoted, nullptr, false);
    if (!json.is_string()) return false;
    out = json.get<std::string>();
    return out.size() <= most && '"' + json_escape(out) + '"' == *quoted;
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

std::string head_of(const VersionFile& version) {
  std::string head =
      fmt::format("{}{}\n# version {}\n# after {}\n# by \"{}\"\n# at {}\n# comment \"{}\"\n", title,
                  version.format, version.number, version.after, json_escape(version.who),
                  to_iso8601(version.at), json_escape(version.comment));
  if (version.confirm_within) head += fmt::format("# confirm-within {}\n", version.confirm_within->count());
  return head;
}

std::string sum_of(std::string_view head, std::string_view toml) {
  std::string both(head);
  both += toml;
  return to_hex(sha256(as_bytes(both)));
}

}  // namespace

std::string text_of(const VersionFile& version) {
  const std::string head = head_of(version);
  return fmt::format("{}{}{}\n{}", head, sum_word, sum_of(head, version.toml), version.toml);
}

Result<VersionFile> version_from(std::string_view text, unsigned newest_format) {
  VersionFile version;
  Head head(text);
  if (!head.number(title, version.format) || version.format == 0)
    return damaged("it does not begin as a version does");
  if (version.format > newest_format) {
    return fail(ErrorCode::unsupported,
                fmt::format("a newer Wayside wrote it, in format {}, and this one reads formats up to {}: "
                            "update, or go back to an earlier version",
                            version.format, newest_format));
  }
  std::int64_t confirm = 0;
  if (!head.number("# version ", version.number) || !head.number("# after ", version.after) ||
      !head.text("# by ", most_who_bytes, version.who)) {
    return damaged("its head is damaged");
  }
  const auto at = head.after("# at ");
  const Result<UtcTime> time = utc_from_iso8601(at.value_or(""));
  if (!time || !head.text("# comment ", most_comment_bytes, version.comment))
    return damaged("its head is damaged");
  version.at = *time;
  if (head.number("# confirm-within ", confirm)) {
    if (confirm <= 0) return damaged("its head is damaged");
    version.confirm_within = std::chrono::seconds(confirm);
  }
  const std::string_view covered = text.substr(0, text.size() - head.rest().size());
  const auto sum = head.after(sum_word);
  if (!sum) return damaged("its head is damaged");
  version.toml = head.rest();
  if (*sum != sum_of(covered, version.toml)) return damaged("its checksum is not that of what it says");
  // Numbers and times can be written in more ways than one, and were written in one.
  if (text_of(version) != text) return damaged("its head is not as it is written");
  return version;
}

}  // namespace wayside::config
