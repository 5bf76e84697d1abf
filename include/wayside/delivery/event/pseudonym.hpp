// The capture record for somebody who may know that a vehicle came again, and not which one.
//
// Threads: pure. The document's form is a part of capture_record.schema.json's: `pseudonym` (32 hex digits)
// in place of `vrm`, and of the rest only what tells nothing about the plate: version, device_id, site,
// confidence, direction, motion_towards_camera, lane, frames, reads, time, firmware, model, configuration.
// Left out are characters, alternatives, format and lines, quad and frame_size, and the pictures' hashes and
// sizes, by which a picture could be recognised. A field that is added to the schema stays out until it is
// named here.
//
// The pseudonym is crypto_generichash (BLAKE2b, 16 bytes) of the VRM, keyed with the recipient's
// pseudonym_key. Equal VRMs give equal pseudonyms under one key, on every camera that has it: that is what it
// is for. Protects: without the key a pseudonym tells nothing about its VRM, and pseudonyms under two keys
// cannot be put together. Does not protect: whoever has the key can try all VRMs (fewer than 10^9, seconds of
// work), and the camera has it; whoever saw a vehicle at one of the times and places knows its pseudonym, and
// with it all its other passes; so does whoever has the full records of one camera. Change the key as often
// as the purpose allows.
#pragma once

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"

namespace wayside {

// key: 32 bytes. invalid_input where the key is of another size or the document is none of encode_record();
// the message repeats nothing of it.
[[nodiscard]] Result<Bytes> pseudonymise(ByteView document, ByteView key);

}  // namespace wayside
