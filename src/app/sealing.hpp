// Who the camera's records are sealed to: the recipients in the identity's folder, looked at again and again,
// so that a new key counts without a restart.
//
// Threads: open() and look_again() from the main thread; the sealer from the queue's writer; pseudonym_key()
// from any. Ownership: clock and health outlive it. Failure: recipients that cannot be read are a problem of
// health's part "sealing", logged once for each reason; those known before go on counting. Without any the
// queue takes no record.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "wayside/base/result.hpp"
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
  Sealing(std::filesystem::path recipients, std::unique_ptr<ReplaceableSealer> sealer, Health& health);

  const std::filesystem::path recipients_;
  const std::unique_ptr<ReplaceableSealer> sealer_;
  Health& health_;
  mutable std::mutex mutex_;
  std::optional<Bytes> pseudonym_key_;  // mutex_
};

}  // namespace wayside::app
