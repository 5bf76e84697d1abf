// A plugin of QEMU's (tcg-plugins.rst, version 1 of its interface) that counts the instructions that a guest
// executes: how much work something is, whatever the host is busy with. A processor that waits executes none.
//
// -plugin count_instructions.so,file=FILE: FILE holds 64-bit numbers of the host's, eight for a processor, of
// which the first is its count.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

extern "C" {

// What Debian has no header for.
struct qemu_plugin_tb;
using PluginId = std::uint64_t;
void qemu_plugin_register_vcpu_tb_trans_cb(PluginId id, void (*translated)(PluginId, qemu_plugin_tb*));
std::size_t qemu_plugin_tb_n_insns(const qemu_plugin_tb* block);
void qemu_plugin_register_vcpu_tb_exec_cb(qemu_plugin_tb* block, void (*executed)(unsigned, void*), int flags,
                                          void* data);

__attribute__((visibility("default"))) extern const int qemu_plugin_version;
const int qemu_plugin_version = 1;
__attribute__((visibility("default"))) int qemu_plugin_install(PluginId id, const void* info, int argc,
                                                               char** argv);
}

namespace {

constexpr unsigned processors = 8;
struct alignas(64) Count {
  std::uint64_t instructions;
};
Count* counts = nullptr;

void executed(unsigned processor, void* instructions) {
  counts[processor % processors].instructions += reinterpret_cast<std::uintptr_t>(instructions);
}

void translated(PluginId /*id*/, qemu_plugin_tb* block) {
  constexpr int without_registers = 0;
  qemu_plugin_register_vcpu_tb_exec_cb(block, executed, without_registers,
                                       reinterpret_cast<void*>(qemu_plugin_tb_n_insns(block)));
}

}  // namespace

int qemu_plugin_install(PluginId id, const void* /*info*/, int argc, char** argv) {
  constexpr const char* option = "file=";
  if (argc != 1 || std::strncmp(argv[0], option, std::strlen(option)) != 0) return 1;
  const int file = ::open(argv[0] + std::strlen(option), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0 || ::ftruncate(file, sizeof(Count) * processors) != 0) return 1;
  void* shared = ::mmap(nullptr, sizeof(Count) * processors, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (shared == MAP_FAILED) return 1;
  counts = static_cast<Count*>(shared);
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  return 0;
}
