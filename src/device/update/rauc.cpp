#include "wayside/device/update/rauc.hpp"

#include <charconv>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "wayside/base/json_text.hpp"
#include "wayside/base/run_program.hpp"
#include "wayside/base/strict_json.hpp"

#include "src/device/update/bundle_payload.hpp"

namespace wayside {

namespace {

// " 40% Verifying signature done."
std::optional<unsigned> percent_in(std::string_view line) {
  line.remove_prefix(std::min(line.size(), line.find_first_not_of(' ')));
  unsigned percent = 0;
  const auto [end, code] = std::from_chars(line.data(), line.data() + line.size(), percent);
  if (code != std::errc() || percent > 100 || end == line.data() + line.size() || *end != '%')
    return std::nullopt;
  return percent;
}

tl::unexpected<Error> not_taken(std::string_view why) {
  return fail(
      ErrorCode::refused,
      fmt::format("the bundle is not taken ({}): give one that is whole, and signed by a key that this "
                  "camera trusts",
                  json_escape(why)));
}

std::vector<std::string> command(const RaucOptions& options, std::initializer_list<const char*> words,
                                 const std::filesystem::path& bundle) {
  std::vector<std::string> out = {options.program.string(), "--conf=" + options.configuration.string()};
  out.insert(out.end(), words.begin(), words.end());
  out.push_back(bundle.string());
  return out;
}

Result<std::string> look(const RaucOptions& options, std::initializer_list<const char*> words,
                         const std::filesystem::path& bundle) {
  auto end = run_program(command(options, words, bundle), options.look_limit);
  if (!end) return fail(end.error());
  if (end->code != 0) return not_taken(end->complaint);
  return std::move(end->said);
}

}  // namespace

Result<BundleInfo> bundle_info_from(std::string_view json) {
  const auto object = parse_object(json, "what RAUC says of the bundle");
  if (!object) return fail(object.error());
  const auto compatible = object->find("compatible");
  const auto version = object->find("version");
  if (compatible == object->end() || version == object->end() || !compatible->is_string() ||
      !version->is_string()) {
    return fail(ErrorCode::refused,
                "the bundle names no version or no kind of camera: make it with toolchains/image.sh");
  }
  return BundleInfo{compatible->get<std::string>(), version->get<std::string>()};
}

Result<BundleInfo> bundle_info(const RaucOptions& options, const std::filesystem::path& bundle) {
  const auto json = look(options, {"info", "--output-format=json"}, bundle);
  if (!json) return fail(json.error());
  auto info = bundle_info_from(*json);
  if (!info) return info;
  const auto text = look(options, {"info"}, bundle);
  if (!text) return fail(text.error());
  const auto hash = update_parts::payload_hash_from(*text);
  if (!hash) return fail(hash.error());
  const Status whole = *hash ? update_parts::check_payload(bundle, **hash) : Status{};
  if (!whole) return fail(whole.error());
  return info;
}

Status install_bundle(const RaucOptions& options, const std::filesystem::path& bundle,
                      const std::function<void(unsigned)>& on_percent) {
  std::optional<unsigned> told;
  std::string error;
  const auto hear = [&](std::string_view line) {
    constexpr std::string_view last_error = "LastError: ";
    if (line.starts_with(last_error)) error = std::string(line.substr(last_error.size()));
    const auto percent = percent_in(line);
    if (!percent || percent == told) return;
    told = percent;
    on_percent(*percent);
  };
  const auto end = run_program(command(options, {"install"}, bundle), options.install_limit, hear);
  if (!end) return fail(end.error());
  if (end->code == 0) return {};
  return fail(ErrorCode::refused,
              fmt::format("it cannot be installed ({}): try it again, and then another bundle",
                          json_escape(error.empty() ? end->complaint : error)));
}

}  // namespace wayside
