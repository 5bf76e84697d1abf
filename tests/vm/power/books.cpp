#include "tests/vm/power/books.hpp"

#include <sstream>
#include <stdexcept>

#include <fmt/format.h>

#include "wayside/delivery/verify/queue_verify.hpp"

#include "tests/vm/power/marked_record.hpp"
#include "tests/vm/power/power_keys.hpp"

namespace wayside::vm {

namespace {

NumberFate fate_of(const QueueReport& report, std::uint64_t number) {
  for (const QueueReport::Range& range : report.numbers) {
    if (number >= range.first && number <= range.last) return range.fate;
  }
  return NumberFate::missing;
}

}  // namespace

Findings& Findings::operator+=(const Findings& other) {
  recovered += other.recovered;
  duplicated += other.duplicated;
  lost += other.lost;
  false_acceptances += other.false_acceptances;
  unattempted += other.unattempted;
  problems.insert(problems.end(), other.problems.begin(), other.problems.end());
  return *this;
}

void Books::hear(const std::string& line) {
  std::istringstream words(line);
  std::string verb, word;
  words >> verb;
  const auto wrong = [&] { return std::runtime_error("the writer said \"" + line + "\""); };
  if (verb == "attempt") {
    while (words >> word)
      attempted_.insert(word);
  } else if (verb == "accepted") {
    while (words >> word) {
      const std::size_t equals = word.find('=');
      if (equals == std::string::npos) throw wrong();
      const std::uint64_t number = std::stoull(word.substr(0, equals));
      const std::string mark = word.substr(equals + 1);
      if (!accepted_.emplace(number, mark).second || !number_.emplace(mark, number).second) throw wrong();
    }
  } else if (verb == "acknowledge") {
    while (words >> word)
      acknowledged_.insert(std::stoull(word));
  } else if (verb == "refused") {
    ++refusals_;
  } else if (verb == "done") {
    words >> failed_syncs_;
    done_ = true;
  } else if (verb != "opened") {
    throw wrong();
  }
}

Findings Books::examine(const std::filesystem::path& directory, const std::filesystem::path& keys) const {
  Findings findings;
  const auto problem = [&](std::string sentence) { findings.problems.push_back(std::move(sentence)); };
  doubles::TestSealer sealer = power_sealer(keys);
  auto queue = open_record_queue(power_queue(directory, sealer));
  if (!queue) {
    problem("the queue does not open: " + queue.error().message);
    findings.lost = accepted_.size();
    return findings;
  }
  std::map<std::uint64_t, std::string> found;
  std::set<std::string> marks;
  for (const WaitingRecord& one : (*queue)->waiting(RecordQueue::Order::oldest_first, {}, SIZE_MAX)) {
    const std::uint64_t number = one.number.value();
    const auto record = (*queue)->read(one.number);
    if (!record) {
      problem(record.error().message);
      continue;
    }
    if (one.type == RecordType::gap) continue;
    const auto parts = sealer.open(*record);
    const std::string mark = parts ? std::string(parts->document.begin(), parts->document.end()) : "";
    if (!parts || !same(*parts, marked_record(mark))) {
      problem(fmt::format("record {} is not what was handed in", number));
      continue;
    }
    ++findings.recovered;
    found[number] = mark;
    if (!attempted_.contains(mark)) {
      ++findings.unattempted;
      problem(fmt::format("record {} is {}, which nobody handed in", number, mark));
    }
    const auto known = number_.find(mark);
    if (!marks.insert(mark).second || (known != number_.end() && known->second != number)) {
      ++findings.duplicated;
      problem(fmt::format("{} is there again as record {}", mark, number));
    }
  }

  const RecordParts last = marked_record("after the cut");
  const auto probe = (*queue)->append({&last, 1});
  if (!probe) {
    problem("the queue takes no record any more: " + probe.error().message);
    return findings;
  }
  queue->reset();
  const auto report = verify_queue(directory, {sealer.device_key()});
  if (!report || !report->good) problem(report ? to_text(*report) : report.error().message);

  for (const auto& [number, mark] : accepted_) {
    const auto there = found.find(number);
    if (there != found.end() && there->second == mark) continue;
    const NumberFate fate = report ? fate_of(*report, number) : NumberFate::missing;
    if (fate == NumberFate::acknowledged && acknowledged_.contains(number)) continue;
    const bool never_used = fate == NumberFate::interrupted || number >= probe->front().value();
    ++(there != found.end() || never_used ? findings.false_acceptances : findings.lost);
    problem(fmt::format("record {} ({}) was accepted and is {}", number, mark,
                        there != found.end() ? there->second
                        : never_used         ? "told as never used"
                                             : std::string(to_string(fate))));
  }
  return findings;
}

}  // namespace wayside::vm
