#include "wayside/delivery/seal/secret_transfer.hpp"

#include <utility>

#include <fmt/format.h>
#include <sodium.h>

namespace wayside {

static_assert(sealed_secret_bytes == crypto_box_SEALBYTES + Secret::bytes);

Result<Bytes> seal_secret(const RecipientSecret& secret, const PublicKey& receiver) {
  Bytes sealed(sealed_secret_bytes);
  if (crypto_box_seal(sealed.data(), secret.secret.view().data(), Secret::bytes, receiver.data()) != 0) {
    return fail(ErrorCode::invalid_input,
                "the receiver's key is none that anything can be sealed to: make its key pair anew");
  }
  return sealed;
}

Result<RecipientSecret> open_secret(ByteView sealed, const RecipientSecret& receiver) {
  if (sealed.size() != sealed_secret_bytes) {
    return fail(ErrorCode::invalid_input, fmt::format("a sealed secret has {} bytes, and this one {}",
                                                      sealed_secret_bytes, sealed.size()));
  }
  Secret secret;
  if (crypto_box_seal_open(secret.data().data(), sealed.data(), sealed.size(), receiver.key.data(),
                           receiver.secret.view().data()) != 0) {
    return fail(ErrorCode::invalid_input, "a sealed secret was not sealed to the key of this transfer");
  }
  return recipient_secret_from(std::move(secret));
}

}  // namespace wayside
