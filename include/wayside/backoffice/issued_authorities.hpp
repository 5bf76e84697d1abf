// The deployment authorities and revocations that the office has issued (device/authority/document.md), and
// the key that they are signed with.
//
// One folder: authority.key (PEM, Ed25519, 0600), office-key, its public half as cameras get it, and each
// document as <number>.authority. A document is never changed; numbers count up over all of them.
//
// Threads: any; two programs may issue at once, and one serve meanwhile. Ownership: the folder belongs to the
// back office's user, mode 0700. Failure: invalid_input naming what is wrong, io and exhausted as the system
// says; a document that cannot be read is passed over, logged, and listed as damaged.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "wayside/backoffice/store.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"
#include "wayside/device/authority/document.hpp"

namespace wayside::backoffice {

class IssuedAuthorities {
 public:
  explicit IssuedAuthorities(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Makes the folder and the key where they are not there yet.
  [[nodiscard]] Status make_key() const;
  // Number and time of issue are given here. It is there, signed, when this returns.
  [[nodiscard]] Result<AuthorityDocument> issue(AuthorityDocument draft, UtcTime now);
  [[nodiscard]] std::filesystem::path file_of(std::uint64_t number) const;

  // By number. A damaged one has a number only.
  struct Issued {
    std::uint64_t number = 0;
    std::optional<AuthorityDocument> document;
    std::string text;
  };
  [[nodiscard]] Result<std::vector<Issued>> list();
  // What a camera that holds documents up to `number` lacks, oldest first: at most 24 KiB, the rest next
  // time. What a revocation has ended is left out.
  [[nodiscard]] Result<std::vector<std::string>> newer_than(std::uint64_t number,
                                                            const std::string& device_id);
  // The folder `authority` of a camera that is being enrolled: the office's key, and what is issued for it.
  [[nodiscard]] Status pass_on(const std::string& device_id, const std::filesystem::path& out);

 private:
  [[nodiscard]] Status read_new();

  const std::filesystem::path folder_;
  std::mutex mutex_;
  std::optional<std::filesystem::file_time_type> changed_;  // mutex_: of the folder, when it was read
  std::map<std::uint64_t, Issued> known_;                   // mutex_
};

// What a camera has told of its authority in an audit record.
struct ToldAuthority {
  std::string device_id;
  std::string time;  // as the camera's clock said
  std::string state;
  bool captures = false;
  std::optional<std::uint64_t> number;
  std::string reason;
};
struct ToldAuthorities {
  std::vector<ToldAuthority> told;  // oldest first, of each camera
  std::size_t damaged = 0;          // audit records left out, being no longer what a camera signed
};
// device_id: of this one only, empty: of all.
[[nodiscard]] Result<ToldAuthorities> told_authorities(Store& store, const std::string& device_id);

}  // namespace wayside::backoffice
