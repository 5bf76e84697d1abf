// The keys that writer and examiner of a queue share, in a folder, and the queue's size.
//
// Threads: one. Failure: std::runtime_error.
#pragma once

#include <filesystem>
#include <stdexcept>

#include "wayside/delivery/queue/record_queue.hpp"

#include "tests/doubles/test_sealer.hpp"

namespace wayside::vm {

inline void make_power_keys(const std::filesystem::path& folder) {
  for (const char* name : {"device", "recipient"}) {
    const Status saved = save_recipient_secret(make_recipient_secret(), folder / name);
    if (!saved) throw std::runtime_error(saved.error().message);
  }
}

inline doubles::TestSealer power_sealer(const std::filesystem::path& folder) {
  // Any 32 secret bytes are an Ed25519 seed.
  Result<RecipientSecret> device = load_recipient_secret(folder / "device");
  Result<RecipientSecret> recipient = load_recipient_secret(folder / "recipient");
  if (!device || !recipient) throw std::runtime_error("no keys in " + folder.string());
  return doubles::TestSealer(std::move(device->secret), std::move(*recipient));
}

// Small enough to be written over within minutes, large enough that nothing is given up for room.
inline QueueOptions power_queue(const std::filesystem::path& directory, RecordSealer& sealer) {
  QueueOptions options;
  options.directory = directory;
  options.segments = 12;
  options.segment_bytes = 1U << 20U;
  options.sealer = &sealer;
  return options;
}

}  // namespace wayside::vm
