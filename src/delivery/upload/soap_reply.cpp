// The one file that calls the XML library.
#include "src/delivery/upload/soap_reply.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include <expat.h>
#include <fmt/format.h>

#include "src/delivery/upload/bof2_names.hpp"

namespace wayside::upload {

namespace {

using Outcome = Receipt::Outcome;

constexpr std::size_t deepest = 16;
constexpr std::size_t most_elements = 256;
constexpr std::size_t longest_text = 4096;
constexpr char between = ' ';  // a namespace holds none
constexpr std::string_view soap_1_2 = "http://www.w3.org/2003/05/soap-envelope";

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view white = " \t\r\n";
  const std::size_t first = text.find_first_not_of(white);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(white) - first + 1);
}

// Walks down: Envelope, Body, the reply or a Fault, and what is within.
class Reader {
 public:
  explicit Reader(std::string_view operation)
      : wanted_(std::string(operation) + std::string(bof2::response_suffix.text)),
        parser_(XML_ParserCreateNS("UTF-8", between)) {}

  Result<SoapReply> read(std::string_view xml) {
    if (!parser_) return fail(ErrorCode::exhausted, "there is no memory for the reply's parser");
    XML_Parser const parser = parser_.get();
    XML_SetUserData(parser, this);
    XML_SetElementHandler(
        parser, [](void* self, const char* name, const char**) { static_cast<Reader*>(self)->open(name); },
        [](void* self, const char*) { static_cast<Reader*>(self)->path_.pop_back(); });
    XML_SetCharacterDataHandler(parser, [](void* self, const char* text, int length) {
      static_cast<Reader*>(self)->take({text, static_cast<std::size_t>(length)});
    });
    XML_SetStartDoctypeDeclHandler(parser, [](void* self, const char*, const char*, const char*, int) {
      static_cast<Reader*>(self)->refuse("it has a document type");
    });
    const XML_Status done = XML_Parse(parser, xml.data(), static_cast<int>(xml.size()), 1);
    if (!problem_.empty()) return fail(ErrorCode::invalid_input, problem_);
    if (done != XML_STATUS_OK) return fail(ErrorCode::invalid_input, "it is no well-formed XML in UTF-8");
    if (replies_ != 1) return fail(ErrorCode::invalid_input, "there is no reply in it");
    if (reply_.is_fault) {
      std::string_view code = trimmed(code_);
      code = code.substr(std::min(code.rfind(':') + 1, code.size()));  // npos + 1 is 0
      reply_.fault_code = code.substr(0, code.find('.'));
    }
    reply_.text = trimmed(text_);
    return std::move(reply_);
  }

 private:
  struct Free {
    void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
  };

  void refuse(std::string_view why) {
    if (problem_.empty()) problem_ = why;
    XML_StopParser(parser_.get(), XML_FALSE);
  }

  void open(std::string_view name) {
    const std::size_t gap = name.rfind(between);
    const std::string_view space = gap == std::string_view::npos ? std::string_view{} : name.substr(0, gap);
    const std::string_view local = gap == std::string_view::npos ? name : name.substr(gap + 1);
    path_.emplace_back(local);
    if (++elements_ > most_elements) return refuse("it has too many elements");
    if (path_.size() > deepest) return refuse("it is nested too deeply");
    if (path_.size() == 1) {
      envelope_ = space;
      if (local != "Envelope" || (space != bof2::envelope_namespace.text && space != soap_1_2))
        refuse("it is no SOAP envelope");
    } else if (path_.size() == 2) {
      if (space != envelope_ || (local != "Body" && local != "Header")) refuse("its envelope holds no body");
      // A second body could say the opposite of the first.
      if (local == "Body" && ++bodies_ > 1) refuse("it has more than one body");
    } else if (path_.size() == 3 && path_[1] == "Body") {
      if (++replies_ > 1) return refuse("its body holds more than one reply");
      reply_.is_fault = local == "Fault" && space == envelope_;
      if (!reply_.is_fault && local != wanted_) refuse("its body holds no reply to what was asked");
    } else if (path_.size() > 3 && path_[1] == "Body" && !reply_.is_fault) {
      if (path_.size() > 4 || ++values_ > 1) refuse("the reply is no single string");
    }
  }

  void take(std::string_view text) {
    if (path_.size() < 3 || path_[1] != "Body") return;
    if (!reply_.is_fault) return append(text_, text);
    const auto is = [&](std::initializer_list<std::string_view> below) {
      return std::equal(path_.begin() + 3, path_.end(), below.begin(), below.end());
    };
    if (is({"faultcode"}) || is({"Code", "Value"})) append(code_, text);
    if (is({"faultstring"}) || is({"Reason", "Text"})) append(text_, text);
  }

  void append(std::string& to, std::string_view text) {
    if (to.size() + text.size() > longest_text) return refuse("its text is too long");
    to.append(text);
  }

  std::string wanted_;
  std::unique_ptr<XML_ParserStruct, Free> parser_;
  std::vector<std::string> path_;
  std::string envelope_;
  std::size_t elements_ = 0;
  std::size_t bodies_ = 0;
  std::size_t replies_ = 0;
  std::size_t values_ = 0;
  std::string code_;
  std::string text_;
  std::string problem_;
  SoapReply reply_;
};

bool is_xml(std::string_view content_type) {
  const std::string_view type = trimmed(content_type.substr(0, content_type.find(';')));
  return type == "text/xml" || type == "application/soap+xml";
}

Receipt refused(std::string_view how, const std::string& text) {
  return {Outcome::refused, std::nullopt, fmt::format("{}: {}", how, safe_reason(text))};
}

Receipt later(std::string reason) {
  return {Outcome::later, std::nullopt, std::move(reason)};
}

Receipt judge_fault(const SoapReply& reply) {
  const std::string& code = reply.fault_code;
  if (code == "Client" || code == "Sender")
    return refused("the service answered a fault of the sender", reply.text);
  if (code == "Server" || code == "Receiver")
    return later(fmt::format("the service answered a fault of its own: {}", safe_reason(reply.text)));
  // VersionMismatch, MustUnderstand and whatever else there is say nothing about this record.
  return later("the service answered a fault that is about neither side: check what its interface is");
}

}  // namespace

Result<SoapReply> parse_soap_reply(std::string_view xml, std::string_view operation) {
  if (xml.size() > largest_answer)
    return fail(ErrorCode::invalid_input, fmt::format("it is larger than {} bytes", largest_answer));
  return Reader(operation).read(xml);
}

Receipt receipt_from_soap(const HttpAnswer& answer, std::string_view operation) {
  switch (answer.status) {
    case 401:
    case 403:
      return {
          Outcome::forbidden, std::nullopt,
          fmt::format("the service answered {}: check username, signature and certificate", answer.status)};
    case 413:
      return {Outcome::too_large, std::nullopt, "larger than the service takes"};
    case 429:
    case 503:
      return {Outcome::later, answer.retry_after, fmt::format("answered {}: busy", answer.status)};
    default:
      break;
  }
  // A fault of the sender is 500 in SOAP 1.1, and 400 in 1.2.
  if (answer.status != 200 && answer.status != 400 && answer.status != 500)
    return later(fmt::format("answered {}, which is not agreed on", answer.status));
  if (!is_xml(answer.content_type))
    return later(fmt::format("answered {} without the XML agreed on", answer.status));
  const Result<SoapReply> reply = parse_soap_reply(answer.body, operation);
  if (!reply)
    return later(fmt::format("answered {} with what is no reply: {}", answer.status, reply.error().message));
  if (reply->is_fault) return judge_fault(*reply);
  if (answer.status != 200)
    return later(fmt::format("answered {} with a reply that is no fault", answer.status));
  if (reply->text.empty()) return {Outcome::accepted, std::nullopt, {}};
  return refused("the service answered", reply->text);
}

}  // namespace wayside::upload
