// Who the camera's records are sealed to: the recipients in the identity's folder, looked at again and again,
// so that a new key counts without a restart.
//
// Threads: open() and look_again() from the main thread; the sealer from the queue's writer; pseudonym_key()
// from any. Ownership: clock and health outlive it. Failure: a file that cannot be taken is a problem of
// health's part "sealing", logged once for each reason; the others count, and of it what it held at an
// earlier look, until it is mended or removed. Without anybody whose key is valid the queue takes no record.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "wayside/base/result.hpp"
#include "wayside/delivery/seal/recipient_folder.hpp"
#include "wayside/delivery/seal/record_sealer.hpp"
#include "wayside/device/clock/clock.hpp"
#include "wayside/device/health/health.hpp"

namespace wayside::app {

class Sealing {
 public:
  // folder: the identity's; the recipients are in its folder "recipients". Fails where the device's key
  // cannot be read.
  [[nodiscard]] static Result<std::unique_ptr<Sealing>> open(const std::filesystem::path& folder,
                                                             std::string device_id, const Clock& clock,
                                                             Health& health);

  void look_again();
  // unavailable: no record could be sealed now, and why.
  [[nodiscard]] Status try_to_seal();
  [[nodiscard]] RecordSealer& sealer() { return *sealer_; }
  // The key of the recipient who gets pseudonyms; nothing where there is no such recipient.
  [[nodiscard]] std::optional<Bytes> pseudonym_key() const;

 private:
  // What is wrong with the folder, with what to do; known_ is what counts afterwards.
  [[nodiscard]] std::string read_folder();
  Sealing(std::filesystem::path recipients, std::unique_ptr<ReplaceableSealer> sealer, Health& health);

  const std::filesystem::path recipients_;
  const std::unique_ptr<ReplaceableSealer> sealer_;
  Health& health_;
  std::vector<RecipientOfFile> known_;  // as of the last look; of open() and look_again()
  mutable std::mutex mutex_;
  std::optional<Bytes> pseudonym_key_;  // mutex_
};

}  // namespace wayside::app
