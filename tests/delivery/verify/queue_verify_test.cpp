// What wayside-verify says of queues that are sound, cut short, changed, or none.
#include "wayside/delivery/verify/queue_verify.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/wait.h>

#include "wayside/base/little_endian.hpp"

#include "src/delivery/queue/acknowledgements.hpp"
#include "src/delivery/queue/record_format.hpp"
#include "tests/delivery/queue/queue_fixture.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside::flash::testing {
namespace {

using little_endian::put;

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Verify : public ::testing::Test {
 protected:
  void copy_out() {
    fs::remove_all(copy());
    fs::create_directory(copy());
    for (const auto& [name, bytes] : device_.durable)
      write(copy() / name, bytes);
  }
  static void write(const fs::path& path, const Bytes& bytes) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  [[nodiscard]] fs::path copy() const { return folder_.path() / "copy"; }

  QueueReport verified() {
    copy_out();
    const Result<QueueReport> report = verify_queue(copy(), {sealer().test().device_key()});
    EXPECT_TRUE(report) << report.error().message;
    return report ? *report : QueueReport{};
  }
  static std::uint64_t count(const QueueReport& report, NumberFate fate) {
    return report.counts.at(static_cast<std::size_t>(fate));
  }
  static std::optional<NumberFate> fate(const QueueReport& report, std::uint64_t number) {
    for (const QueueReport::Range& range : report.numbers) {
      if (range.first <= number && number <= range.last) return range.fate;
    }
    return std::nullopt;
  }

  // Six records of both logs, the second acknowledged.
  void keep_six() {
    const auto queue = opened(device_, options_);
    for (int i = 0; i < 6; ++i) {
      ASSERT_TRUE(append_one(
          *queue, record("r" + std::to_string(i), 9000, i == 3 ? RecordClass::hit : RecordClass::ordinary)));
    }
    ASSERT_TRUE(queue->acknowledge(SequenceNumber(2)));
  }
  // The program's output and exit code.
  std::pair<std::string, int> run(const std::string& arguments) const {
    const std::string command =
        std::string(std::getenv("WAYSIDE_BINARY_DIR")) + "/bin/wayside-verify " + arguments + " 2>&1";
    std::FILE* pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) return {};
    std::string out;
    std::array<char, 4096> buffer{};
    while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe))
      out.append(buffer.data(), got);
    const int status = ::pclose(pipe);
    return {out, WIFEXITED(status) ? WEXITSTATUS(status) : -1};
  }
  [[nodiscard]] fs::path key_file() const {
    const fs::path path = folder_.path() / "device.pub";
    std::ofstream(path) << to_hex(sealer().test().device_key()) << "\n";
    return path;
  }

  doubles::TemporaryFolder folder_;
  FaultyDevice device_;
  QueueOptions options_ = [] {
    QueueOptions options = small_queue();
    options.segments = 8;
    return options;
  }();
};

TEST_F(Verify, FindsASoundQueueGoodAndSaysWhereEveryNumberIs) {
  keep_six();
  const QueueReport report = verified();
  EXPECT_TRUE(report.good) << to_text(report);
  EXPECT_EQ(fate(report, 1), NumberFate::present);
  EXPECT_EQ(fate(report, 2), NumberFate::acknowledged);
  EXPECT_EQ(fate(report, 4), NumberFate::present);
  EXPECT_EQ(report.numbers.size(), 3U);
  EXPECT_EQ(report.records, 6U);
  EXPECT_EQ(report.signatures_good, 6U);
  EXPECT_EQ(report.links_good, 6U);
  EXPECT_EQ(report.device_id, "0123456789abcdef");
}

TEST_F(Verify, DoesNotBelieveABlockThatAnybodyCanWrite) {
  keep_six();
  const QueueUuid uuid = verified().uuid;
  // Whoever has the card and knows the format: all records gone, and a block that says they were delivered.
  const auto claim = [&](std::uint64_t last) {
    FaultyDisk disk(device_);
    Acknowledgements blocks(std::move(*disk.open("ack-0")), std::move(*disk.open("ack-1")));
    Settled settled = blocks.load(uuid).settled;
    settled.numbers.add(NumberRange{1, last});
    settled.reserved_until = std::max(settled.reserved_until, last + 1);
    ASSERT_TRUE(blocks.store(uuid, settled));
  };
  claim(6);
  EXPECT_TRUE(verified().good) << "a queue that is drained, and all its records still there";
  EXPECT_EQ(verified().unsigned_acknowledged, 0U);
  claim(9);
  QueueReport report = verified();
  EXPECT_FALSE(report.good) << to_text(report);
  EXPECT_THAT(report.verdict,
              HasSubstr("3 numbers are called acknowledged after the newest record that is there"));
  for (auto& [name, bytes] : device_.durable) {
    if (name.starts_with("seg-"))
      std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(segment_header_bytes), bytes.end(),
                std::uint8_t{0});
  }
  report = verified();
  EXPECT_FALSE(report.good) << to_text(report);
  EXPECT_EQ(count(report, NumberFate::acknowledged), 9U);
  EXPECT_EQ(report.unsigned_acknowledged, 9U);
  EXPECT_THAT(report.verdict, HasSubstr("no record that this device signed is there"));
  EXPECT_THAT(report.verdict, HasSubstr("9 numbers are acknowledged by a block that anybody can write"));
  EXPECT_THAT(to_json(report), HasSubstr("\"unsigned_acknowledged\": 9"));
}

TEST_F(Verify, SaysOfABusyCameraHowManyNumbersRestOnTheBlockAlone) {
  const auto queue = opened(device_, options_);
  for (std::uint64_t number = 1; number <= 120; ++number) {
    ASSERT_TRUE(
        append_one(*queue, record("r", 9000, number % 5 == 0 ? RecordClass::hit : RecordClass::ordinary)));
    ASSERT_TRUE(queue->acknowledge(SequenceNumber(number)));
    if (number % 10 != 0) continue;
    ASSERT_TRUE(queue->flush());
    const QueueReport report = verified();
    ASSERT_TRUE(report.good) << to_text(report);
  }
  const QueueReport report = verified();
  EXPECT_EQ(count(report, NumberFate::acknowledged), 120U);
  EXPECT_EQ(report.unsigned_acknowledged, 120 - report.signatures_good);
  EXPECT_GT(report.unsigned_acknowledged, 60U);
  EXPECT_THAT(report.verdict, HasSubstr("good: every number"));
  EXPECT_THAT(report.verdict,
              HasSubstr("numbers are acknowledged by a block that anybody can write, the records "
                        "are no longer there: ask the back office's check"));
}

TEST_F(Verify, FindsGapsOfEveryReasonAccountedFor) {
  {
    auto queue = opened(device_, options_);
    for (int i = 0; i < 80; ++i)
      ASSERT_TRUE(
          append_one(*queue, record("r", 9000, i % 4 == 0 ? RecordClass::hit : RecordClass::ordinary)));
    device_.fail_sync_from = device_.syncs;
    ASSERT_TRUE(append_one(*queue, record("again")));
    ASSERT_TRUE(queue->mark_day(7));
    ASSERT_TRUE(append_one(*queue, record("later")));
    device_.fail_sync_from = FaultyDevice::never;
    EXPECT_GT(*queue->expire(8), 0U);
    ASSERT_TRUE(queue->skip_through(SequenceNumber(queue->chain().number.value() + 7)));
    ASSERT_TRUE(append_one(*queue, record("last")));
  }
  const QueueReport report = verified();
  EXPECT_TRUE(report.good) << to_text(report);
  for (const NumberFate one : {NumberFate::present, NumberFate::evicted, NumberFate::expired,
                               NumberFate::interrupted, NumberFate::rolled_back})
    EXPECT_GT(count(report, one), 0U) << to_string(one);
  EXPECT_GT(report.links_gapped, 0U);
  EXPECT_EQ(report.links_unknown, 0U);
}

TEST_F(Verify, TellsATornAndAMissingRecordAndTheLinkBetween) {
  keep_six();
  // Groups of one, three blocks each, in the reads' segment; number 4 stands in the other.
  device_.flip_bit("seg-0000", segment_header_bytes + 5000, 1);
  device_.flip_bit("seg-0000", segment_header_bytes + 2 * 12288 + 3, 1);
  const QueueReport report = verified();
  EXPECT_FALSE(report.good);
  EXPECT_EQ(fate(report, 1), NumberFate::torn);
  EXPECT_EQ(fate(report, 3), NumberFate::missing);
  EXPECT_EQ(report.links_unknown, 2U);
  EXPECT_THAT(report.verdict, HasSubstr("2 numbers are not accounted for"));
  { ASSERT_TRUE(append_one(*opened(device_, options_), record("next"))); }
  EXPECT_TRUE(verified().good) << "the camera has told them";
}

TEST_F(Verify, TellsAForeignKeyAChangedHeadAndAnExchangedRecord) {
  keep_six();
  copy_out();
  const Result<QueueReport> foreign = verify_queue(copy(), {PublicKey{1, 2, 3}});
  ASSERT_TRUE(foreign);
  EXPECT_EQ(foreign->signatures_bad, 6U);
  EXPECT_FALSE(foreign->good);

  // Somebody who knows the format writes another head with good checksums: another class of record.
  Bytes& bytes = device_.durable.at("seg-0000");
  const std::span<std::uint8_t> frame = std::span(bytes).subspan(segment_header_bytes);
  const Result<FrameHeader> header = decode_frame_header(frame);
  ASSERT_TRUE(header);
  Result<DecodedRecord> decoded = decode_record(frame.first(header->stored_bytes()));
  ASSERT_TRUE(decoded);
  decoded->record.head[decoded->record.head.size() - 1] ^= 1;
  Bytes changed;
  FrameHeader again = *header;
  encode(again, decoded->record, changed);
  std::copy(changed.begin(), changed.end(), frame.begin());
  const QueueReport report = verified();
  EXPECT_EQ(report.signatures_bad, 1U);
  EXPECT_EQ(report.links_broken, 1U) << "the next one names the hash of what stood there";
  EXPECT_EQ(report.first_break, 2U);
  EXPECT_THAT(report.verdict, HasSubstr("the chain is broken at 2"));
}

TEST_F(Verify, SaysWhatIsWrongWithTheFilesInSentences) {
  keep_six();
  const auto sound = device_.durable;
  const auto told = [&](const auto& change, const std::string& sentence) {
    device_.durable = sound;
    change(device_.durable);
    const QueueReport report = verified();
    EXPECT_FALSE(report.good);
    EXPECT_THAT(to_text(report), HasSubstr(sentence));
  };
  using Files = std::map<std::string, Bytes>;
  told([](Files& files) { files["holiday.jpg"] = Bytes(10); }, "\"holiday.jpg\" is no file of a queue");
  told([](Files& files) { files.erase("seg-0005"); }, "seg-0005 is not there");
  told([](Files& files) { files.erase("ack-1"); }, "ack-1 is not there");
  told([](Files& files) { files.at("seg-0004").resize(100); }, "seg-0004 has no header that checks out");
  told([](Files& files) { files.at("seg-0000").resize(20'000); },
       "seg-0000 is 20000 bytes long instead of 65536");
  told([](Files& files) { files.at("seg-0000").resize(70'000); },
       "seg-0000 is 70000 bytes long instead of 65536");
  told([](Files& files) { files.at("ack-0").resize(66'000); }, "ack-0 is 66000 bytes long instead of 65536");
  FaultyDevice other;
  { ASSERT_TRUE(append_one(*opened(other, options_), record("other"))); }
  told([&](Files& files) { files.at("ack-1") = other.durable.at("ack-0"); }, "ack-1 is of another queue");
  told([](Files& files) { files.at("ack-1").clear(); }, "ack-1 is 0 bytes long instead of 65536");
  told(
      [](Files& files) {
        std::fill(files.at("seg-0001").begin(), files.at("seg-0001").end(), std::uint8_t{7});
      },
      "seg-0001 has no header that checks out");
  told([](Files& files) { files.at("ack-0").assign(100, 1), files.at("ack-1").assign(100, 1); },
       "no acknowledgement block checks out");
  told(
      [](Files& files) {
        for (const std::size_t copy : {std::size_t{0}, block_bytes}) {
          const auto block = std::span(files.at("seg-0003")).subspan(copy, block_bytes);
          put(block, 8, std::uint16_t{3});
          put(block, 508, crc32c(block.first(508)));
        }
      },
      "seg-0003 was written by another version of the format than 2");
}

TEST_F(Verify, TakesAnythingForAQueueWithoutEnding) {
  keep_six();
  std::mt19937_64 random(1);
  const auto sound = device_.durable;
  for (int i = 0; i < 60; ++i) {
    device_.durable = sound;
    for (auto& [name, bytes] : device_.durable) {
      for (std::uint64_t flips = random() % 40; flips > 0; --flips)
        bytes[random() % bytes.size()] ^= static_cast<std::uint8_t>(1U << random() % 8);
      if (random() % 4 == 0) bytes.resize(random() % bytes.size());
    }
    copy_out();
    const Result<QueueReport> report = verify_queue(copy(), {sealer().test().device_key()});
    if (!report) continue;
    EXPECT_FALSE(report->verdict.empty());
    EXPECT_FALSE(to_json(*report).empty());
    std::uint64_t next = 1;
    for (const QueueReport::Range& range : report->numbers) {
      EXPECT_EQ(range.first, next);
      next = range.last + 1;
    }
  }
}

TEST_F(Verify, RefusesADirectoryWithoutAQueue) {
  const Result<QueueReport> none = verify_queue(folder_.path() / "none", {PublicKey{}});
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("cannot open"));
  fs::create_directory(copy());
  const Result<QueueReport> empty = verify_queue(copy(), {PublicKey{}});
  ASSERT_FALSE(empty);
  EXPECT_THAT(empty.error().message, HasSubstr("holds no segment of a queue"));
}

// Writes a certificate of a new key, and returns the key.
PublicKey write_certificate(const fs::path& path, const std::string& name) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
  X509_set_pubkey(certificate.get(), key.get());
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.data()),
                             static_cast<int>(name.size()), -1, 0);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86'400);
  X509_sign(certificate.get(), key.get(), nullptr);
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return {};
  PEM_write_X509(file, certificate.get());
  std::fclose(file);
  PublicKey out{};
  std::size_t length = out.size();
  EVP_PKEY_get_raw_public_key(key.get(), out.data(), &length);
  return out;
}

TEST_F(Verify, TakesACertificateForAKey) {
  const fs::path path = folder_.path() / "device.crt";
  const PublicKey expected = write_certificate(path, "0123456789abcdef");
  const Result<DeviceKey> loaded = load_device_key(path);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->key, expected);
  EXPECT_EQ(loaded->device_id, "0123456789abcdef");
  EXPECT_EQ(load_device_key(key_file())->key, sealer().test().device_key());
  for (const char* text : {"", "12", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}) {
    std::ofstream(path) << text;
    EXPECT_EQ(load_device_key(path).error().code, ErrorCode::invalid_input);
  }
}

TEST_F(Verify, TakesSeveralKeysOfOneDevice) {
  keep_six();
  copy_out();
  const PublicKey key = sealer().test().device_key();
  for (const std::vector<PublicKey>& keys :
       {std::vector{PublicKey{1, 2, 3}, key}, std::vector{key, PublicKey{4}}})
    EXPECT_TRUE(verify_queue(copy(), keys)->good);
  EXPECT_FALSE(verify_queue(copy(), {PublicKey{1, 2, 3}, PublicKey{4}})->good);

  const fs::path first = folder_.path() / "first.crt";
  const fs::path renewed = folder_.path() / "renewed.crt";
  const fs::path stranger = folder_.path() / "stranger.crt";
  const std::vector<PublicKey> written = {write_certificate(first, "0123456789abcdef"),
                                          write_certificate(renewed, "0123456789abcdef"), key};
  write_certificate(stranger, "fedcba9876543210");
  EXPECT_EQ(load_device_keys({first, renewed, key_file()}).value(), written);
  const auto two = load_device_keys({first, key_file(), stranger});
  ASSERT_FALSE(two);
  EXPECT_EQ(two.error().code, ErrorCode::invalid_input);
  EXPECT_THAT(two.error().message, HasSubstr("expected keys of one device only"));

  const auto [text, code] =
      run("queue --device " + first.string() + " --device " + key_file().string() + " " + copy().string());
  EXPECT_EQ(code, 0) << text;
}

TEST_F(Verify, ProgramEndsWithZeroForAGoodQueueAndWithOneForABadOneAndChangesNothing) {
  keep_six();
  copy_out();
  for (const auto& entry : fs::directory_iterator(copy()))
    fs::permissions(entry, fs::perms::owner_read);
  fs::permissions(copy(), fs::perms::owner_read | fs::perms::owner_exec);
  const std::string arguments = "queue " + copy().string() + " --device " + key_file().string();
  const auto [text, code] = run(arguments);
  EXPECT_EQ(code, 0) << text;
  EXPECT_THAT(text, HasSubstr("  2 acknowledged\n"));
  EXPECT_THAT(text, HasSubstr("good: every number is accounted for"));
  const auto [json, json_code] = run(arguments + " --json");
  EXPECT_EQ(json_code, 0);
  const nlohmann::json report = nlohmann::json::parse(json);
  EXPECT_EQ(report.at("good"), true);
  EXPECT_EQ(report.at("counts").at("present"), 5);
  fs::permissions(copy(), fs::perms::owner_all);
  for (const auto& [name, bytes] : device_.durable) {
    std::ifstream in(copy() / name, std::ios::binary);
    EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), std::istreambuf_iterator<char>(in),
                           [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); }))
        << name;
  }
  device_.durable.erase("seg-0000");
  copy_out();
  const auto [bad, bad_code] = run(arguments);
  EXPECT_EQ(bad_code, 1);
  EXPECT_THAT(bad, HasSubstr("not good: 3 numbers are not accounted for"));
}

TEST_F(Verify, ProgramEndsWithTwoForAWrongCommandLine) {
  EXPECT_EQ(run("").second, 2);
  EXPECT_EQ(run("queue").second, 2);
  std::ofstream(folder_.path() / "no.key") << "none\n";
  const auto [text, code] = run("queue /tmp --device " + (folder_.path() / "no.key").string());
  EXPECT_EQ(code, 2);
  EXPECT_THAT(text, HasSubstr("expected a device's certificate in PEM"));
  EXPECT_EQ(run("queue --help").second, 0);
}

}  // namespace
}  // namespace wayside::flash::testing
