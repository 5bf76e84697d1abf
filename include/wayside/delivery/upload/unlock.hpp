// The keys that let this camera open its own records, for the profile "bof2", which sends them in clear: they
// are kept by an unlock service, lent over mutual TLS, held in locked memory, and never written anywhere.
//
// Threads: UnlockKeys from any; fetch() from one at a time, hurry() from any.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "wayside/base/result.hpp"
#include "wayside/delivery/seal/keys.hpp"
#include "wayside/delivery/upload/back_office.hpp"

namespace wayside {

// Where they are held. Whoever is using them keeps them alive to the end of that use, and no longer.
class UnlockKeys {
 public:
  using Set = std::vector<RecipientSecret>;
  // Empty: none is there.
  [[nodiscard]] std::shared_ptr<const Set> current() const;
  void replace(Set keys);
  void drop() { replace({}); }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Set> keys_ = std::make_shared<const Set>();
};

class UnlockService {
 public:
  virtual ~UnlockService() = default;
  // At least one key. refused: this camera gets none, or none any more: those it holds have to go.
  // unavailable: there was no answer that counts, which says nothing about those it holds.
  [[nodiscard]] virtual Result<UnlockKeys::Set> fetch() = 0;
  virtual void hurry(std::chrono::steady_clock::time_point) {}
};

inline constexpr std::size_t most_unlock_keys = 8;

// https_api.md, "Unlock". Failure as make_https_back_office().
[[nodiscard]] Result<std::unique_ptr<UnlockService>> make_unlock_service(const HttpsOptions& options,
                                                                         const std::string& device_id);

}  // namespace wayside
