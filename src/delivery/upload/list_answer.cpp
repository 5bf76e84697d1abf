#include "src/delivery/upload/list_answer.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "wayside/delivery/seal/secret_transfer.hpp"
#include "wayside/delivery/upload/list_office.hpp"

namespace wayside::upload {

namespace {

using Json = nlohmann::json;

static_assert(largest_list_piece <= largest_answer);
constexpr std::size_t longest_list_id = 64;
constexpr std::size_t longest_document_name = 48;
constexpr std::uint64_t beyond_revisions = std::uint64_t{1} << 53U;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_small(char c) {
  return c >= 'a' && c <= 'z';
}

// Both go into a path that is asked for.
bool is_list_id(std::string_view text) {
  return !text.empty() && text.size() <= longest_list_id &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || is_small(c) || c == '-'; });
}
bool is_document_name(std::string_view text) {
  return text.size() <= longest_document_name && (text.ends_with(".full") || text.ends_with(".delta")) &&
         is_digit(text.front()) && std::count(text.begin(), text.end(), '.') == 1 &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_digit(c) || is_small(c) || c == '-' || c == '.'; });
}

std::optional<std::uint64_t> number_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
  const auto number = found->get<std::uint64_t>();
  return number < beyond_revisions ? std::optional(number) : std::nullopt;
}

tl::unexpected<Error> wrong(std::string_view what) {
  return fail(ErrorCode::invalid_input, fmt::format("the answer to the heartbeat: {}", what));
}

tl::unexpected<Error> not_agreed_on(const HttpAnswer& answer, std::string_view what) {
  if (answer.status == 403 || answer.status == 404) {
    return fail(ErrorCode::refused,
                fmt::format("the back office answered {} when asked for {}: the camera is given no such list "
                            "(wayside-backoffice watchlist list), or is enrolled anew",
                            answer.status, what));
  }
  return fail(ErrorCode::unavailable,
              fmt::format("the back office answered {} when asked for {}, which is not agreed on",
                          answer.status, what));
}

}  // namespace

Result<Secret> list_key_from(const HttpAnswer& answer, const RecipientSecret& transfer) {
  if (answer.status != 200 || answer.content_type != "application/octet-stream" ||
      answer.body.size() != sealed_secret_bytes)
    return not_agreed_on(answer, "the key of VOI lists");
  auto key = open_secret(as_bytes(answer.body), transfer);
  if (!key) return fail(ErrorCode::unavailable, "the key of VOI lists does not open: " + key.error().message);
  return std::move(key->secret);
}

Result<std::string> list_piece_from(HttpAnswer answer) {
  const bool sound = answer.status == 200 && answer.content_type == "application/vnd.wayside.watchlist" &&
                     !answer.body.empty() && answer.body.size() <= largest_list_piece;
  if (!sound) return not_agreed_on(answer, "a VOI list");
  return std::move(answer.body);
}

Result<std::vector<ListOffer>> list_offers_from(const Json& lists) {
  if (!lists.is_array()) return wrong("watch_lists is no list");
  std::vector<ListOffer> offers;
  for (const Json& one : lists) {
    if (!one.is_object()) return wrong("a VOI list is no object");
    const auto list = one.find("list");
    if (list == one.end() || !list->is_string() || !is_list_id(list->get_ref<const std::string&>()))
      return wrong("a VOI list has no id");
    const auto revision = number_at(one, "revision");
    if (!revision || *revision == 0) return wrong("a VOI list has no revision");
    ListOffer offer{list->get<std::string>(), *revision, {}, 0};
    if (const auto document = one.find("document"); document != one.end()) {
      const auto bytes = number_at(one, "bytes");
      if (!document->is_string() || !is_document_name(document->get_ref<const std::string&>()) || !bytes ||
          *bytes == 0)
        return wrong("a VOI list's document is none");
      offer.document = document->get<std::string>();
      offer.bytes = *bytes;
    }
    offers.push_back(std::move(offer));
  }
  return offers;
}

}  // namespace wayside::upload
