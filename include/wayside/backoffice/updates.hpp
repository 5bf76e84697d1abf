// The update bundles that the office has for cameras, and which camera is given which
// (delivery/upload/https_api.md, "Updates").
//
// In the folder: <sha256>.raucb and <sha256>.json beside it, what is said of it (update_offer.hpp);
// given/<compatible>/<device id>, or all, the offer as that camera, or every camera of that board, gets it;
// and audit.jsonl, one line for each thing done: who, when, what. What a bundle's signature is worth the
// camera finds out: the office has no key of it.
//
// Threads: any. Ownership: the folder belongs to the back office's user, mode 0700. Failure: invalid_input
// naming what is wrong, not_found naming the command to run, refused, else as the system says.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "wayside/backoffice/given_lists.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"
#include "wayside/device/update/update_offer.hpp"

namespace wayside::backoffice {

inline constexpr std::size_t update_piece_bytes = std::size_t{64} << 10U;

class Updates {
 public:
  // Authority::updates().
  explicit Updates(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // offer_file: wayside.update, as the image's build leaves it; the bundle lies beside it under the same name
  // with .raucb. Copied once its length and hash are those of the offer, whole or not at all. One that is
  // here already is copied anew, which makes good one that is damaged or gone. refused: another bundle of
  // that version for that board is here, or this one as another version or for another board.
  [[nodiscard]] Result<UpdateOffer> add(const std::filesystem::path& offer_file, UtcTime now) const;
  // By board, then version, rising.
  [[nodiscard]] Result<std::vector<UpdateOffer>> bundles() const;
  // By its length.
  [[nodiscard]] bool is_whole(const UpdateOffer& offer) const;

  // To a device id, or all_cameras of that board; in place of what was given there before. Put on record
  // first, or not done.
  [[nodiscard]] Status give(const std::string& version, const std::string& compatible, const std::string& to,
                            std::optional<UtcTime> not_before, UtcTime now) const;
  // A camera from which its own is withdrawn gets what all are given.
  [[nodiscard]] Status withdraw(const std::string& compatible, const std::string& from, UtcTime now) const;
  // Bundle and what is said of it, on record first. refused, naming to whom and what withdraws it: it is
  // given to somebody.
  [[nodiscard]] Status remove(const std::string& version, const std::string& compatible, UtcTime now) const;
  struct Given {
    std::string to;  // a device id, or all_cameras
    UpdateOffer offer;
  };
  [[nodiscard]] Result<std::vector<Given>> given() const;

  // What a camera of that board is given: its own, else that of all.
  [[nodiscard]] Result<std::optional<UpdateOffer>> offer_for(const std::string& device_id,
                                                             const std::string& compatible) const;
  using Asking = GivenLists::Asking;
  // At most update_piece_bytes; the last one is put on record first. not_found: this is not what it is given;
  // invalid_input: from lies beyond its end; io: it is not here whole any more, and what mends that.
  [[nodiscard]] Result<std::string> piece(const Asking& who, const std::string& compatible,
                                          const std::string& sha256, std::uint64_t from, UtcTime now) const;
  // That somebody asked for what is not theirs.
  void note_refused(const Asking& who, UtcTime now) const;

 private:
  [[nodiscard]] std::filesystem::path bundle(const std::string& sha256) const;
  [[nodiscard]] std::filesystem::path facts(const std::string& sha256) const;
  [[nodiscard]] std::filesystem::path given_file(const std::string& compatible, const std::string& to) const;
  [[nodiscard]] Result<UpdateOffer> find(const std::string& version, const std::string& compatible) const;

  std::filesystem::path folder_;
};

}  // namespace wayside::backoffice
