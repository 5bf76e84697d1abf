#include <system_error>

#include <fmt/format.h>

#include "wayside/base/files.hpp"
#include "wayside/base/json_text.hpp"

#include "src/device/watchlist/list_content.hpp"

namespace wayside {

namespace fs = std::filesystem;

fs::path WatchListStore::file() const {
  return options_.folder / (options_.list + ".sealed");
}

Result<std::unique_ptr<WatchListStore>> WatchListStore::open(Options options) {
  if (!is_list_id(options.list))
    return fail(ErrorCode::invalid_input, "a VOI list's id must be 1 to 64 of a-z, 0-9 and -");
  if (options.limits.bytes > UINT32_MAX) options.limits.bytes = UINT32_MAX;
  std::error_code failed;
  fs::create_directories(options.folder, failed);
  if (failed) {
    return fail(ErrorCode::io,
                fmt::format("cannot make {}: {}", json_escape(options.folder.string()), failed.message()));
  }
  remove_leftovers(options.folder);  // sealed as they are, they would fill the flash in the end
  std::unique_ptr<WatchListStore> store(new WatchListStore(std::move(options)));
  auto list = watchlist::load_list(store->file(), store->options_);
  if (list)
    store->put_in_force(std::move(*list));
  else if (list.error().code != ErrorCode::not_found)
    store->problem_ = list.error().message;
  return store;
}

std::shared_ptr<const WatchList> WatchListStore::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

void WatchListStore::put_in_force(std::shared_ptr<const WatchList> list) {
  {
    const std::lock_guard lock(mutex_);
    current_.swap(list);
  }
  problem_.clear();
}

Status WatchListStore::remove() {
  put_in_force(nullptr);
  std::error_code failed;
  fs::remove(file(), failed);
  if (!failed) return {};
  return fail(ErrorCode::io,
              fmt::format("cannot remove {}: {}", json_escape(file().string()), failed.message()));
}

}  // namespace wayside
