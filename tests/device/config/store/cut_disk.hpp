// A disk that a configuration store writes to and that loses its power, fills up or fails at any step. A file
// is replaced in three: its content beside it, its name, the folder's flush; until that last one nobody knows
// whether a power cut keeps the new name.
#pragma once

#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "wayside/device/config/store/store_files.hpp"

namespace wayside::doubles {

struct CutDisk {
  using Files = std::map<std::string, std::string>;

  Files live;     // as a program sees it
  Files durable;  // as it is after a power cut
  std::size_t steps = 0;
  std::size_t cut_at = std::numeric_limits<std::size_t>::max();  // that step and all later ones do not happen
  bool full = false;                                             // nothing new finds room
  bool flush_fails = false;
  std::size_t writes_in_a_row_allowed = std::numeric_limits<std::size_t>::max();
  bool locked = false;
  std::set<std::string> editors;

  // What may be left when the power goes now.
  [[nodiscard]] std::vector<Files> after_power_cut() const {
    return live == durable ? std::vector<Files>{durable} : std::vector<Files>{durable, live};
  }
};

class CutFiles final : public StoreFiles {
 public:
  explicit CutFiles(std::shared_ptr<CutDisk> disk) : disk_(std::move(disk)) {}

  [[nodiscard]] Result<std::string> read(const std::string& name) const override {
    const auto found = disk_->live.find(name);
    if (found == disk_->live.end()) return fail(ErrorCode::not_found, "cannot open " + path_of(name));
    return found->second;
  }
  [[nodiscard]] Status replace(const std::string& name, std::string_view text) override {
    if (!step()) return off();
    if (disk_->full || disk_->writes_in_a_row_allowed == 0)
      return fail(ErrorCode::exhausted, "cannot write " + path_of(name) + ": make room on the disk");
    --disk_->writes_in_a_row_allowed;
    if (!step()) return off();
    disk_->live[name] = text;
    return flush();
  }
  [[nodiscard]] Status remove(const std::string& name) override {
    if (!disk_->live.contains(name)) return {};
    if (!step()) return off();
    disk_->live.erase(name);
    return flush();
  }
  [[nodiscard]] Status rename(const std::string& from, const std::string& to) override {
    if (!disk_->live.contains(from)) return fail(ErrorCode::not_found, "cannot set aside " + path_of(from));
    if (disk_->live.contains(to)) return fail(ErrorCode::io, path_of(to) + " is there");
    if (!step()) return off();
    disk_->live[to] = disk_->live[from];
    disk_->live.erase(from);
    return flush();
  }
  [[nodiscard]] Result<std::vector<std::string>> history() const override {
    std::vector<std::string> names;
    for (const auto& [name, text] : disk_->live) {
      if (name.starts_with("history/")) names.push_back(name.substr(8));
    }
    return names;
  }
  [[nodiscard]] Result<std::unique_ptr<Held>> lock() override {
    if (disk_->locked) return fail(ErrorCode::unavailable, "another program writes");
    struct Lock final : Held {
      explicit Lock(std::shared_ptr<CutDisk> of) : disk(std::move(of)) { disk->locked = true; }
      ~Lock() override { disk->locked = false; }
      std::shared_ptr<CutDisk> disk;
    };
    return std::unique_ptr<Held>(std::make_unique<Lock>(disk_));
  }
  [[nodiscard]] Result<std::unique_ptr<Held>> lock_candidate(std::string_view who) override {
    if (!disk_->editors.empty()) return std::unique_ptr<Held>();
    struct Lock final : Held {
      Lock(std::shared_ptr<CutDisk> of, std::string_view who) : disk(std::move(of)) {
        disk->editors.insert(std::string(who));
      }
      ~Lock() override { disk->editors.clear(); }
      std::shared_ptr<CutDisk> disk;
    };
    return std::unique_ptr<Held>(std::make_unique<Lock>(disk_, who));
  }
  [[nodiscard]] Result<std::optional<std::string>> editor() const override {
    if (disk_->editors.empty()) return std::optional<std::string>();
    return std::optional<std::string>(*disk_->editors.begin());
  }
  [[nodiscard]] std::string path_of(const std::string& name) const override { return "/config/" + name; }

 private:
  bool step() { return disk_->steps++ < disk_->cut_at; }
  static tl::unexpected<Error> off() { return fail(ErrorCode::io, "the power is off"); }
  Status flush() {
    if (!step()) return off();
    if (disk_->flush_fails) return fail(ErrorCode::io, "cannot sync folder /config: Input/output error");
    disk_->durable = disk_->live;
    return {};
  }

  std::shared_ptr<CutDisk> disk_;
};

}  // namespace wayside::doubles
