// An update's bundle as it comes in, on flash: incoming/bundle.part grows piece by piece, and becomes
// incoming/bundle once all of it has the hash that was said of it.
//
// What it is of is said by incoming/offer, written before its first byte, so that a start finds what the one
// before began. Each MiB is on flash before the next is begun: what a power cut leaves of the last one is
// fetched again, and nothing before it.
//
// Threads: one. Ownership: the folder's files of these names are its own. Failure: io, and exhausted where
// the disk is full, naming the file; what was whole before stays. corrupt: the bundle is not what was said of
// it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"
#include "wayside/device/update/update_folder.hpp"
#include "wayside/device/update/update_offer.hpp"

namespace wayside::app {

// Which giving of which bundle was last handed over to be installed, and how often: incoming/tried. One that
// came to nothing is tried again only where another giving says so.
struct TriedUpdate {
  std::string sha256;  // empty: none was
  std::optional<UtcTime> given;
  std::uint64_t times = 0;
  friend bool operator==(const TriedUpdate&, const TriedUpdate&) = default;
};
// What cannot be read counts as none.
[[nodiscard]] TriedUpdate tried_update_in(const UpdateFolder& folder);
[[nodiscard]] Status keep_tried_update(const UpdateFolder& folder, const TriedUpdate& tried);

class BundlePart {
 public:
  explicit BundlePart(UpdateFolder folder) : folder_(std::move(folder)) {}
  ~BundlePart() { close(); }
  BundlePart(const BundlePart&) = delete;
  BundlePart& operator=(const BundlePart&) = delete;

  // What an earlier start began with; nothing where there is none, or where it cannot be read any more, and
  // then what lies there is removed.
  [[nodiscard]] std::optional<UpdateOffer> left_over();
  // From now on it is about this one: what lies there of another bundle is removed.
  [[nodiscard]] Status begin(const UpdateOffer& offer);
  // Nothing is wanted any more: bundle, part, a request that nobody has taken yet.
  void drop();
  // The pieces alone: what came is not what was said of it.
  void drop_pieces();

  // How much of it is there, so much that a power cut cannot have touched it; all of it only with is_whole().
  [[nodiscard]] Result<std::uint64_t> open();
  [[nodiscard]] std::uint64_t bytes() const { return at_; }
  [[nodiscard]] Status append(ByteView piece);
  // Once all pieces are there.
  [[nodiscard]] Status finish();
  [[nodiscard]] bool is_whole() const;

 private:
  [[nodiscard]] Status sync();
  void close();

  const UpdateFolder folder_;
  UpdateOffer offer_;
  int file_ = -1;
  std::uint64_t at_ = 0;
};

}  // namespace wayside::app
