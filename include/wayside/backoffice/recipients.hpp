// Whom cameras seal their records to: the office's own keys, and other recipients that it passes on.
//
// One folder: <key id>.toml, a Recipient's public file as cameras get it, and beside it, for the office's
// own, <key id>.key, the secret half (0600). A key is retired by its valid_until; its secret stays for as
// long as records sealed to it may still come. A second controller's public file is put beside and passed on
// like the office's own.
//
// Threads: plain functions on files. Ownership: the folder belongs to the back office's user. Failure:
// invalid_input naming file and field, not_found naming the command to run.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "wayside/base/result.hpp"
#include "wayside/base/time.hpp"
#include "wayside/delivery/seal/keys.hpp"

namespace wayside::backoffice {

struct KnownRecipient {
  Recipient recipient;
  bool own = false;  // its secret is here
};
// By file name; an absent folder has none.
[[nodiscard]] Result<std::vector<KnownRecipient>> list_recipients(const std::filesystem::path& folder);

inline constexpr std::chrono::hours recipient_key_lifetime{24 * 730};

// Makes a key of the full view and names it as the successor of the office's newest one, if there is one.
// Without valid_from it is valid from ever, as the first one is: a camera's clock may be behind.
[[nodiscard]] Result<Recipient> make_recipient_key(const std::filesystem::path& folder,
                                                   std::optional<UtcTime> valid_from, UtcTime valid_until,
                                                   const std::string& name = "Back office");

// Every secret of the folder, also those whose public file is gone. not_found where there is none.
[[nodiscard]] Result<std::vector<RecipientSecret>> load_recipient_secrets(
    const std::filesystem::path& folder);

// Writes the public file of everybody whose key has not ended into `out`, and takes those away that it holds
// of others. Fails where none of them has the full view: no camera could record. `also` is another folder of
// recipients, for this one camera; it may be absent.
[[nodiscard]] Status pass_on_recipients(const std::filesystem::path& folder, const std::filesystem::path& out,
                                        UtcTime now, const std::filesystem::path& also = {});

}  // namespace wayside::backoffice
