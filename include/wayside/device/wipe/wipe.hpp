// Destroys what the camera holds: keys first, then everything that was recorded or set, and leaves a receipt
// (receipt_format.md).
//
// The receipt says what is to be destroyed, for whom, and is signed by the device's key before that key goes;
// so is, with a key made for this one wipe, what became of each thing afterwards. A wipe that was begun is
// finished by the next call: a power cut stops none. What is missing or damaged stops none either: it is
// told, and the rest goes on. Overwriting cannot reach the copies that flash memory keeps for itself, which
// is why the keys go first.
//
// Threads: one, and one process at a time (a lock). Failure: of the call, only where it could not be begun at
// all; of a thing, in the result.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/signature.hpp"
#include "wayside/device/clock/clock.hpp"

namespace wayside {

struct WipeThing {
  std::string name;            // "identity", "queue"
  std::filesystem::path path;  // a file, or a folder with all below it
  bool keys = false;           // goes before all that is not
};

// What a camera keeps below one folder, in the order in which it goes. The audit trail's key goes last.
[[nodiscard]] std::vector<WipeThing> things_to_wipe(const std::filesystem::path& state,
                                                    const std::vector<WipeThing>& elsewhere = {});

struct WipeRequest {
  std::string name;  // of the account; empty: somebody with the box in his hands
  std::string role;
  std::string terminal;
  std::string reason;
};

struct WipeProgress {
  std::string thing;
  std::uint64_t done_bytes = 0;  // of all things
  std::uint64_t of_bytes = 0;
};

struct WipeResult {
  std::filesystem::path receipt;
  bool resumed = false;               // it had been begun before
  std::vector<std::string> problems;  // sentences; empty: all that was there is destroyed
};

struct WipeOptions {
  std::filesystem::path folder;    // the wipe's own: receipts, and what is under way
  std::filesystem::path identity;  // whose key signs
  std::string boot_id;
};

// Whether one has been begun and not finished.
[[nodiscard]] bool is_wipe_under_way(const std::filesystem::path& folder);

// Begins one, or goes on with the one that was begun, whatever it was asked for.
[[nodiscard]] Result<WipeResult> wipe_camera(const WipeOptions& options, const WipeRequest& request,
                                             const std::vector<WipeThing>& things, const Clock& clock,
                                             const std::function<void(const WipeProgress&)>& progress = {});

// Of a receipt's text with the device's public key: what it says, in lines. corrupt or refused: why it proves
// nothing.
[[nodiscard]] Result<std::string> check_wipe_receipt(std::string_view text, const VerifyingKey& device);

}  // namespace wayside
