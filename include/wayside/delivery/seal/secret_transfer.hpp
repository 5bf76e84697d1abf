// A recipient's secret key on its way to who may hold it in memory for a while: sealed to a key that the
// receiver made for this one transfer, so that no buffer of a network library ever holds it in clear.
//
// Threads: pure functions. Ownership: the receiver makes its key with make_recipient_secret() and forgets it
// when the transfer is done.
#pragma once

#include "wayside/base/bytes.hpp"
#include "wayside/base/result.hpp"
#include "wayside/delivery/seal/keys.hpp"

namespace wayside {

inline constexpr std::size_t sealed_secret_bytes = 80;  // crypto_box_seal of 32

// sealed_secret_bytes long. invalid_input: the receiver's key is none that anything can be sealed to.
[[nodiscard]] Result<Bytes> seal_secret(const RecipientSecret& secret, const PublicKey& receiver);
// invalid_input: of another length, or not sealed to this receiver.
[[nodiscard]] Result<RecipientSecret> open_secret(ByteView sealed, const RecipientSecret& receiver);

}  // namespace wayside
