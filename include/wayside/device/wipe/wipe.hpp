// Destroys what the camera holds: keys first, then everything that was recorded or set, and leaves a receipt
// (receipt_format.md).
//
// The receipt says what is to be destroyed, for whom, and is signed by the device's key before that key goes;
// what became of each thing is added afterwards, signed with a key made for this one wipe. One that was begun
// is finished by the next call: a power cut stops none. What is missing or damaged stops none either: it is
// told, and the rest goes on. Where the folder above the wipe's is an ext4 of its own, all that it has free
// is written over too: earlier versions of what was replaced; where not, the receipt says so. Overwriting
// does not reach the copies that flash memory keeps for itself, which is why keys go first.
//
// Threads: one, and one process at a time (a lock). Ownership: nothing else may use the things meanwhile.
// Failure: of the call, only where there is nothing to go on with; of a thing, in the result.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/base/result.hpp"
#include "wayside/base/signature.hpp"
#include "wayside/device/clock/clock.hpp"

namespace wayside {

struct WipeThing {
  std::string name;            // "queue"
  std::filesystem::path path;  // a file, or a folder: all below it goes, the folder itself stays
  bool keys = false;           // goes before all that is not
  // Names in the folder that stay.
  std::vector<std::string> but_for = {};
  // Files in it stay that are root's, or of who wipes, where nobody else could have written to them.
  bool but_for_roots = false;
};

// What a camera keeps below one folder, in the order in which it goes; the audit trail last.
[[nodiscard]] std::vector<WipeThing> things_to_wipe(const std::filesystem::path& state);
// The wipe's own: requests, what is under way, and the receipts.
[[nodiscard]] std::filesystem::path wipe_folder(const std::filesystem::path& state);

struct WipeRequest {
  std::string name;  // of the account; empty: somebody with the box in their hands
  std::string role;
  std::string terminal;
  std::string reason;
};

// For who may not touch the things themselves: wayside-wipe --begun takes it from there.
[[nodiscard]] Status request_wipe(const std::filesystem::path& folder, const WipeRequest& request);
// Whether one has been asked for or begun, and is not finished: a regular file in its place, and of a request
// one that request_wipe() wrote. What else can come to stand there (a path that a configuration names) is no
// reason to destroy anything.
[[nodiscard]] bool is_wipe_due(const std::filesystem::path& folder);
// Removes what stands in their places and is neither, folders with all that is in them. Sentences that say
// what.
[[nodiscard]] Result<std::vector<std::string>> remove_false_requests(const std::filesystem::path& folder);

struct WipeProgress {
  std::string thing;
  std::uint64_t done_bytes = 0;  // of all things
  std::uint64_t of_bytes = 0;
};

struct WipeResult {
  std::filesystem::path receipt;  // empty: none could be written
  std::string receipt_text;
  bool resumed = false;               // it had been begun before
  bool complete = false;              // no file is left; else the next call tries again
  bool overwritten = false;           // nor an earlier version of one, in the free space
  std::vector<std::string> problems;  // sentences
};

struct WipeOptions {
  std::filesystem::path folder;    // wipe_folder(), below the camera's state
  std::filesystem::path identity;  // whose key signs
  std::string boot_id;
};

// Goes on with the one that was begun; else does the one that was requested in the folder; else this one.
[[nodiscard]] Result<WipeResult> wipe_camera(const WipeOptions& options, const WipeRequest& request,
                                             const std::vector<WipeThing>& things, const Clock& clock,
                                             const std::function<void(const WipeProgress&)>& progress = {});

// Of a receipt's text, with the device's public key: what it says, in lines for a person. refused: it is not
// signed by that key; corrupt: it was altered, or is none.
[[nodiscard]] Result<std::string> check_wipe_receipt(std::string_view text, const VerifyingKey& device);

}  // namespace wayside
