// Looks at a copy of a camera's queue: what is in it, what is missing, whether the device signed it; at the
// receipt of a wipe, and at an exported audit trail.
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "wayside/base/files.hpp"
#include "wayside/delivery/verify/queue_verify.hpp"
#include "wayside/device/audit/trail.hpp"
#include "wayside/device/wipe/wipe.hpp"

#include "src/app/command_line.hpp"

namespace wayside::app {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view program = "wayside-verify";

constexpr const char* description =
    "Checks what a Wayside camera has kept, without being able to read it: every number from 1 on is\n"
    "there, acknowledged, or told as given up; every record is signed by the device; every record\n"
    "names the one before it. Whether the back office has what was acknowledged it cannot prove.";

constexpr const char* examples =
    "Examples, on a copy of the directory queue.directory of a camera that is not running:\n"
    "  wayside-verify queue card/queue --device device.crt\n"
    "  wayside-verify queue card/queue --device device.pub --json > report.json\n"
    "  wayside-verify queue card/queue --device device.crt --device earlier.crt\n\n"
    "The copy is only read, and no secret is needed: a certificate, or the public key as 64 hex digits.\n"
    "Of each number it says\n"
    "  present       it waits for delivery\n"
    "  acknowledged  the camera noted that the back office has it, or the gap record that tells it\n"
    "  evicted       given up for newer ones; a gap record that is there tells it, as the next four\n"
    "  expired       given up for its age\n"
    "  damaged       unreadable on the device, or never fully written before a power cut\n"
    "  interrupted   handed out before an unclean stop, and no record's\n"
    "  rolled_back   used already, as the back office knew: an older state of the card had been put back\n"
    "  torn          a record that does not check out, and that no gap record tells\n"
    "  missing       neither there nor told\n"
    "then totals of numbers, signatures and the chain, what is wrong with the files, and one sentence.\n"
    "After a power cut the last numbers may be torn or missing until the camera has started again and\n"
    "told them.\n\n"
    "What is proved: that the device signed each record counted as good, and their order. What is not: that\n"
    "acknowledged records were delivered. The camera's note of it is signed by nobody, and whoever holds the "
    "card\n"
    "can write it. Records written over since rest on it alone, as is usual on a busy camera; the last "
    "sentence\n"
    "says how many. Nor does an older copy of the card, put back, look any less whole. wayside-backoffice "
    "check\n"
    "knows which numbers have arrived. Where no signed record is there at all, nothing is proved: that ends "
    "with 1.\n\n"
    "Exit codes: 0 all is accounted for and good, 1 something is wrong, 2 the command line is wrong.";

struct Arguments {
  fs::path directory;
  std::vector<fs::path> devices;
  bool json = false;
};

int verify(const Arguments& arguments) {
  const Result<std::vector<PublicKey>> devices = load_device_keys(arguments.devices);
  if (!devices) return report(program, devices.error());
  const bool watched = ::isatty(STDERR_FILENO) == 1;
  const auto progress = [&](std::uint32_t done, std::uint32_t of) {
    constexpr std::uint32_t many = 32;
    if (!watched || of < many || done % 8 != 0) return;
    fmt::print(stderr, "\r{} of {} segments{}", done, of, done == of ? "\n" : "");
  };
  const Result<QueueReport> found = verify_queue(arguments.directory, *devices, progress);
  if (!found) return report(program, found.error());
  fmt::print("{}", arguments.json ? to_json(*found) : to_text(*found));
  return found->good ? exit_done : exit_failed;
}

constexpr const char* receipt_examples =
    "Example:\n"
    "  wayside-verify receipt receipt-0001.json --device device.crt\n\n"
    "The certificate is the one that the back office gave the camera before it was wiped. Prints what the\n"
    "receipt says where the camera's key signed it; whether the wipe was carried out to its end stands in "
    "the\n"
    "last line.\n\n"
    "Exit codes: 0 signed by the device, 1 it proves nothing, 2 the command line is wrong.";

constexpr const char* trail_examples =
    "Example:\n"
    "  wayside-verify trail audit.jsonl\n\n"
    "Of an audit trail as a camera's console exports it: every entry is signed, follows from the one before "
    "it,\n"
    "and none is missing. Its key is the camera's own; that it is this camera's shows only where the back\n"
    "office has the same entries (wayside-backoffice audit).\n\n"
    "Exit codes: 0 whole, 1 something is missing or was altered, 2 the command line is wrong.";

constexpr std::size_t largest_receipt = std::size_t{1} << 20U;
constexpr std::size_t largest_trail = std::size_t{256} << 20U;

int verify_receipt(const Arguments& arguments) {
  const Result<std::vector<PublicKey>> devices = load_device_keys(arguments.devices);
  if (!devices) return report(program, devices.error());
  const Result<std::string> text = read_text_file(arguments.directory, largest_receipt);
  if (!text) return report(program, text.error());
  Error why;
  for (const PublicKey& device : *devices) {
    const Result<std::string> said = check_wipe_receipt(*text, device);
    if (said) {
      fmt::print("{}", *said);
      return exit_done;
    }
    why = said.error();
  }
  return report(program, why.context(arguments.directory.string()));
}

int verify_exported_trail(const Arguments& arguments) {
  const Result<std::string> text = read_text_file(arguments.directory, largest_trail);
  if (!text) return report(program, text.error());
  const TrailReport found = verify_trail(*text);
  for (const std::string& note : found.notes)
    fmt::print("note: {}\n", note);
  for (const std::string& fault : found.faults)
    fmt::print("FAULT: {}\n", fault);
  if (found.first == 0) {
    fmt::print("there is no entry in it\n");
    return exit_failed;
  }
  fmt::print("entries {} to {}: {}\n", found.first, found.last, found.good() ? "whole" : "NOT WHOLE");
  return found.good() ? exit_done : exit_failed;
}

int run(int argc, const char* const* argv) {
  CLI::App app(description, std::string(program));
  prepare(app);
  app.footer(examples);
  app.require_subcommand(1);
  Arguments arguments;
  CLI::App* queue = app.add_subcommand("queue", "Check a copied queue directory");
  queue->footer(examples);
  queue->add_option("directory", arguments.directory, "The copied directory")->required();
  queue
      ->add_option(
          "--device", arguments.devices,
          "The device's certificate (PEM), or a file of its public key in hex; again for each key it "
          "had while records of the queue were written")
      ->allow_extra_args(false)
      ->required();
  queue->add_flag("--json", arguments.json, "Print one JSON object instead of lines");
  CLI::App* receipt = app.add_subcommand("receipt", "Check the receipt of a camera that was wiped");
  receipt->footer(receipt_examples);
  receipt->add_option("file", arguments.directory, "The receipt")->required();
  receipt
      ->add_option("--device", arguments.devices,
                   "The device's certificate (PEM), or a file of its public key in hex; again for more")
      ->allow_extra_args(false)
      ->required();
  CLI::App* trail = app.add_subcommand("trail", "Check an exported audit trail");
  trail->footer(trail_examples);
  trail->add_option("file", arguments.directory, "The exported trail")->required();
  if (const std::optional<int> code = parse(app, argc, argv)) return *code;
  if (receipt->parsed()) return verify_receipt(arguments);
  return trail->parsed() ? verify_exported_trail(arguments) : verify(arguments);
}

}  // namespace
}  // namespace wayside::app

int main(int argc, char** argv) {
  return wayside::app::run_program(wayside::app::program, [&] { return wayside::app::run(argc, argv); });
}
