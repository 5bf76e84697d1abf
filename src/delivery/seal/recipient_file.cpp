// A recipient's file: the one file of this folder that calls the TOML library, and catches what it throws.
#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"
#include "wayside/base/line_errors.hpp"
#include "wayside/base/nearest.hpp"
#include "wayside/delivery/seal/keys.hpp"

#include "src/delivery/seal/only_owner.hpp"
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
  if (const auto safe = seal::check_only_owner_writes(file); !safe) return fail(safe.error());
  auto recipient = parse_recipient(file, *text);
  if (!recipient || !recipient->pseudonym_key) return recipient;
  if (const auto safe = seal::check_only_owner_reads(file); !safe) return fail(safe.error());
  return recipient;
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
