#include "src/delivery/upload/answer.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "wayside/base/json_text.hpp"

namespace wayside::upload {

namespace {

using Outcome = Receipt::Outcome;

constexpr std::size_t longest_reason = 200;

struct Row {
  long status;
  std::string_view word;
  Outcome outcome;
  bool stored;  // the answer must echo the payload's hash
};

constexpr Row table[] = {
    {201, "accepted", Outcome::accepted, true},  {200, "duplicate", Outcome::duplicate, true},
    {409, "mismatch", Outcome::mismatch, false}, {409, "document_missing", Outcome::document_missing, false},
    {422, "refused", Outcome::refused, false},   {403, "refused", Outcome::forbidden, false},
    {429, "later", Outcome::later, false},       {503, "later", Outcome::later, false},
    {400, "damaged", Outcome::later, false},
};

std::string string_at(const nlohmann::json& body, const char* key) {
  const auto it = body.find(key);
  return it != body.end() && it->is_string() ? it->get<std::string>() : std::string();
}

// A foreign office may quote what it was sent, and the reason goes into the log: words of capitals and
// digits, as a VRM is, are left out.
std::string without_marks(std::string text) {
  const auto is_of_mark = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); };
  for (auto begin = text.begin(); begin != text.end();) {
    begin = std::find_if(begin, text.end(), is_of_mark);
    const auto end = std::find_if_not(begin, text.end(), is_of_mark);
    const bool digits = std::any_of(begin, end, [](char c) { return c <= '9'; });
    const bool letters = std::any_of(begin, end, [](char c) { return c >= 'A'; });
    if (digits && letters) std::fill(begin, end, '*');
    begin = end;
  }
  return text;
}

}  // namespace

Receipt receipt_from(const HttpAnswer& answer, const Sha256& sent) {
  Receipt later{Outcome::later, answer.retry_after, {}};
  // Whoever is busy may say so in any words; when to come back is all that matters.
  const bool busy = answer.status == 429 || answer.status == 503;
  if (!busy) later.retry_after.reset();
  // Comes from whatever stands in the way, with any body; the part will not get smaller.
  if (answer.status == 413) {
    return {Outcome::refused, std::nullopt, "the part is larger than the back office takes"};
  }
  if (answer.content_type.substr(0, answer.content_type.find(';')) != "application/json") {
    later.reason = fmt::format("answered {} without the JSON agreed on", answer.status);
    return later;
  }
  const nlohmann::json body = nlohmann::json::parse(answer.body, nullptr, false);
  if (!body.is_object()) {
    later.reason = fmt::format("answered {} with a body that is no JSON object", answer.status);
    return later;
  }
  const std::string word = string_at(body, "outcome");
  for (const Row& row : table) {
    if (row.status != answer.status || row.word != word) continue;
    if (row.stored && string_at(body, "sha256") != to_hex(sent)) {
      later.reason = fmt::format("answered {} with the hash of other bytes", answer.status);
      return later;
    }
    Receipt receipt = later;
    receipt.outcome = row.outcome;
    receipt.reason = json_escape(without_marks(string_at(body, "reason").substr(0, longest_reason)));
    if (receipt.reason.empty()) receipt.reason = fmt::format("answered {} without a reason", answer.status);
    return receipt;
  }
  later.reason = fmt::format("answered {} with an outcome that does not go with it", answer.status);
  return later;
}

}  // namespace wayside::upload
