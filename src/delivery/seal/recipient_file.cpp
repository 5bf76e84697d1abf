// Recipients' files: the one file of this folder that calls the TOML library, and catches what it throws.
#include <algorithm>
#include <array>
#include <iterator>
#include <set>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"
#include "wayside/base/line_errors.hpp"
#include "wayside/base/nearest.hpp"
#include "wayside/delivery/seal/keys.hpp"

#include "src/delivery/seal/wiped.hpp"

namespace wayside {

namespace {

namespace fs = std::filesystem;

// TOML of this length cannot nest deeply enough to exhaust the stack.
constexpr std::size_t most_file_bytes = std::size_t{32} << 10U;
constexpr std::size_t longest_name = 120;

const std::vector<std::string>& known_keys() {
  static const std::vector<std::string> keys = {"name",        "key",       "view",         "valid_from",
                                                "valid_until", "successor", "pseudonym_key"};
  return keys;
}

constexpr std::string_view name_form = "a text of one line, 1 to 120 bytes, in quotes";
constexpr std::string_view key_form = "64 hex digits in quotes";
constexpr std::string_view id_form = "16 hex digits in quotes";
constexpr std::string_view view_form = "\"full\", \"text\" or \"pseudonym\"";
constexpr std::string_view time_form = "a UTC time like 2026-11-22T17:35:40Z, without quotes";

bool of_one_line(std::string_view text) {
  return !text.empty() && text.size() <= longest_name &&
         text.find_first_not_of(' ') != std::string_view::npos &&
         std::none_of(text.begin(), text.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte < 0x20 || byte == 0x7F;
         });
}

// libsodium refuses to multiply a point of low order: the result would be the same for every secret.
bool low_order(const PublicKey& key) {
  static const RecipientSecret any = make_recipient_secret();
  seal::Wiped<32> product;
  return crypto_scalarmult(product.data(), any.secret.view().data(), key.data()) != 0;
}

class Loader {
 public:
  explicit Loader(const fs::path& file) : name_(json_escape(file.string())) {}

  Result<Recipient> load(const toml::table& root) {
    refuse_unknown(root);
    Recipient out;
    take_text(root, "name", name_form, true, [&](const std::string& text) {
      out.name = text;
      return of_one_line(text);
    });
    take_text(root, "key", key_form, true, [&](const std::string& text) { return take_hex(text, out.key); });
    take_text(root, "view", view_form, true, [&](const std::string& text) {
      for (const RecordView view : {RecordView::full, RecordView::text, RecordView::pseudonym}) {
        if (text != to_string(view)) continue;
        out.view = view;
        return true;
      }
      return false;
    });
    out.valid_from = take_time(root, "valid_from");
    out.valid_until = take_time(root, "valid_until");
    take_text(root, "successor", id_form, false,
              [&](const std::string& text) { return take_hex(text, out.successor.emplace()); });
    take_text(root, "pseudonym_key", key_form, false, [&](const std::string& text) {
      std::array<std::uint8_t, 32> key{};
      if (!take_hex(text, key)) return false;
      out.pseudonym_key.emplace(key.begin(), key.end());
      return true;
    });
    if (errors_.empty()) check_together(root, out);
    if (!errors_.empty()) return fail(ErrorCode::invalid_input, errors_.text(name_));
    return out;
  }

 private:
  void error(toml::source_index line, std::string text) { errors_.add(line, std::move(text)); }

  void refuse_unknown(const toml::table& root) {
    for (const auto& [key, node] : root) {
      const std::string_view name = key.str();
      if (std::find(known_keys().begin(), known_keys().end(), name) != known_keys().end()) continue;
      const std::string near = nearest(name, known_keys());
      error(key.source().begin.line,
            fmt::format("there is no key \"{}\"{}", json_escape(name.substr(0, 60)),
                        near.empty() ? "; remove it" : fmt::format("; did you mean \"{}\"?", near)));
    }
  }

  // What is wrong is not repeated: it may be a secret in the wrong place.
  template <class Take>
  void take_text(const toml::table& root, std::string_view key, std::string_view form, bool required,
                 Take take) {
    const toml::node* node = root.get(key);
    if (node == nullptr) {
      if (required) error(0, fmt::format("{} is missing, expected {}", key, form));
      return;
    }
    const auto* text = node->as_string();
    if (text == nullptr || !take(text->get()))
      error(node->source().begin.line, fmt::format("{} is wrong, expected {}", key, form));
  }

  template <std::size_t size>
  static bool take_hex(const std::string& text, std::array<std::uint8_t, size>& out) {
    const auto bytes = bytes_from_hex(text);
    if (!bytes || bytes->size() != size) return false;
    std::copy(bytes->begin(), bytes->end(), out.begin());
    return true;
  }

  std::optional<UtcTime> take_time(const toml::table& root, std::string_view key) {
    const toml::node* node = root.get(key);
    if (node == nullptr) return std::nullopt;
    const auto* value = node->as_date_time();
    if (value == nullptr || !value->get().offset || value->get().offset->minutes != 0) {
      error(node->source().begin.line, fmt::format("{} is wrong, expected {}", key, time_form));
      return std::nullopt;
    }
    const toml::date_time& time = value->get();
    const std::chrono::year_month_day day{std::chrono::year(time.date.year),
                                          std::chrono::month(time.date.month),
                                          std::chrono::day(time.date.day)};
    const std::chrono::milliseconds ms =
        std::chrono::sys_days(day).time_since_epoch() + std::chrono::hours(time.time.hour) +
        std::chrono::minutes(time.time.minute) + std::chrono::seconds(time.time.second) +
        std::chrono::milliseconds(time.time.nanosecond / 1'000'000);
    return UtcTime{ms.count()};
  }

  void check_together(const toml::table& root, const Recipient& out) {
    const auto line = [&](std::string_view key) { return root.get(key)->source().begin.line; };
    if (low_order(out.key))
      error(line("key"),
            "key is of low order, so that anybody could open what is sealed to it: make the key pair anew");
    if (out.valid_from && out.valid_until && *out.valid_until <= *out.valid_from)
      error(line("valid_until"), "valid_until is not after valid_from");
    if (out.successor && *out.successor == key_id(out.key))
      error(line("successor"), "successor names this very key, expected that of the key that follows");
    const bool pseudonym = out.view == RecordView::pseudonym;
    if (pseudonym && !out.pseudonym_key) {
      error(
          line("view"),
          fmt::format("pseudonym_key is missing, which the view \"pseudonym\" needs, expected {}", key_form));
    }
    if (!pseudonym && out.pseudonym_key) {
      error(line("pseudonym_key"),
            "pseudonym_key is for the view \"pseudonym\" only: remove it, or set the view");
    }
  }

  std::string name_;
  LineErrors errors_;
};

Result<unsigned> mode_of(const fs::path& path) {
  std::error_code failed;
  const fs::file_status status = fs::status(path, failed);
  if (failed)
    return fail(ErrorCode::io,
                fmt::format("cannot look at {}: {}", json_escape(path.string()), failed.message()));
  return static_cast<unsigned>(status.permissions()) & 07777U;
}

// A file that is put there, or changed, adds a reader to every record from then on, and no record tells of
// it.
Status check_only_owner_writes(const fs::path& path) {
  constexpr unsigned writable_by_others = 0022;
  const auto mode = mode_of(path);
  if (!mode) return fail(mode.error());
  if ((*mode & writable_by_others) == 0) return {};
  const std::string name = json_escape(path.string());
  return fail(
      ErrorCode::invalid_input,
      fmt::format("{}: others than its owner may write there (mode {:04o}), and whoever does reads every "
                  "record from then on: look at the recipients, then run chmod go-w {}",
                  name, *mode, name));
}

Status check_only_owner_reads(const fs::path& file) {
  constexpr unsigned readable_by_others = 0044;
  const auto mode = mode_of(file);
  if (!mode) return fail(mode.error());
  if ((*mode & readable_by_others) == 0) return {};
  const std::string name = json_escape(file.string());
  return fail(
      ErrorCode::invalid_input,
      fmt::format(
          "{}: pseudonym_key is a secret, and others than the file's owner may read it (mode {:04o}): "
          "run chmod 600 {}, and have another key made if somebody can have read this one",
          name, *mode, name));
}

Result<std::vector<fs::path>> recipient_files(const fs::path& folder) {
  std::error_code failed;
  if (!fs::exists(fs::symlink_status(folder, failed))) return std::vector<fs::path>{};
  if (const auto safe = check_only_owner_writes(folder); !safe) return fail(safe.error());
  std::vector<fs::path> files;
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    if (at->path().extension() == ".toml") files.push_back(at->path());
  }
  if (failed) {
    return fail(ErrorCode::io, fmt::format("cannot list the recipients in {}: {}",
                                           json_escape(folder.string()), failed.message()));
  }
  std::sort(files.begin(), files.end());
  return files;
}

Result<Recipient> parse_recipient(const fs::path& file, const std::string& text) {
  try {
    return Loader(file).load(toml::parse(text));
  } catch (const toml::parse_error& error) {
    return fail(ErrorCode::invalid_input,
                fmt::format("{}: line {}: no valid TOML: {}", json_escape(file.string()),
                            error.source().begin.line, json_escape(error.description())));
  } catch (const std::exception& error) {
    return fail(ErrorCode::invalid_input, fmt::format("{}: cannot be read as TOML: {}",
                                                      json_escape(file.string()), json_escape(error.what())));
  }
}

}  // namespace

Result<Recipient> load_recipient(const fs::path& file) {
  const auto text = read_text_file(file, most_file_bytes);
  if (!text) return fail(text.error());
  if (const auto safe = check_only_owner_writes(file); !safe) return fail(safe.error());
  auto recipient = parse_recipient(file, *text);
  if (!recipient || !recipient->pseudonym_key) return recipient;
  if (const auto safe = check_only_owner_reads(file); !safe) return fail(safe.error());
  return recipient;
}

Result<std::vector<Recipient>> load_recipients(const fs::path& folder) {
  const auto files = recipient_files(folder);
  if (!files) return fail(files.error());
  std::vector<Recipient> out;
  std::vector<fs::path> from;
  std::string errors;
  ErrorCode code = ErrorCode::invalid_input;
  const auto error = [&](const std::string& text) { errors += (errors.empty() ? "" : "\n") + text; };
  for (const fs::path& file : *files) {
    auto one = load_recipient(file);
    if (!one) {
      error(one.error().message);
      code = one.error().code;
      continue;
    }
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (out[i].key == one->key) {
        error(fmt::format("{}: key is that of {} too: remove one of the files", json_escape(file.string()),
                          json_escape(from[i].string())));
      }
      if (out[i].pseudonym_key && one->pseudonym_key && *out[i].pseudonym_key != *one->pseudonym_key) {
        error(
            fmt::format("{}: pseudonym_key differs from that of {}: a record holds one pseudonym, so give "
                        "both the same key",
                        json_escape(file.string()), json_escape(from[i].string())));
      }
    }
    out.push_back(std::move(*one));
    from.push_back(file);
  }
  if (!errors.empty()) return fail(code, std::move(errors));
  return out;
}

std::string to_toml(const Recipient& recipient) {
  std::string out = fmt::format("name = \"{}\"\nkey = \"{}\"\nview = \"{}\"\n", json_escape(recipient.name),
                                to_hex(recipient.key), to_string(recipient.view));
  if (recipient.valid_from) out += fmt::format("valid_from = {}\n", to_iso8601(*recipient.valid_from));
  if (recipient.valid_until) out += fmt::format("valid_until = {}\n", to_iso8601(*recipient.valid_until));
  if (recipient.successor) out += fmt::format("successor = \"{}\"\n", to_hex(*recipient.successor));
  if (recipient.pseudonym_key)
    out += fmt::format("pseudonym_key = \"{}\"\n", to_hex(*recipient.pseudonym_key));
  return out;
}

}  // namespace wayside
