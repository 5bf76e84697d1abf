// The operator's guide holds what is: each part of the camera's health, commands that there are, lines that
// the console takes, keys that the configuration has, links that lead somewhere.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "wayside/device/config/schema.hpp"

#include "src/device/console/grammar.hpp"

namespace wayside {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

fs::path root() {
  return std::getenv("WAYSIDE_SOURCE_DIR");
}

std::string text_of(const fs::path& file) {
  std::ifstream in(file);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  EXPECT_FALSE(text.empty()) << file;
  return text;
}

std::vector<std::smatch> matches(const std::string& text, const std::regex& what) {
  return {std::sregex_iterator(text.begin(), text.end(), what), std::sregex_iterator()};
}

// Its pages: what the top links to below its heading.
std::vector<std::string> guide() {
  static const std::regex link(R"re(\]\(([^)#:]+)\))re");
  const std::string top = text_of(root() / "README.md");
  const std::size_t begin = top.find("\n## Operator's guide\n");
  const std::string section = top.substr(begin, top.find("\n## ", begin + 1) - begin);
  std::vector<std::string> files;
  for (const std::smatch& match : matches(section, link))
    files.push_back(match[1]);
  EXPECT_GE(files.size(), 8U) << section;
  return files;
}

// And the pages that they link to, but the top, where what is typed has remarks behind it.
std::set<std::string> pages() {
  static const std::regex link(R"re(\]\(([^)#:]+\.md)(#[^)]*)?\))re");
  std::set<std::string> files;
  for (const std::string& file : guide()) {
    files.insert(file);
    for (const std::smatch& match : matches(text_of(root() / file), link))
      files.insert((fs::path(file).parent_path() / match[1].str()).lexically_normal());
  }
  files.erase("README.md");
  return files;
}

// What stands between backquotes on one line.
std::vector<std::string> quoted(const std::string& text) {
  static const std::regex code("`([^`\n]+)`");
  std::vector<std::string> all;
  for (const std::smatch& match : matches(text, code))
    all.push_back(match[1]);
  return all;
}

// Lines of blocks that begin so, "```sh".
std::vector<std::string> lines_in_blocks(const std::string& text, const std::string& begin) {
  std::vector<std::string> lines;
  std::size_t at = 0;
  while ((at = text.find("\n" + begin + "\n", at)) != std::string::npos) {
    at += begin.size() + 2;
    const std::size_t end = text.find("\n```", at);
    std::istringstream block(text.substr(at, end - at));
    for (std::string line; std::getline(block, line);)
      lines.push_back(line);
    at = end + 4;
  }
  return lines;
}

std::string said_by(const std::string& command) {
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "re");
  std::string said;
  std::array<char, 4096> part{};
  for (std::size_t got = 0; (got = std::fread(part.data(), 1, part.size(), pipe)) > 0;)
    said.append(part.data(), got);
  ::pclose(pipe);
  return said;
}

std::vector<std::string> words_of(const std::string& line) {
  static const std::regex word(R"re("[^"]*"|[^ ]+)re");
  std::vector<std::string> words;
  for (const std::smatch& match : matches(line, word))
    words.push_back(match.str());
  return words;
}

// Every part and state that the code names, as a text or as a constant whose name has "part" in it.
std::set<std::string> parts_in_the_code() {
  static const std::regex said(R"re((?:\bill|\bsays|\btell)\(\s*"([a-z_-]+)")re");
  static const std::regex constant(R"re(constexpr [^;=]*part\s*=\s*"([a-z_-]+)")re");
  static const std::regex contact(R"re(\badd\("([a-z]+)", "the )re");
  std::set<std::string> parts;
  for (const auto& entry : fs::recursive_directory_iterator(root() / "src" / "app")) {
    if (entry.path().extension() != ".cpp") continue;
    const std::string text = text_of(entry.path());
    for (const std::regex* one : {&said, &constant, &contact}) {
      for (const std::smatch& match : matches(text, *one))
        parts.insert(match[1]);
    }
  }
  return parts;
}

TEST(Guide, SaysWhatEachPartOfTheHealthMeans) {
  const std::string text = text_of(root() / "src/device/health/README.md");
  const std::set<std::string> parts = parts_in_the_code();
  EXPECT_GT(parts.size(), 25U);  // that they are found at all
  for (const char* known : {"clock", "door", "audit", "commissioned-view", "watch_list_entries"})
    EXPECT_EQ(parts.count(known), 1U) << known;
  for (const std::string& part : parts) {
    const bool named = std::regex_search(text, std::regex("\n\\|[^|]*`" + part + "`"));
    EXPECT_TRUE(named) << part << " is not in src/device/health/README.md: say what it means and what to do";
  }
}

TEST(Guide, ShowsOnlyCommandsThatThereAre) {
  const std::string bin = (fs::path(std::getenv("WAYSIDE_BINARY_DIR")) / "bin").string();
  std::size_t commands = 0;
  for (const std::string& file : guide()) {
    for (const std::string& line : lines_in_blocks(text_of(root() / file), "```sh")) {
      std::vector<std::string> words = words_of(line);
      ASSERT_FALSE(words.empty()) << file;
      if (words.front() == "sudo") words.erase(words.begin());
      const std::string program = words.front();
      std::string help;
      if (program.rfind("toolchains/", 0) == 0) {
        ASSERT_TRUE(fs::exists(root() / program)) << file << ": " << line;
        help = text_of(root() / program);
      } else if (program.rfind("wayside", 0) == 0) {
        // With its subcommands: the words before the first that is none.
        std::string call = bin + "/" + program;
        for (std::size_t i = 1; i < words.size(); ++i) {
          if (said_by(call + " --help").find("\n  " + words[i] + " ") == std::string::npos) break;
          call += " " + words[i];
        }
        help = said_by(call + " --help");
        EXPECT_THAT(help, HasSubstr("Usage: ")) << file << ": " << line;
        // Where there are more, one of them was meant.
        EXPECT_EQ(help.find("\nSubcommands:"), std::string::npos) << file << ": " << line;
      } else {
        EXPECT_THAT(program, testing::AnyOf("dd", "sha256sum", "lsblk", "picocom")) << file << ": " << line;
        continue;
      }
      for (const std::string& word : words) {
        if (word.rfind("--", 0) != 0) continue;
        EXPECT_THAT(help, HasSubstr(word)) << file << ": " << line;
      }
      ++commands;
    }
  }
  EXPECT_GT(commands, 8U);
}

TEST(Guide, ShowsOnlyLinesThatTheConsoleTakes) {
  std::vector<console::ConsoleKey> keys;
  for (const KeyDescription& key : configuration_keys())
    keys.push_back({key.section, key.name, key.help, key.form, key.choices, key.default_value, {}});
  const console::Node tree = console::command_tree(keys);
  static const std::regex typed(R"re(\n[a-z]+( \[configure\])?[>#] ([^\n]+))re");
  std::size_t lines = 0;
  for (const std::string& file : pages()) {
    const std::string text = text_of(root() / file);
    for (const std::smatch& match : matches(text, typed)) {
      const console::Who who{console::ConsoleRole::installer,
                             match[1].matched ? console::Mode::configure : console::Mode::operational};
      const auto resolved = resolve(tree, match[2].str(), who);
      EXPECT_TRUE(resolved && resolved->command != console::Command::none) << file << ": " << match[2];
      ++lines;
    }
    for (const std::string& code : quoted(text)) {
      static const std::regex inline_line(
          "(show|enrol|test|configure|commit|rollback|aim|snapshot|update|set|unset|authority|commissioning) "
          ".*|"
          "configure|commit|wipe|aim");
      static const std::regex of_configuring("(commit|rollback|set|unset)( .*)?");
      if (!std::regex_match(code, inline_line)) continue;
      const bool configuring = std::regex_match(code, of_configuring);
      const auto resolved = resolve(tree, code,
                                    {console::ConsoleRole::installer,
                                     configuring ? console::Mode::configure : console::Mode::operational});
      EXPECT_TRUE(resolved && resolved->command != console::Command::none)
          << file << ": " << code << ": " << (resolved ? "" : resolved.error().message);
    }
  }
  EXPECT_GT(lines, 12U);
}

TEST(Guide, NamesOnlyKeysThatTheConfigurationHas) {
  const auto sections = configuration_sections();
  static const std::regex key_form("([a-z]+)\\.[a-z_]+");
  static const std::regex file_name("\\.(csr|enrolment|sh|toml)$");
  for (const std::string& file : guide()) {
    for (const std::string& code : quoted(text_of(root() / file))) {
      std::smatch match;
      if (!std::regex_match(code, match, key_form)) continue;
      if (std::regex_search(code, file_name)) continue;
      if (std::find(sections.begin(), sections.end(), match[1].str()) == sections.end()) continue;
      EXPECT_NE(configuration_key(code), nullptr) << file << ": " << code;
    }
  }
}

TEST(Guide, ItsLinksLeadSomewhere) {
  static const std::regex link(R"re(\]\(([^)#:]+)(#[^)]*)?\))re");
  for (const std::string& file : guide()) {
    for (const std::smatch& match : matches(text_of(root() / file), link))
      EXPECT_TRUE(fs::exists((root() / file).parent_path() / match[1].str())) << file << ": " << match[1];
  }
}

}  // namespace
}  // namespace wayside
