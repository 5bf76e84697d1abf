// An office that issues VOI lists, and a camera's store of one.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <sodium.h>

#include "wayside/device/watchlist/list_issue.hpp"
#include "wayside/device/watchlist/watch_list.hpp"

#include "tests/doubles/time.hpp"

namespace wayside::doubles {

inline Secret secret_of(std::uint8_t byte) {
  return Secret(Bytes(Secret::bytes, byte));
}

inline WatchEntry watched(std::string_view vrm, std::string_view pnc_id = "",
                          std::string_view weed_date = "2099-01-01") {
  WatchEntry entry;
  entry[WatchField::vrm] = vrm;
  entry[WatchField::pnc_id] = pnc_id;
  entry[WatchField::action] = "STOP";
  entry[WatchField::weed_date] = weed_date;
  entry[WatchField::make] = "FORD";
  entry[WatchField::information] = "look into the boot";
  return entry;
}

struct ListOffice {
  Secret seed = secret_of(7);
  std::string list = "north";

  [[nodiscard]] ListFacts facts(std::uint64_t revision) const {
    ListFacts facts;
    facts.list = list;
    facts.revision = revision;
    facts.issued = at("2026-11-01T00:00:00Z");
    facts.valid_from = at("2026-11-01T00:00:00Z");
    facts.valid_until = at("2027-11-01T00:00:00Z");
    return facts;
  }
  [[nodiscard]] std::string full(std::uint64_t revision, const std::vector<WatchEntry>& entries) const {
    ListMaker maker;
    for (const WatchEntry& entry : entries)
      maker.add(entry, 1);
    return maker.full(facts(revision), seed).value();
  }
  [[nodiscard]] std::string delta(std::string_view base, std::string_view later) const {
    const std::vector keys = {verifying_key(seed)};
    return delta_between(full_list_from(base, keys).value(), full_list_from(later, keys).value(), seed)
        .value();
  }
  // Any lines under a head that fits them.
  [[nodiscard]] std::string document(ListFacts facts, const std::string& lines) const {
    facts.bytes = lines.size();
    facts.entries = static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
    facts.digest = digest_of(lines);
    return sign_list_head({facts, std::nullopt}, seed).value() + lines;
  }
  static ListDigest digest_of(std::string_view lines) {
    ListDigest digest{};
    crypto_generichash(digest.data(), digest.size(), as_bytes(lines).data(), lines.size(), nullptr, 0);
    return digest;
  }
};

inline std::unique_ptr<WatchListStore> open_store(const std::filesystem::path& folder,
                                                  const ListOffice& office, ListLimits limits = {},
                                                  std::uint8_t key = 9) {
  return WatchListStore::open({folder, office.list, secret_of(key), {verifying_key(office.seed)}, limits})
      .value();
}

struct Updated {
  Result<std::shared_ptr<const WatchList>> result;
  ListWanted wanted;
};
inline Updated update(WatchListStore& store, std::string_view document, std::size_t step = 1 << 16U) {
  ListUpdate update = store.begin_update();
  for (std::size_t i = 0; i < document.size(); i += step) {
    if (!update.append(as_bytes(document.substr(i, step)))) break;
  }
  auto result = update.finish();
  return {std::move(result), update.wanted()};
}

inline TimeBounds known(std::string_view time) {
  return {at(time), at(time)};
}
inline const TimeBounds today = known("2026-11-28T12:00:00Z");

inline WatchedRead read_of(std::string vrm, float probability = 0.9F) {
  WatchedRead read;
  read.texts.push_back({std::move(vrm), probability});
  return read;
}

}  // namespace wayside::doubles
