#include "drivers/capture_link/slot_memory.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/dma-buf.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <unistd.h>

namespace wayside::capture_link {

namespace {

Result<Mapping> map(int descriptor, std::uint64_t bytes, int protection) {
  void* data = ::mmap(nullptr, bytes, protection, MAP_SHARED, descriptor, 0);
  if (data == MAP_FAILED) {
    return fail(ErrorCode::exhausted,
                fmt::format("cannot map {} bytes of a frame's memory: {}", bytes, std::strerror(errno)));
  }
  return Mapping(static_cast<std::uint8_t*>(data), bytes);
}

bool is_dma(int descriptor) {
  struct statfs kind {};
  return ::fstatfs(descriptor, &kind) == 0 && kind.f_type == DMA_BUF_MAGIC;
}

void sync(const Part& part, std::uint64_t flags) {
  if (!part.dma) return;
  dma_buf_sync asked{flags | DMA_BUF_SYNC_READ};
  // Where the exporter has nothing to do it may refuse, and there is nothing else to try.
  static_cast<void>(::ioctl(part.descriptor.get(), DMA_BUF_IOCTL_SYNC, &asked));
}

}  // namespace

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  if (this != &other) {
    unmap();
    data_ = std::exchange(other.data_, nullptr);
    bytes_ = std::exchange(other.bytes_, 0);
  }
  return *this;
}

Mapping::~Mapping() {
  unmap();
}

void Mapping::unmap() {
  if (data_ != nullptr) ::munmap(data_, bytes_);
}

Result<OwnMemory> make_memory(std::uint64_t bytes) {
  OwnMemory memory;
  memory.descriptor = Descriptor(::memfd_create("wayside-frame", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  const int descriptor = memory.descriptor.get();
  if (descriptor < 0 || ::ftruncate(descriptor, static_cast<off_t>(bytes)) != 0 ||
      ::fcntl(descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return fail(ErrorCode::exhausted,
                fmt::format("cannot make {} bytes of memory for frames: {}", bytes, std::strerror(errno)));
  }
  Result<Mapping> mapping = map(descriptor, bytes, PROT_READ | PROT_WRITE);
  if (!mapping) return fail(mapping.error());
  memory.mapping = std::move(*mapping);
  return memory;
}

Result<Part> map_part(Descriptor descriptor, std::uint64_t bytes) {
  Part part;
  part.dma = is_dma(descriptor.get());
  const int seals = part.dma ? F_SEAL_SHRINK : ::fcntl(descriptor.get(), F_GET_SEALS);
  const off_t end = ::lseek(descriptor.get(), 0, SEEK_END);
  if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 || end < 0 || static_cast<std::uint64_t>(end) < bytes) {
    return fail(ErrorCode::corrupt, fmt::format("a descriptor that is no memory of {} bytes", bytes));
  }
  Result<Mapping> mapping = map(descriptor.get(), bytes, PROT_READ);
  if (!mapping) return fail(mapping.error());
  part.descriptor = std::move(descriptor);
  part.mapping = std::move(*mapping);
  return part;
}

void begin_reading(const Part& part) {
  sync(part, DMA_BUF_SYNC_START);
}

void end_reading(const Part& part) {
  sync(part, DMA_BUF_SYNC_END);
}

}  // namespace wayside::capture_link
