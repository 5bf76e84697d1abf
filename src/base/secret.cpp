#include "wayside/base/secret.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

#include <sodium.h>

namespace wayside {

Secret::Secret() {
  // Fails only where there is no source of random numbers: nothing that is secret could be made there.
  if (sodium_init() < 0) std::abort();
  // That the memory could not be locked is no failure of sodium_malloc().
  at_ = static_cast<std::uint8_t*>(sodium_malloc(bytes));
  if (at_ == nullptr) throw std::bad_alloc();
  sodium_memzero(at_, bytes);
}

Secret::Secret(ByteView value) : Secret() {
  if (value.size() != bytes) std::abort();
  std::copy(value.begin(), value.end(), at_);
}

Secret Secret::random() {
  Secret made;
  randombytes_buf(made.at_, bytes);
  return made;
}

Secret::Secret(Secret&& other) noexcept : at_(std::exchange(other.at_, nullptr)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    sodium_free(at_);
    at_ = std::exchange(other.at_, nullptr);
  }
  return *this;
}

Secret::~Secret() {
  sodium_free(at_);  // wipes
}

ByteView Secret::view() const {
  return at_ == nullptr ? ByteView{} : ByteView{at_, bytes};
}
std::span<std::uint8_t> Secret::data() {
  return at_ == nullptr ? std::span<std::uint8_t>{} : std::span{at_, bytes};
}

void wipe(std::span<std::uint8_t> bytes) {
  if (!bytes.empty()) sodium_memzero(bytes.data(), bytes.size());
}

void wipe(Bytes& bytes) {
  bytes.resize(bytes.capacity());
  wipe(std::span(bytes));
  bytes.clear();
}

void wipe(std::string& text) {
  text.resize(text.capacity());
  wipe(std::span(reinterpret_cast<std::uint8_t*>(text.data()), text.size()));
  text.clear();
}

}  // namespace wayside
