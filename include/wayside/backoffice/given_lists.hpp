// Which camera is given which VOI list, what it is offered, and what it is sent
// (delivery/upload/https_api.md, "VOI lists"). The lists and their key are those of watch_lists.hpp.
//
// In that folder: <list>/cameras/<device id>, an empty file for each camera that is given the list, or one
// named "all"; .keys/<device id>, the key under which that camera keeps its lists on flash, which is lent to
// it and kept nowhere else; and audit.jsonl, one line for each thing done: who, when, what. No entry's text
// is in that, nor in any answer but the lists themselves.
//
// Threads: any. Ownership: the folder belongs to the back office's user, mode 0700. Failure: invalid_input
// naming what is wrong, not_found naming the command to run, else as the system says.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"

namespace wayside::backoffice {

inline constexpr std::string_view all_cameras = "all";
// A piece of a document, and the most that a camera is given lists of.
inline constexpr std::size_t list_piece_bytes = std::size_t{64} << 10U;
inline constexpr std::size_t most_lists_given = 16;

class GivenLists {
 public:
  // Authority::watch_lists().
  explicit GivenLists(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // device_id, or all_cameras. Put on record first, or not done.
  [[nodiscard]] Status give(const std::string& list, const std::string& device_id, UtcTime now) const;
  // A camera that is left without any list loses its key: what it has on flash opens no more.
  [[nodiscard]] Status withdraw(const std::string& list, const std::string& device_id, UtcTime now) const;
  // All that the camera itself is given is withdrawn, by whose ids are returned, and its key with it, also
  // where all cameras are given a list.
  [[nodiscard]] Result<std::vector<std::string>> withdraw_all(const std::string& device_id,
                                                              UtcTime now) const;
  // By list: who is given it.
  [[nodiscard]] Result<std::map<std::string, std::vector<std::string>>> given() const;
  // What a camera knows lists by: DIR/issuer-key, at its enrolment.
  [[nodiscard]] Status pass_on(const std::filesystem::path& out) const;

  // Where the camera holds what is newest, document is empty.
  struct Offer {
    std::string list;
    std::uint64_t revision = 0;  // the newest
    std::string document;        // "7.full"; "4-7.delta" where that is there, and smaller
    std::uint64_t bytes = 0;
  };
  // held: by list, the revision; of those that the camera is given, a list that was never issued left out.
  [[nodiscard]] Result<std::vector<Offer>> offers(const std::string& device_id,
                                                  const std::map<std::string, std::uint64_t>& held) const;

  // Who asks: the device id by the path, checked against the certificate.
  struct Asking {
    std::string device_id;
    Sha256 certificate{};
  };
  // At most list_piece_bytes; the last one is put on record first. not_found: it is given no such list, or
  // there is no such document; invalid_input: from lies beyond its end.
  [[nodiscard]] Result<std::string> piece(const Asking& who, const std::string& list,
                                          const std::string& document, std::uint64_t from, UtcTime now) const;
  // Sealed to the receiver, the 32 bytes of an X25519 key (secret_transfer.hpp), once that is on record.
  // not_found: it is given no list.
  [[nodiscard]] Result<Bytes> lend_key(const Asking& who, const std::string& receiver, UtcTime now) const;
  // That somebody else's certificate asked.
  void note_refused(const Asking& who, UtcTime now) const;

 private:
  [[nodiscard]] std::filesystem::path cameras_of(const std::string& list) const;
  [[nodiscard]] bool is_given(const std::string& list, const std::string& device_id) const;
  [[nodiscard]] Result<std::vector<std::string>> lists_of(const std::string& device_id) const;

  std::filesystem::path folder_;
};

}  // namespace wayside::backoffice
