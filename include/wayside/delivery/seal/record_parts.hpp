// What one record is made of before it is sealed: bytes and classes, no plates.
//
// Threads: plain values. Ownership: by value; wipe() when the plain bytes are no longer needed.
#pragma once

#include <cstdint>
#include <string_view>

#include "wayside/base/bytes.hpp"

namespace wayside {

// What a record is about; the numbers are on flash and in every sealed head.
enum class RecordType : std::uint8_t {
  capture = 1,   // a vehicle pass
  gap = 2,       // numbers that will never be delivered, and why; the queue's own, never sealed
  coverage = 3,  // a day's book: first and last number, counts, chain head
  clock = 4,     // the clock was set, lost or found
  audit = 5,     // somebody did something to the camera, or it may do something else than before
  sight = 6,     // minutes, and whether a plate could have been read in them
};

// Decides the order of eviction and upload; the numbers are on flash. Ordinary records stand in the log of
// reads, the others in the protected log.
enum class RecordClass : std::uint8_t { ordinary = 0, hit = 1, ledger = 2 };

enum class PartKind : std::uint8_t {
  document = 0,      // the capture record, or what a record of another type says; JSON
  plate = 1,         // JPEG
  overview = 2,      // JPEG
  pseudonymous = 3,  // the document for a recipient who may not see VRMs
  gaps = 4,          // a gap record's list: numbers and reasons, in clear
};

struct RecordParts {
  RecordType type = RecordType::capture;
  RecordClass record_class = RecordClass::ordinary;
  Bytes document;
  Bytes plate;
  Bytes overview;
  Bytes pseudonymous;  // empty unless a recipient gets this view
};

// Overwrites the bytes in a way that no compiler leaves out, and empties the parts. Type and class stay.
void wipe(RecordParts& parts);

}  // namespace wayside
