// A deployment authority as an office might issue it, and the key that it is signed with.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "wayside/device/authority/document.hpp"

#include "tests/doubles/time.hpp"

namespace wayside::doubles {

inline constexpr std::string_view authorised_camera = "0123456789abcdef";

inline Secret authority_seed(std::uint8_t fill = 7) {
  return Secret(Bytes(Secret::bytes, fill));
}

// Valid for 2027, to be reviewed on 1 December.
inline AuthorityDocument example_authority(std::uint64_t number = 7) {
  AuthorityDocument document;
  document.number = number;
  document.issued = at("2026-12-01T09:00:00Z");
  document.devices = {std::string(authorised_camera)};
  document.organisation = "Example Constabulary";
  document.purpose = "Serious crime on the A14, assessment 2026/118";
  document.site = "A14 J31 westbound";
  document.contact = "anpr@example.org";
  document.latitude = 52.2295;
  document.longitude = 0.1532;
  document.valid_from = at("2027-01-01T00:00:00Z");
  document.valid_until = at("2028-01-01T00:00:00Z");
  document.review = at("2027-12-01T00:00:00Z");
  return document;
}

inline AuthorityDocument example_revocation(std::uint64_t number) {
  AuthorityDocument document;
  document.kind = AuthorityDocument::Kind::revocation;
  document.number = number;
  document.issued = at("2027-06-01T09:00:00Z");
  document.devices = {std::string(authorised_camera)};
  document.reason = "The need has ceased";
  return document;
}

inline std::string signed_by(const Secret& seed, const AuthorityDocument& document) {
  Result<std::string> text = sign_authority(document, seed);
  if (!text) throw std::runtime_error(text.error().message);
  return *text;
}

}  // namespace wayside::doubles
