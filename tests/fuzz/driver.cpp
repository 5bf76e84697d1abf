// The main program of a fuzz target where libFuzzer is not: runs the seeds, then mutations of them.
//
//   <target>_fuzz PATH... [--seconds N] [--runs N] [--seed N]
//
// A PATH is one input, or a folder of seeds beside which FOLDER.dict may hold words in libFuzzer's form. The
// mutations follow from the seed alone; the time only says how many of them there are. An input that breaks
// the target is kept as crash-<hash>.
#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <utility>
#include <vector>

#include <fcntl.h>

#include "wayside/base/bytes.hpp"

#include "tests/fuzz/fuzz.hpp"

#if defined(__SANITIZE_ADDRESS__)
extern "C" const char* __asan_default_options();  // NOLINT: the sanitizer's name
extern "C" const char* __asan_default_options() {
  return "abort_on_error=1:allocator_may_return_null=1:max_allocation_size_mb=4096";
}
#endif

namespace {

namespace fs = std::filesystem;
using wayside::Bytes;

constexpr std::size_t longest_input = std::size_t{64} << 10U;
constexpr unsigned longest_run_s = 60;

// What the signal handler needs.
const Bytes* current = nullptr;
char crash_file[64] = "crash";

void keep_input_and_die(int signal) {
  if (current != nullptr) {
    const int file = ::open(crash_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file >= 0 && ::write(file, current->data(), current->size()) >= 0) {
      static_cast<void>(::write(STDERR_FILENO, "input kept as ", 14) +
                        ::write(STDERR_FILENO, crash_file, std::strlen(crash_file)) +
                        ::write(STDERR_FILENO, "\n", 1));
    }
    ::close(file);
  }
  std::signal(signal, SIG_DFL);
  static_cast<void>(std::raise(signal));
}

void catch_signals() {
  static std::array<char, std::size_t{1} << 16U> stack;  // a stack that ran over cannot hold its handler
  const stack_t alternate{stack.data(), 0, stack.size()};
  ::sigaltstack(&alternate, nullptr);
  struct sigaction action {};
  action.sa_handler = keep_input_and_die;
  action.sa_flags = SA_ONSTACK | static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGABRT, &action, nullptr);
  ::sigaction(SIGALRM, &action, nullptr);
#if !defined(__SANITIZE_ADDRESS__)  // which reports these itself, and then aborts
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL})
    ::sigaction(signal, &action, nullptr);
#endif
}

void run(const Bytes& input) {
  const std::string name = "crash-" + wayside::to_hex(wayside::sha256(input)).substr(0, 16);
  std::copy_n(name.c_str(), name.size() + 1, crash_file);
  current = &input;
  ::alarm(longest_run_s);
  // A copy of its own, so that a sanitizer sees a read past its end.
  const std::vector<std::uint8_t> copy(input);
  static_cast<void>(LLVMFuzzerTestOneInput(copy.data(), copy.size()));
  ::alarm(0);
  current = nullptr;
}

Bytes content_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  wayside::fuzz::require(in.good(), "every given path can be read");
  return {std::istreambuf_iterator<char>(in), {}};
}

// Lines of the form  name="text with \\ \" \xAB"  (the name may be left out).
std::vector<Bytes> words_of(const fs::path& dictionary) {
  std::vector<Bytes> words;
  std::ifstream in(dictionary);
  for (std::string line; std::getline(in, line);) {
    const std::size_t begin = line.find('"');
    const std::size_t end = line.rfind('"');
    if (line.front() == '#' || begin == std::string::npos || end == begin) continue;
    Bytes word;
    for (std::size_t i = begin + 1; i < end; ++i) {
      if (line[i] == '\\' && i + 3 < end && line[i + 1] == 'x') {
        word.push_back(static_cast<std::uint8_t>(std::stoi(line.substr(i + 2, 2), nullptr, 16)));
        i += 3;
      } else {
        i += line[i] == '\\' && i + 1 < end ? 1U : 0U;
        word.push_back(static_cast<std::uint8_t>(line[i]));
      }
    }
    words.push_back(std::move(word));
  }
  return words;
}

class Mutator {
 public:
  Mutator(std::vector<Bytes> seeds, std::vector<Bytes> words, std::uint64_t seed)
      : seeds_(std::move(seeds)), words_(std::move(words)), random_(seed) {}

  Bytes next() {
    Bytes input = seeds_[below(seeds_.size())];
    for (std::size_t left = std::size_t{1} << below(5); left > 0; --left)
      mutate(input);
    if (input.size() > longest_input) input.resize(longest_input);
    return input;
  }

 private:
  // Not a distribution of the standard library: those differ from one library to the next.
  std::size_t below(std::size_t end) { return end == 0 ? 0 : random_() % end; }
  std::uint8_t byte() {
    constexpr std::uint8_t telling[] = {0,    1,    9,    10,   13,  32,  0x7F, 0x80,
                                        0x9B, 0xC2, 0xED, 0xFF, '"', '0', '9',  '-'};
    return below(2) == 0 ? telling[below(std::size(telling))] : static_cast<std::uint8_t>(below(256));
  }
  static auto at(Bytes& bytes, std::size_t i) { return bytes.begin() + static_cast<std::ptrdiff_t>(i); }

  // A short piece is likelier than a long one.
  struct Piece {
    std::size_t from, size;
  };
  Piece piece_of(const Bytes& bytes) {
    const std::size_t from = below(bytes.size());
    const std::size_t most = std::size_t{1} << below(13);
    return {from, std::min(bytes.size() - from, 1 + below(most))};
  }

  void mutate(Bytes& input) {
    const std::size_t place = below(input.size() + 1);
    if (input.empty()) {
      insert(input, 0, Bytes{byte()});
      return;
    }
    const Piece piece = piece_of(input);
    switch (below(8)) {
      case 0:
        input[piece.from] = static_cast<std::uint8_t>(input[piece.from] ^ (1U << below(8)));
        break;
      case 1:
        input[piece.from] = byte();
        break;
      case 2:
        insert(input, place, Bytes(1 + below(4), byte()));
        break;
      case 3:
        input.erase(at(input, piece.from), at(input, piece.from + piece.size));
        break;
      case 4: {  // what is there, somewhere else, once or very often
        const Bytes copy(at(input, piece.from), at(input, piece.from + piece.size));
        const std::size_t times = below(64) == 0 ? longest_input / copy.size() : 1 + below(3);
        for (std::size_t i = 0; i < times && input.size() < longest_input; ++i)
          insert(input, place, copy);
        break;
      }
      case 5: {  // the head of this one and the tail of another
        const Bytes& other = seeds_[below(seeds_.size())];
        const Piece tail = piece_of(other);
        input.resize(place);
        input.insert(input.end(),
                     other.begin() + static_cast<std::ptrdiff_t>(std::min(tail.from, other.size())),
                     other.end());
        break;
      }
      default:
        if (words_.empty()) {
          insert(input, place, Bytes{byte()});
        } else {  // a word, put in or put over what is there
          const Bytes& word = words_[below(words_.size())];
          if (below(2) == 0)
            input.erase(at(input, piece.from), at(input, std::min(input.size(), piece.from + word.size())));
          insert(input, std::min(piece.from, input.size()), word);
        }
    }
  }
  static void insert(Bytes& input, std::size_t place, const Bytes& what) {
    input.insert(at(input, place), what.begin(), what.end());
  }

  std::vector<Bytes> seeds_;
  std::vector<Bytes> words_;
  std::mt19937_64 random_;
};

}  // namespace

int main(int argc, char** argv) {
  std::vector<Bytes> seeds;
  std::vector<Bytes> words;
  std::uint64_t seconds = 0;
  std::uint64_t least_runs = 0;
  std::uint64_t seed = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if ((argument == "--seconds" || argument == "--seed" || argument == "--runs") && i + 1 < argc) {
      (argument == "--seconds" ? seconds : argument == "--seed" ? seed : least_runs) = std::stoull(argv[++i]);
    } else if (fs::is_directory(argument)) {
      std::vector<fs::path> files;
      for (const auto& entry : fs::directory_iterator(argument))
        files.push_back(entry.path());
      std::sort(files.begin(), files.end());
      for (const fs::path& file : files)
        seeds.push_back(content_of(file));
      words = words_of(fs::path(argument).replace_extension(".dict"));
    } else {
      seeds.push_back(content_of(argument));
    }
  }
  if (seeds.empty()) {
    std::fprintf(
        stderr,
        "usage: %s PATH... [--seconds N] [--runs N] [--seed N], PATH an input or a folder of inputs\n",
        argv[0]);
    return 2;
  }
  catch_signals();
  for (const Bytes& input : seeds)
    run(input);

  Mutator mutator(seeds, words, seed);
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::seconds(seconds);
  std::uint64_t runs = 0;
  Clock::duration slowest{};
  for (auto now = Clock::now(); now < end || runs < least_runs; ++runs) {
    const Bytes input = mutator.next();
    run(input);
    const auto before = std::exchange(now, Clock::now());
    slowest = std::max(slowest, now - before);
  }
  std::printf("%zu seeds and %llu mutations of them, the slowest in %lld ms\n", seeds.size(),
              static_cast<unsigned long long>(runs),
              static_cast<long long>(std::chrono::duration_cast<std::chrono::milliseconds>(slowest).count()));
  return 0;
}
