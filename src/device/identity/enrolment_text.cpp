// The text of an enrolment: written, signed, read and checked.
#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "wayside/device/identity/enrolment.hpp"

#include "src/device/identity/enrolment_body.hpp"
#include "src/device/identity/pem.hpp"

namespace wayside {

namespace {

constexpr std::string_view first_word = "wayside-enrolment-1";
constexpr std::string_view recipients = "recipients/";
constexpr std::string_view authorities = "authority/";
constexpr std::size_t most_files = 128;

tl::unexpected<Error> damaged(std::string_view how) {
  return fail(ErrorCode::invalid_input,
              fmt::format("this is no whole enrolment, {}: paste the file camera.enrolment again, from its "
                          "first line to its last, which is end",
                          how));
}

// "NAME.ending", with a name that leads nowhere else.
bool is_plain_name(std::string_view name, std::string_view ending) {
  constexpr std::size_t longest = 64;
  if (name.size() <= ending.size() || name.size() > longest ||
      name.substr(name.size() - ending.size()) != ending)
    return false;
  name.remove_suffix(ending.size());
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
}

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

// Lines from the front of a text.
class Lines {
 public:
  explicit Lines(std::string_view text) : left_(text) {}
  // Without its end; nothing where there is no whole line left.
  std::optional<std::string_view> next() {
    const std::size_t end = left_.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = left_.substr(0, end);
    left_.remove_prefix(end + 1);
    return line;
  }
  // What follows that word and a blank; nothing where the line begins otherwise.
  std::optional<std::string_view> next(std::string_view word) {
    const auto line = next();
    if (!line || line->size() <= word.size() || !starts_with(*line, word) || (*line)[word.size()] != ' ')
      return std::nullopt;
    return line->substr(word.size() + 1);
  }
  [[nodiscard]] std::string_view left() const { return left_; }

 private:
  std::string_view left_;
};

Result<Enrolment::File> file_from(std::string_view named, Lines& lines) {
  const std::size_t blank = named.find(' ');
  Enrolment::File file{std::string(named.substr(0, blank)), {}};
  if (blank == std::string_view::npos || !is_enrolment_file(file.name))
    return damaged("it names no file of one");
  const std::string_view count = named.substr(blank + 1);
  std::size_t left = 0;
  const auto [stop, failed] = std::from_chars(count.data(), count.data() + count.size(), left);
  if (failed != std::errc() || stop != count.data() + count.size() || left == 0)
    return damaged("a file in it has no number of lines");
  for (; left > 0; --left) {
    const auto line = lines.next();
    if (!line) return damaged("it ends too early");
    file.content.append(*line).push_back('\n');
  }
  return file;
}

std::string signed_bytes(std::string_view body) {
  return fmt::format("{}\n{}", first_word, body);
}

}  // namespace

Result<Enrolment> identity::enrolment_body_from(std::string_view body) {
  Lines lines(body);
  Enrolment enrolment;
  const auto device = lines.next("device");
  if (!device || !pem::is_device_id(*device)) return damaged("it does not say for which camera");
  enrolment.device_id = *device;
  const auto issued = lines.next("issued");
  const Result<UtcTime> time = utc_from_iso8601(issued.value_or(""));
  if (!time || to_iso8601(*time) != issued) return damaged("it does not say when it was issued");
  enrolment.issued = *time;
  while (true) {
    const auto line = lines.next();
    if (!line) return damaged("it ends too early");
    if (*line == "end") break;
    if (!starts_with(*line, "file ") || enrolment.files.size() == most_files)
      return damaged("a line of it is another");
    auto file = file_from(line->substr(5), lines);
    if (!file) return fail(file.error());
    const auto same = [&](const Enrolment::File& one) { return one.name == file->name; };
    if (std::any_of(enrolment.files.begin(), enrolment.files.end(), same))
      return damaged("a file is in it twice");
    enrolment.files.push_back(std::move(*file));
  }
  if (!lines.left().empty()) return damaged("something follows its end");
  return enrolment;
}

const std::string* Enrolment::find(std::string_view name) const {
  for (const File& file : files) {
    if (file.name == name) return &file.content;
  }
  return nullptr;
}

bool is_enrolment_file(std::string_view name) {
  if (name == Enrolment::certificate || name == Enrolment::authority || name == "authority/office-key" ||
      name == "watchlists/issuer-key")
    return true;
  if (starts_with(name, recipients)) return is_plain_name(name.substr(recipients.size()), ".toml");
  return starts_with(name, authorities) && is_plain_name(name.substr(authorities.size()), ".authority");
}

Result<std::string> enrolment_text(const Enrolment& enrolment,
                                   const std::function<Result<Bytes>(ByteView)>& sign) {
  std::string body = fmt::format("device {}\nissued {}\n", enrolment.device_id, to_iso8601(enrolment.issued));
  for (const Enrolment::File& file : enrolment.files) {
    if (!is_enrolment_file(file.name) || file.content.empty() || file.content.back() != '\n')
      return fail(ErrorCode::invalid_input, fmt::format("{} has no place in an enrolment", file.name));
    body += fmt::format("file {} {}\n{}", file.name,
                        std::count(file.content.begin(), file.content.end(), '\n'), file.content);
  }
  body += "end\n";
  const auto signature = sign(as_bytes(signed_bytes(body)));
  if (!signature) return fail(signature.error());
  std::string text = fmt::format("{} {}\n{}", first_word, to_hex(*signature), body);
  if (text.size() > largest_enrolment_bytes) {
    return fail(ErrorCode::exhausted,
                fmt::format("an enrolment has at most {} bytes, and this one would have {}",
                            largest_enrolment_bytes, text.size()));
  }
  return text;
}

Result<Enrolment> enrolment_from(std::string_view text) {
  if (text.size() > largest_enrolment_bytes) return damaged("it is too long to be one");
  Lines lines(text);
  const auto digits = lines.next(first_word);
  const auto signature = digits ? bytes_from_hex(*digits) : fail(ErrorCode::invalid_input, "");
  if (!signature || to_hex(*signature) != *digits) return damaged("its first line is another");
  auto enrolment = identity::enrolment_body_from(lines.left());
  if (!enrolment) return enrolment;
  const std::string* const ca = enrolment->find(Enrolment::authority);
  if (ca == nullptr || enrolment->find(Enrolment::certificate) == nullptr)
    return damaged("it lacks a certificate");
  const auto authority = pem::certificate_from(*ca, Enrolment::authority);
  if (!authority || !pem::is_signed(as_bytes(signed_bytes(lines.left())), *signature, **authority))
    return damaged("something in it was changed on its way");
  return enrolment;
}

}  // namespace wayside
