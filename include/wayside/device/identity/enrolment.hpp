// What the back office gives a camera that it has enrolled, as one text that can be pasted at a console
// (enrolment.md): the certificates, whom the camera seals to, and by whose word it captures and gets lists.
//
// Signed with the key of the authority that signed the camera's certificate. At the first enrolment whoever
// commissions the camera compares that authority's fingerprint; from then on the camera takes no other's, nor
// an enrolment that was issued before the one that it has.
//
// Threads: pure, or plain functions on the identity's folder; one enrolment at a time. Failure: invalid_input
// where a text is none, was changed on its way or is not for this camera; refused where it is another
// office's or an earlier one; io as of files. Each says what to do.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"

namespace wayside {

inline constexpr std::size_t largest_enrolment_bytes = std::size_t{48} << 10;

struct Enrolment {
  struct File {
    std::string name;     // below the identity's folder: "device.crt", "recipients/0123456789abcdef.toml"
    std::string content;  // lines, each ended by '\n'
    friend bool operator==(const File&, const File&) = default;
  };
  static constexpr std::string_view certificate = "device.crt";
  static constexpr std::string_view authority = "back-office-ca.crt";

  std::string device_id;
  UtcTime issued;
  std::vector<File> files;
  // The content of that file; null: it is not in it.
  [[nodiscard]] const std::string* find(std::string_view name) const;
  friend bool operator==(const Enrolment&, const Enrolment&) = default;
};

// Whether the camera takes a file of that name with an enrolment.
[[nodiscard]] bool is_enrolment_file(std::string_view name);

// sign: with the authority's key, ECDSA over SHA-256, in DER form. Fails with invalid_input where a file
// cannot be in one, and with exhausted where all of them are too long for one.
[[nodiscard]] Result<std::string> enrolment_text(const Enrolment& enrolment,
                                                 const std::function<Result<Bytes>(ByteView)>& sign);

// Checks that it is whole and signed by the authority whose certificate it holds; whether that is this
// camera's office is for take_enrolment() to say.
[[nodiscard]] Result<Enrolment> enrolment_from(std::string_view text);

// The first 16 hex digits of the SHA-256 of an authority's public key (SubjectPublicKeyInfo, DER), in fours:
// "3f2a 90c1 77de 0b45". certificate: PEM.
[[nodiscard]] Result<std::string> office_fingerprint(std::string_view certificate);

struct EnrolledAs {
  std::string office;  // its fingerprint
  UtcTime certificate_valid_until;
};
// Puts the files into their places. A power cut leaves all of them as they were, or finish_enrolment() puts
// the rest there.
[[nodiscard]] Result<EnrolledAs> take_enrolment(const std::filesystem::path& folder, std::string_view text,
                                                UtcTime now);
// To be called before anything of the folder is used.
[[nodiscard]] Status finish_enrolment(const std::filesystem::path& folder);

}  // namespace wayside
