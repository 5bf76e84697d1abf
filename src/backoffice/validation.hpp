// What the back office takes of a pass: documents that fit capture_record.schema.json and do not contradict
// themselves, and the pictures that they name.
//
// Threads: any; no shared state. Failure: a reason for the camera's log, naming the field and never its
// value.
#pragma once

#include <string>
#include <string_view>

#include "wayside/backoffice/store.hpp"
#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"

namespace wayside::backoffice {

[[nodiscard]] Status check_document(std::string_view document, const std::string& device_id);

// Against what the stored document says of it.
[[nodiscard]] Status check_picture(Part part, ByteView picture, const Sha256& hash,
                                   const std::string& document);

[[nodiscard]] Status check_heartbeat(std::string_view heartbeat);

}  // namespace wayside::backoffice
