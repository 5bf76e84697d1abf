#include "wayside/device/update/update_folder.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"
#include "wayside/base/strict_json.hpp"
#include "wayside/device/update/update_version.hpp"

namespace wayside {

namespace {

using Json = nlohmann::json;

constexpr std::array<std::pair<UpdateState, std::string_view>, 7> states = {{
    {UpdateState::none, "none"},
    {UpdateState::installing, "installing"},
    {UpdateState::installed, "installed"},
    {UpdateState::refused, "refused"},
    {UpdateState::trial, "trial"},
    {UpdateState::confirmed, "confirmed"},
    {UpdateState::reverted, "reverted"},
}};
constexpr std::size_t most_abilities = 16;
constexpr std::size_t longest_ability = 32;
constexpr unsigned request_mode = 0640;
constexpr unsigned status_mode = 0644;
constexpr unsigned begun_mode = 0600;
constexpr unsigned most_times = 1000;

bool is_hex_of(std::string_view text, std::size_t digits) {
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Reads the fields of one object, and remembers whether all were as they have to be.
class Fields {
 public:
  explicit Fields(const Json& object) : object_(object) {}

  std::string text(const char* key) {
    const auto found = next(key);
    if (found == object_.end() || !found->is_string()) return bad<std::string>();
    return found->get<std::string>();
  }
  std::string version(const char* key, bool may_be_empty) {
    std::string value = text(key);
    if (!(value.empty() && may_be_empty) && !update_version_from(value)) good_ = false;
    return value;
  }
  std::string hex(const char* key, std::size_t digits, bool may_be_empty) {
    std::string value = text(key);
    if (!(value.empty() && may_be_empty) && !is_hex_of(value, digits)) good_ = false;
    return value;
  }
  unsigned number(const char* key, unsigned most) {
    const auto found = next(key);
    if (found == object_.end() || !found->is_number_unsigned() || found->get<std::uint64_t>() > most)
      return bad<unsigned>();
    return found->get<unsigned>();
  }
  Abilities abilities(const char* key) {
    const auto found = next(key);
    if (found == object_.end() || !found->is_array() || found->size() > most_abilities)
      return bad<Abilities>();
    Abilities out;
    for (const Json& word : *found) {
      if (!word.is_string()) return bad<Abilities>();
      out.push_back(word.get<std::string>());
      const std::string& text = out.back();
      if (text.empty() || text.size() > longest_ability ||
          text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") != std::string::npos)
        return bad<Abilities>();
    }
    return out;
  }
  void refuse() { good_ = false; }
  // All as they have to be, and nothing beside them.
  [[nodiscard]] bool good() const { return good_ && seen_ == object_.size(); }

 private:
  Json::const_iterator next(const char* key) {
    ++seen_;
    return object_.find(key);
  }
  template <class Value>
  Value bad() {
    good_ = false;
    return {};
  }

  const Json& object_;
  std::size_t seen_ = 0;
  bool good_ = true;
};

tl::unexpected<Error> none_of(std::string_view what) {
  return fail(ErrorCode::invalid_input, fmt::format("it is not {} of Wayside's", what));
}

std::optional<Json> object_from(std::string_view text) {
  if (text.size() > largest_update_file_bytes || !is_utf8(text)) return std::nullopt;
  auto object = parse_object(text, "it");
  return object ? std::optional(std::move(*object)) : std::nullopt;
}

bool is_plain(std::string_view reason) {
  return is_utf8(reason) && std::none_of(reason.begin(), reason.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte < 0x20 || byte == 0x7F;
         });
}

// A sentence from anywhere, as a file of lines may hold it; cut between characters.
std::string plain_reason(std::string_view text) {
  std::string reason = is_plain(text) ? std::string(text) : json_escape(text);
  if (reason.size() <= longest_reason_bytes) return reason;
  std::size_t end = longest_reason_bytes;
  while (end > 0 && (static_cast<unsigned char>(reason[end]) & 0xC0U) == 0x80)
    --end;
  reason.resize(end);
  return reason;
}

std::string line(const Json& object) {
  return object.dump() + "\n";
}

}  // namespace

bool covers(const Abilities& did, const Abilities& able) {
  return std::all_of(able.begin(), able.end(), [&](const std::string& word) {
    return std::find(did.begin(), did.end(), word) != did.end();
  });
}

std::string_view to_string(UpdateState state) {
  const auto* const found =
      std::find_if(states.begin(), states.end(), [&](const auto& entry) { return entry.first == state; });
  return found != states.end() ? found->second : "none";
}

std::string encode(const InstallRequest& request) {
  return line({{"version", request.version}, {"sha256", request.sha256}, {"able", request.able}});
}

std::string encode(const ConfirmRequest& request) {
  return line({{"boot_id", request.boot_id}, {"did", request.did}});
}

std::string encode(const UpdateStatus& status) {
  return line({{"state", to_string(status.state)},
               {"version", status.version},
               {"from", status.from},
               {"reason", plain_reason(status.reason)},
               {"percent", status.percent},
               {"able", status.able},
               {"boot_id", status.boot_id},
               {"confirmed", status.confirmed}});
}

std::string encode(const BegunInstallation& begun) {
  return line({{"sha256", begun.sha256}, {"times", begun.times}});
}

Result<BegunInstallation> begun_installation_from(std::string_view text) {
  const std::optional<Json> object = object_from(text);
  if (!object) return none_of("an installation that was begun");
  Fields fields(*object);
  BegunInstallation begun{fields.hex("sha256", 64, false), fields.number("times", most_times)};
  if (!fields.good()) return none_of("an installation that was begun");
  return begun;
}

Result<InstallRequest> install_request_from(std::string_view text) {
  const std::optional<Json> object = object_from(text);
  if (!object) return none_of("a request to install");
  Fields fields(*object);
  InstallRequest request{fields.version("version", false), fields.hex("sha256", 64, false),
                         fields.abilities("able")};
  if (!fields.good()) return none_of("a request to install");
  return request;
}

Result<ConfirmRequest> confirm_request_from(std::string_view text) {
  const std::optional<Json> object = object_from(text);
  if (!object) return none_of("a word on a trial");
  Fields fields(*object);
  ConfirmRequest request{fields.hex("boot_id", 32, false), fields.abilities("did")};
  if (!fields.good()) return none_of("a word on a trial");
  return request;
}

Result<UpdateStatus> update_status_from(std::string_view text) {
  const std::optional<Json> object = object_from(text);
  if (!object) return fail(ErrorCode::corrupt, "it is no update status of Wayside's");
  Fields fields(*object);
  UpdateStatus status;
  const std::string state = fields.text("state");
  const auto* const found =
      std::find_if(states.begin(), states.end(), [&](const auto& entry) { return entry.second == state; });
  if (found == states.end()) {
    fields.refuse();
  } else {
    status.state = found->first;
  }
  status.version = fields.version("version", true);
  status.from = fields.version("from", true);
  status.reason = fields.text("reason");
  if (status.reason.size() > longest_reason_bytes || !is_plain(status.reason)) fields.refuse();
  status.percent = fields.number("percent", 100);
  status.able = fields.abilities("able");
  status.boot_id = fields.hex("boot_id", 32, true);
  status.confirmed = fields.version("confirmed", true);
  if (!fields.good()) return fail(ErrorCode::corrupt, "it is no update status of Wayside's");
  return status;
}

Status request_install(const UpdateFolder& folder, const InstallRequest& request) {
  return replace_file(folder.install(), as_bytes(encode(request)), request_mode);
}

Status request_confirm(const UpdateFolder& folder, const ConfirmRequest& request) {
  return replace_file(folder.confirm(), as_bytes(encode(request)), request_mode);
}

Result<UpdateStatus> read_update_status(const UpdateFolder& folder) {
  const auto text = read_text_file(folder.status(), largest_update_file_bytes);
  if (!text) return text.error().code == ErrorCode::not_found ? Result<UpdateStatus>() : fail(text.error());
  auto status = update_status_from(*text);
  return status ? std::move(status) : fail(status.error().context(json_escape(folder.status().string())));
}

Status write_update_status(const UpdateFolder& folder, const UpdateStatus& status) {
  return replace_file(folder.status(), as_bytes(encode(status)), status_mode);
}

BegunInstallation read_begun_installation(const UpdateFolder& folder) {
  const auto text = read_text_file(folder.begun(), largest_update_file_bytes);
  const auto begun = text ? begun_installation_from(*text) : fail(text.error());
  return begun ? *begun : BegunInstallation{};
}

Status write_begun_installation(const UpdateFolder& folder, const BegunInstallation& begun) {
  return replace_file(folder.begun(), as_bytes(encode(begun)), begun_mode);
}

}  // namespace wayside
