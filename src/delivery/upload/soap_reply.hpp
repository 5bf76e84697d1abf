// What the police service's answer says (bof2.md), and what that means for the record.
//
// Threads: pure functions. Memory: bounded; a document type, an entity of its own, more than 16 levels or 256
// elements are refused before they cost anything. Failure: invalid_input, for whatever is no SOAP reply to
// this operation; messages repeat nothing of it.
#pragma once

#include <string>
#include <string_view>

#include "wayside/base/result.hpp"
#include "wayside/delivery/upload/back_office.hpp"

#include "src/delivery/upload/answer.hpp"

namespace wayside::upload {

struct SoapReply {
  bool is_fault = false;
  std::string fault_code;  // "Client", "Server", ...: without prefix, and without what follows a dot
  std::string text;  // what the operation returned, or the fault's sentence; without white space around it
};
[[nodiscard]] Result<SoapReply> parse_soap_reply(std::string_view xml, std::string_view operation);

// One receipt for whatever the call carried.
[[nodiscard]] Receipt receipt_from_soap(const HttpAnswer& answer, std::string_view operation);

}  // namespace wayside::upload
