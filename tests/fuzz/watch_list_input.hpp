// A camera that takes VOI lists, as the fuzz targets of list and delta ask it.
#pragma once

#include <string>
#include <vector>

#include "tests/doubles/temporary_folder.hpp"
#include "tests/doubles/watch_lists.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace wayside::fuzz {

struct WatchListInput {
  doubles::TemporaryFolder folder{"/dev/shm"};
  doubles::ListOffice office;
  std::unique_ptr<WatchListStore> store = doubles::open_store(folder.path(), office);

  void empty() { require(store->remove().has_value(), "a list can be taken away"); }

  // In force it is what its head says, and can be asked; refused it leaves what was there.
  void take(std::string_view document) {
    const auto before = store->current();
    const doubles::Updated updated = doubles::update(*store, document, 1 + document.size() / 3);
    if (!updated.result) {
      require_good(updated.result.error(), "\n");
      require(store->current() == before, "a list that is refused leaves the one before in force");
      return;
    }
    const ListFacts& facts = (*updated.result)->facts();
    require(store->current() == *updated.result, "a list that is taken is in force");
    for (const char* vrm : {"AB12CDE", "FG34HJK", "LM56NPR", "0O1I"}) {
      const WatchAnswer answer =
          (*updated.result)->match(doubles::read_of(vrm, 0.5F), doubles::today, {0.001});
      require(answer.hits.size() + answer.withheld <= facts.entries, "no more hits than entries");
      for (const WatchHit& hit : answer.hits) {
        const auto entry = (*updated.result)->entry(hit.place);
        require(entry && !fault_of(*entry), "every hit has its entry");
        require(hit.probability > 0 && hit.probability <= 1, "a probability is one");
      }
    }
    const auto again = doubles::open_store(folder.path(), office);
    require(again->current() && again->current()->facts() == facts, "it is in force after a restart");
  }
};

}  // namespace wayside::fuzz
