// The office's VOI lists as a camera fetches them: pieces of a document, and the key that its lists are
// sealed with on flash (https_api.md, "VOI lists").
//
// Threads: key() and piece() from one at a time, hurry() from any. Ownership: the caller wipes a piece.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "wayside/base/result.hpp"
#include "wayside/base/secret.hpp"
#include "wayside/delivery/upload/back_office.hpp"

namespace wayside {

inline constexpr std::size_t largest_list_piece = std::size_t{64} << 10U;

class ListOffice {
 public:
  virtual ~ListOffice() = default;
  // refused: this camera is given no list, or is not enrolled. unavailable: there was no answer that counts.
  [[nodiscard]] virtual Result<Secret> key() = 0;
  // From this byte on, at least one and at most largest_list_piece. refused: as above, or there is no such
  // document (any more). unavailable: ask again.
  [[nodiscard]] virtual Result<std::string> piece(const ListOffer& offer, std::uint64_t from) = 0;
  virtual void hurry(std::chrono::steady_clock::time_point) {}
};

// Failure as make_https_back_office().
[[nodiscard]] Result<std::unique_ptr<ListOffice>> make_list_office(const HttpsOptions& options,
                                                                   const std::string& device_id);

}  // namespace wayside
