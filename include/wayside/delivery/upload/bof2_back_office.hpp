// The profile "bof2": the police's own SOAP service (bof2.md). It takes plain text over TLS, so records are
// opened here, with keys that an unlock service lends, and every plain byte is wiped once it is sent.
//
// Threads: as BackOffice. Ownership: the keys outlive it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "wayside/base/result.hpp"
#include "wayside/delivery/upload/back_office.hpp"
#include "wayside/delivery/upload/unlock.hpp"

namespace wayside {

struct Bof2Options {
  HttpsOptions service;                  // the police service: its own authority, the certificate shown to it
  std::string path = "/";                // of the service, beginning with a slash
  HttpsOptions office;                   // who takes heartbeats, since the service has no form for them
  std::string username;                  // as the service knows this sender
  std::filesystem::path signature_file;  // one line, mode 0600; empty: the signature is sent empty
};

// Receipts: accepted means that the service answered the empty string, and no more: it echoes no hash, and
// has no word for repeats. later for everything while there is no key; refused for what no key opens, what a
// call cannot hold and pictures over the service's limits; no_form for all records but captures.
// invalid_input or not_found: as make_https_back_office(), and for the signature's file: missing, readable by
// others, no single line.
[[nodiscard]] Result<std::unique_ptr<BackOffice>> make_bof2_back_office(const Bof2Options& options,
                                                                        const UnlockKeys& keys);

}  // namespace wayside
