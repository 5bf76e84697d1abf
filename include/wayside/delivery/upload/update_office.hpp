// The office's update bundles as a camera fetches them, piece by piece (https_api.md, "Updates").
//
// Threads: piece() from one at a time, hurry() from any. Nothing of a piece is believed: the bundle's hash
// and its signature decide.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "wayside/base/result.hpp"
#include "wayside/delivery/upload/back_office.hpp"
#include "wayside/device/update/update_offer.hpp"

namespace wayside {

// Small enough to come within the time limit over any link that records go over.
inline constexpr std::size_t largest_update_piece = std::size_t{64} << 10U;

class UpdateOffice {
 public:
  virtual ~UpdateOffice() = default;
  // From this byte on: largest_update_piece, or what is left of the bundle by the offer. refused: this camera
  // is not given it (any more), or is not enrolled. unavailable: ask again.
  [[nodiscard]] virtual Result<std::string> piece(const UpdateOffer& offer, std::uint64_t from) = 0;
  virtual void hurry(std::chrono::steady_clock::time_point) {}
};

// Failure as make_https_back_office().
[[nodiscard]] Result<std::unique_ptr<UpdateOffice>> make_update_office(const HttpsOptions& options,
                                                                       const std::string& device_id);

}  // namespace wayside
