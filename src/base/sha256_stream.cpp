#include "wayside/base/sha256_stream.hpp"

#include <sodium.h>

namespace wayside {

struct Sha256Stream::State {
  crypto_hash_sha256_state of{};
};

Sha256Stream::Sha256Stream() : state_(std::make_unique<State>()) {
  crypto_hash_sha256_init(&state_->of);
}
Sha256Stream::~Sha256Stream() = default;

void Sha256Stream::add(ByteView part) {
  crypto_hash_sha256_update(&state_->of, part.data(), part.size());
}

Sha256 Sha256Stream::finish() {
  Sha256 out{};
  crypto_hash_sha256_final(&state_->of, out.data());
  return out;
}

}  // namespace wayside
