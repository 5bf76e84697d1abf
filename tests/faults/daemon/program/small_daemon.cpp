// A camera without recognition, to be killed at any moment: the real queue, sealing and uploader, fed with
// made up passes. It starts in a fraction of the time that waysided takes to load its models.
//
//   small_daemon IDENTITY QUEUE URL LIFE       appends and delivers until it is killed
//   small_daemon IDENTITY QUEUE URL drain      delivers what waits and ends with 0 when nothing does
//
// It prints "attempted MARK" before a pass is handed to the queue, "record_stored record=NUMBER mark=MARK"
// when it is safe, and "ready" when it begins. A pass carries its mark, which no other pass of any life has,
// as its document's configuration.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include "wayside/base/log.hpp"
#include "wayside/delivery/queue/record_queue.hpp"
#include "wayside/delivery/upload/uploader.hpp"
#include "wayside/device/identity/identity.hpp"

#include "tests/backoffice/sealing_camera.hpp"

namespace {

using namespace wayside;
using std::chrono::milliseconds;

template <class T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "small_daemon: %s\n", result.error().message.c_str());
  std::exit(2);
}

// One call, so that nothing of it is lost when the process is.
void say(const std::string& lines) {
  if (::write(STDOUT_FILENO, lines.data(), lines.size()) < 0) std::exit(2);
}

RecordParts pass(const std::string& device_id, const std::string& mark, std::size_t overview_bytes) {
  backoffice::SampleRecord sample = backoffice::sample_record(device_id);
  sample.document["configuration"] = mark;
  sample.overview = backoffice::sample_jpeg(mark + std::string(overview_bytes, '.'));
  auto& picture = sample.document["images"]["overview"];
  picture["bytes"] = sample.overview.size();
  picture["sha256"] = backoffice::hash_of(sample.overview);
  return backoffice::parts_of(sample);
}

[[noreturn]] void append_for_ever(RecordQueue& queue, Uploader& uploader, const std::string& device_id,
                                  std::uint64_t life) {
  std::mt19937_64 random(life);
  for (std::uint64_t next = 0;;) {
    std::vector<RecordParts> group;
    std::vector<std::string> marks;
    std::string attempted;
    for (std::uint64_t i = 0; i <= random() % 4; ++i) {
      char mark[17];
      std::snprintf(mark, sizeof mark, "%08llx%08llx", static_cast<unsigned long long>(life),
                    static_cast<unsigned long long>(next++));
      marks.emplace_back(mark);
      group.push_back(pass(device_id, mark, 500 + random() % 15'000));
      attempted += "attempted " + marks.back() + "\n";
    }
    say(attempted);
    const std::vector<SequenceNumber> numbers = must(queue.append(group));
    std::string stored;
    for (std::size_t i = 0; i < numbers.size(); ++i)
      stored += "record_stored record=" + std::to_string(numbers[i].value()) + " mark=" + marks[i] + "\n";
    say(stored);
    // Often written down, for whoever looks for a false acknowledgement after the kill.
    if (random() % 4 == 0 && !queue.flush()) std::exit(2);
    uploader.wake();
    std::this_thread::sleep_for(milliseconds(random() % 30));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  std::signal(SIGPIPE, SIG_IGN);
  log::start(log::Level::error, log::Format::console);
  const std::filesystem::path folder = argv[1];
  const std::string life = argv[4];
  const Identity identity = must(load_identity(folder));
  const auto sealer = make_record_sealer({identity.device_id,
                                          must(load_signing_seed(folder)),
                                          must(load_recipients(folder / "recipients")),
                                          {}});
  QueueOptions queue_options;
  queue_options.directory = argv[2];
  queue_options.segments = 32;
  queue_options.segment_bytes = 1U << 20U;
  queue_options.sealer = sealer.get();
  const auto queue = must(open_record_queue(queue_options));
  HttpsOptions https;
  https.url = argv[3];
  https.ca_certificate = identity.back_office_ca;
  https.certificate = identity.certificate;
  https.private_key = identity.private_key;
  https.time_limit = life == "drain" ? milliseconds(10'000) : milliseconds(500);
  const auto office = must(make_https_back_office(https));
  UploaderOptions options;
  options.device_id = identity.device_id;
  options.first_retry = milliseconds(5);
  options.longest_retry = milliseconds(50);
  options.longest_backlog_delay = milliseconds(20);
  CounterSet counters;
  const auto uploader = make_uploader(options, *queue, *office, counters);
  std::jthread upload([&](const std::stop_token& stop) { uploader->run(stop); });
  say("ready\n");
  if (life != "drain")
    append_for_ever(*queue, *uploader, identity.device_id, std::strtoull(life.c_str(), nullptr, 10));
  const bool drained = uploader->wait_drained(std::chrono::minutes(2));
  upload.request_stop();
  upload.join();
  return drained && queue->flush() && queue->depth().unacknowledged == 0 ? 0 : 1;
}
