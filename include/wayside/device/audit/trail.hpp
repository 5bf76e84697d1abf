// The audit trail: one line for each thing done at or by the camera, each naming the hash of the one before
// it and signed by the trail's own key (trail_format.md).
//
// A folder with trail.jsonl, `key` (the signing key's seed), `head` (what was cut off the front), `carried`
// (up to which entry the log of records has them) and `lock`. An entry is on the disk when append() returns;
// one that a power cut tore is named by the next, and told apart from one that was altered. Where the key is
// lost a new one is made, and the entry that says so is a break that verification names.
//
// Threads: any number of processes and threads; appends are taken in turn by a lock on the folder. Ownership:
// the clock outlives it. Failure: exhausted or io where an entry could not be put on the disk, and then no
// part of it counts; corrupt naming the line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/signature.hpp"
#include "wayside/base/time.hpp"
#include "wayside/device/clock/clock.hpp"

namespace wayside {

// The events, in words of their own: lower case letters and '_', at most 32.
namespace trail_event {
inline constexpr std::string_view login = "login";
inline constexpr std::string_view attempt = "attempt";  // of a login, and it failed
inline constexpr std::string_view logout = "logout";
inline constexpr std::string_view account = "account";  // made, removed, another role, another password
// Pictures are clear for a time; or the commissioned view is forgotten.
inline constexpr std::string_view commissioning = "commissioning";
inline constexpr std::string_view picture_viewed = "picture_viewed";
inline constexpr std::string_view configuration = "configuration";
inline constexpr std::string_view update = "update";
inline constexpr std::string_view clock_step = "clock_step";
inline constexpr std::string_view authority = "authority";
inline constexpr std::string_view enrolment = "enrolment";
inline constexpr std::string_view watch_list = "watch_list";
inline constexpr std::string_view contact = "contact";  // the door or the tamper contact
inline constexpr std::string_view start = "start";      // of the daemon
inline constexpr std::string_view stop = "stop";
inline constexpr std::string_view audit_read = "audit_read";  // shown or exported
inline constexpr std::string_view reboot = "reboot";
inline constexpr std::string_view wipe = "wipe";
// The trail's own.
inline constexpr std::string_view trail_begun = "trail_begun";
inline constexpr std::string_view key_lost = "key_lost";
inline constexpr std::string_view torn_line = "torn_line";
}  // namespace trail_event

// What is to be put on record. Texts may be anything: they are escaped, and cut at 1024 bytes, with the whole
// one's length and SHA-256 at the end ("... (3012 bytes, SHA-256 0123456789abcdef)"). Secrets are the
// caller's to mask; a VRM has no place here.
struct TrailEvent {
  std::string event;
  struct By {
    std::string name;      // of an account; empty: the camera itself, or nobody known
    std::string role;      // "installer"
    std::string terminal;  // "ttyS0", "socket", "file"
  } by;
  // By name; at most 8. A change has "before" and "after", and where it is one of many, its "key": one event
  // a key.
  std::map<std::string, std::string> details;
};

// As it stands in the trail.
struct TrailEntry {
  std::uint64_t number = 0;  // from 1
  std::string utc;           // as the clock said, ISO 8601
  std::string time_source;   // "unsynchronised", "ntp", "gnss"
  TrailEvent what;
  VerifyingKey key{};  // whose signature it carries
  Sha256 previous{};   // of the line before it; zeros before the first
  Sha256 hash{};       // of its line
  std::string line;    // whole, without its end
};

// Of one line by itself: its form and its signature. corrupt: what is wrong.
[[nodiscard]] Result<TrailEntry> trail_entry_from(std::string_view line);

struct TrailReport {
  std::uint64_t first = 0;  // numbers of the entries that are there; 0: none
  std::uint64_t last = 0;
  std::uint64_t cut = 0;            // up to this number they were cut off the front, says the signed head
  std::vector<std::string> faults;  // gaps, altered lines, a broken end: sentences
  std::vector<std::string> notes;   // what happened and was named: a torn line, a lost key
  [[nodiscard]] bool good() const { return faults.empty(); }
};
// A trail's text, as in the file or an export, by itself. head: the file's text; empty: there is none.
[[nodiscard]] TrailReport verify_trail(std::string_view text, std::string_view head = {});

class AuditTrail {
 public:
  struct Options {
    std::filesystem::path folder;
    std::string boot_id;
    // From here on, entries that were carried() are cut off the front, down to half of it.
    std::size_t most_bytes = std::size_t{4} << 20U;
    // From here on, the oldest go whether they were carried or not, which verification tells.
    std::size_t most_bytes_ever = std::size_t{32} << 20U;
  };
  // Makes the folder where there is none (mode 02770).
  [[nodiscard]] static Result<AuditTrail> open(Options options, const Clock& clock);

  [[nodiscard]] Status append(const TrailEvent& event);
  // Together: all of them or none.
  [[nodiscard]] Status append(std::span<const TrailEvent> events);

  // The entries from that number on, oldest first; lines that do not check out are left out (verify() names
  // them).
  [[nodiscard]] Result<std::vector<TrailEntry>> read(std::uint64_t from = 1, std::size_t most = 1000) const;
  // The newest.
  [[nodiscard]] Result<std::vector<TrailEntry>> last(std::size_t most) const;
  [[nodiscard]] Result<TrailReport> verify() const;
  // The trail's text as it stands, its head as a first line "#head ..." where there is one. verify_trail()
  // takes the whole.
  [[nodiscard]] Result<std::string> exported() const;

  // Up to which number the log of records has them, and of which line: for who carries them.
  struct Carried {
    std::uint64_t number = 0;
    Sha256 hash{};
  };
  [[nodiscard]] Carried carried() const;
  [[nodiscard]] Status set_carried(const Carried& carried);

 private:
  void cut_front(const Secret& key);
  AuditTrail(Options options, const Clock& clock) : options_(std::move(options)), clock_(&clock) {}
  Options options_;
  const Clock* clock_;
};

}  // namespace wayside
