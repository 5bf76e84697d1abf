// The deployment authority as it is issued: who may have this camera stand there, why, where and until when;
// and its revocation. Signed by the back office (document.md).
//
// Threads: pure. Failure: corrupt where it is no such document, refused where it is signed by another key,
// invalid_input naming the field; nothing of a document is read before its signature holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/base/result.hpp"
#include "wayside/base/secret.hpp"
#include "wayside/base/signature.hpp"
#include "wayside/base/time.hpp"

namespace wayside {

inline constexpr std::size_t largest_authority_bytes = 8192;
inline constexpr std::size_t most_authorised_devices = 64;

struct AuthorityDocument {
  enum class Kind {
    authority,
    revocation,  // ends every authority of a lower number, for the devices it names
  };
  Kind kind = Kind::authority;
  std::uint64_t number =
      0;  // the office's count, from 1 to below 2^53; of two, the higher one was issued later
  UtcTime issued;
  std::vector<std::string> devices;  // 16 hex digits each, ascending
  // Of a revocation.
  std::string reason;
  // Of an authority.
  std::string organisation;
  std::string purpose;
  std::string site;
  std::string contact;
  double latitude = 0;   // degrees, WGS 84, north positive
  double longitude = 0;  // degrees, WGS 84, east positive
  UtcTime valid_from;
  UtcTime valid_until;           // from then on it is not valid
  UtcTime review;                // by when its need has to be looked at again; within its validity
  bool clear_occupants = false;  // overviews may show who sits in a vehicle, where the configuration asks it

  friend bool operator==(const AuthorityDocument&, const AuthorityDocument&) = default;
};

// invalid_input: a field cannot be what it is.
[[nodiscard]] Result<std::string> sign_authority(const AuthorityDocument& document, const Secret& seed);
[[nodiscard]] Result<AuthorityDocument> authority_from(std::string_view text, const VerifyingKey& key);

[[nodiscard]] bool is_for(const AuthorityDocument& document, std::string_view device_id);

}  // namespace wayside
