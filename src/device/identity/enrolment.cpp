// An enrolment on its way into the identity's folder.
#include "wayside/device/identity/enrolment.hpp"

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <openssl/err.h>
#include <sys/stat.h>

#include "wayside/base/files.hpp"
#include "wayside/device/identity/identity.hpp"

#include "src/device/identity/device_certificate.hpp"
#include "src/device/identity/pem.hpp"

namespace wayside {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kept_name = "enrolment";
constexpr std::string_view under_way_name = "enrolment.under-way";

Result<std::string> fingerprint_of(const X509& certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(&certificate), &der);
  if (size <= 0) {
    ERR_clear_error();
    return fail(ErrorCode::invalid_input, "the authority's certificate has no key");
  }
  const std::string digits = to_hex(sha256({der, static_cast<std::size_t>(size)}));
  OPENSSL_free(der);
  return fmt::format("{} {} {} {}", digits.substr(0, 4), digits.substr(4, 4), digits.substr(8, 4),
                     digits.substr(12, 4));
}

// Of the office that the folder's camera belongs to; nothing where it has none yet.
Result<std::optional<std::string>> office_of(const fs::path& folder) {
  const auto held = pem::read_certificate(folder / Enrolment::authority);
  if (!held && held.error().code == ErrorCode::not_found) return std::optional<std::string>();
  if (!held) return fail(held.error());
  auto fingerprint = fingerprint_of(**held);
  if (!fingerprint) return fail(fingerprint.error());
  return std::optional(std::move(*fingerprint));
}

// What the folder's camera was given before; nothing where it was given files, or nothing.
Result<std::optional<Enrolment>> held_enrolment(const fs::path& folder) {
  const auto text = read_text_file(folder / kept_name, largest_enrolment_bytes);
  if (!text && text.error().code == ErrorCode::not_found) return std::optional<Enrolment>();
  if (!text) return fail(text.error());
  auto held = enrolment_from(*text);
  // It says no more than what may not come again: a damaged one must not keep a camera from being enrolled.
  return held ? std::optional(std::move(*held)) : std::nullopt;
}

Result<EnrolledAs> check(const fs::path& folder, const Enrolment& enrolment, UtcTime now) {
  const auto id = device_id(folder);
  if (!id) return fail(id.error());
  if (enrolment.device_id != *id) {
    return fail(ErrorCode::invalid_input,
                fmt::format("it is for the camera {}, and this one is {}", enrolment.device_id, *id));
  }
  const auto ca = pem::certificate_from(*enrolment.find(Enrolment::authority), Enrolment::authority);
  if (!ca) return fail(ca.error());
  auto office = fingerprint_of(**ca);
  if (!office) return fail(office.error());
  const auto own = office_of(folder);
  if (!own) return fail(own.error());
  if (*own && **own != *office) {
    return fail(ErrorCode::refused,
                fmt::format("it is of the office {}, and this camera belongs to {}: only a camera that was "
                            "wiped changes its office",
                            *office, **own));
  }
  const auto held = held_enrolment(folder);
  if (!held) return fail(held.error());
  if (*held && enrolment.issued < (*held)->issued) {
    return fail(ErrorCode::refused,
                fmt::format("it was issued {}, before what this camera has ({}): have the camera enrolled "
                            "again",
                            to_iso8601(enrolment.issued), to_iso8601((*held)->issued)));
  }
  const auto certificate =
      pem::certificate_from(*enrolment.find(Enrolment::certificate), Enrolment::certificate);
  if (!certificate) return fail(certificate.error());
  if (const Status fits = check_device_certificate(folder, **certificate, "the certificate in it", now);
      !fits)
    return fail(fits.error());
  EVP_PKEY* const key = X509_get0_pubkey(ca->get());
  const bool signed_by_it = key != nullptr && X509_verify(certificate->get(), key) == 1;
  ERR_clear_error();
  if (!signed_by_it) {
    return fail(ErrorCode::invalid_input,
                "the certificate in it is not signed by the authority in it: have the camera enrolled again");
  }
  return EnrolledAs{std::move(*office), pem::valid_until(**certificate)};
}

Status make_folder(const fs::path& folder) {
  if (::mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return fail(ErrorCode::io, fmt::format("cannot make {}: {}", folder.string(), std::strerror(errno)));
}

Status install(const fs::path& folder, const Enrolment& enrolment) {
  for (const Enrolment::File& file : enrolment.files) {
    const fs::path place = folder / file.name;
    if (place.parent_path() != folder) {
      if (Status made = make_folder(place.parent_path()); !made) return made;
    }
    if (Status written = replace_file(place, as_bytes(file.content), 0600); !written) return written;
  }
  const auto held = held_enrolment(folder);
  if (!held) return fail(held.error());
  if (!*held) return {};
  for (const Enrolment::File& file : (*held)->files) {
    if (enrolment.find(file.name) != nullptr || file.name.rfind("recipients/", 0) != 0) continue;
    std::error_code failed;
    fs::remove(folder / file.name, failed);
    if (failed) {
      return fail(ErrorCode::io,
                  fmt::format("cannot remove {}: {}", (folder / file.name).string(), failed.message()));
    }
  }
  return {};
}

}  // namespace

Result<std::string> office_fingerprint(std::string_view certificate) {
  const auto authority = pem::certificate_from(certificate, "the authority");
  if (!authority) return fail(authority.error());
  return fingerprint_of(**authority);
}

Result<EnrolledAs> take_enrolment(const fs::path& folder, std::string_view text, UtcTime now) {
  if (const Status finished = finish_enrolment(folder); !finished) return fail(finished.error());
  const auto enrolment = enrolment_from(text);
  if (!enrolment) return fail(enrolment.error());
  auto enrolled = check(folder, *enrolment, now);
  if (!enrolled) return enrolled;
  if (const Status begun = replace_file(folder / under_way_name, as_bytes(text), 0600); !begun)
    return fail(begun.error());
  if (const Status finished = finish_enrolment(folder); !finished) return fail(finished.error());
  return enrolled;
}

Status finish_enrolment(const fs::path& folder) {
  const fs::path under_way = folder / under_way_name;
  const auto text = read_text_file(under_way, largest_enrolment_bytes);
  if (!text && text.error().code == ErrorCode::not_found) return {};
  if (!text) return fail(text.error());
  std::error_code failed;
  const auto enrolment = enrolment_from(*text);
  if (!enrolment) {
    // It was whole when it was put there, and will not become so again.
    fs::remove(under_way, failed);
    return fail(
        ErrorCode::corrupt,
        fmt::format("{} was damaged and is removed: have the camera enrolled again", under_way.string()));
  }
  if (Status installed = install(folder, *enrolment); !installed) return installed;
  fs::rename(under_way, folder / kept_name, failed);
  if (failed)
    return fail(ErrorCode::io, fmt::format("cannot rename {}: {}", under_way.string(), failed.message()));
  return {};
}

}  // namespace wayside
