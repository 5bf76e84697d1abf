// The tree keeps its word: the fixed top level, headers that open with their purpose, and behaviours.md
// naming only tests that exist.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace {

namespace fs = std::filesystem;

fs::path root() {
  const char* folder = std::getenv("WAYSIDE_SOURCE_DIR");
  return folder != nullptr ? fs::path(folder) : fs::current_path();
}

std::string content_of(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Tree, TopLevelIsTheFixedOne) {
  const std::set<std::string> fixed = {"CMakeLists.txt",   "src",          "include",     "drivers",
                                       "models",           "tests",        "toolchains",  "README.md",
                                       "LICENSE",          "CHANGELOG.md", "SECURITY.md", "CONTRIBUTING.md",
                                       "CMakePresets.json"};
  for (const auto& entry : fs::directory_iterator(root())) {
    const std::string name = entry.path().filename().string();
    if (name.front() == '.' || name.rfind("build", 0) == 0) continue;
    EXPECT_TRUE(fixed.contains(name)) << name << " does not belong at the top level";
  }
  for (const std::string& name : fixed)
    EXPECT_TRUE(fs::exists(root() / name)) << name << " is missing";
}

TEST(Tree, EveryPublicHeaderOpensWithItsPurpose) {
  for (const auto& entry : fs::recursive_directory_iterator(root() / "include")) {
    if (entry.path().extension() != ".hpp") continue;
    std::ifstream in(entry.path());
    std::string first;
    std::getline(in, first);
    EXPECT_EQ(first.rfind("// ", 0), 0U) << entry.path() << " opens without a word on what it is";
    EXPECT_NE(content_of(entry.path()).find("#pragma once"), std::string::npos) << entry.path();
  }
}

TEST(Tree, BehavioursNameTestsThatExist) {
  std::set<std::string> present;
  const std::regex test_macro(R"(TEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(\w+)\s*\))");
  for (const auto& entry : fs::recursive_directory_iterator(root() / "tests")) {
    if (entry.path().extension() != ".cpp") continue;
    const std::string text = content_of(entry.path());
    for (std::sregex_iterator it(text.begin(), text.end(), test_macro), end; it != end; ++it) {
      present.insert((*it)[1].str() + "." + (*it)[2].str());
    }
  }
  const std::string behaviours = content_of(root() / "tests" / "behaviours.md");
  const std::regex named(R"(`(\w+\.\w+)`\s*\|?\s*\n)");
  std::size_t count = 0;
  for (std::sregex_iterator it(behaviours.begin(), behaviours.end(), named), end; it != end; ++it, ++count) {
    EXPECT_TRUE(present.contains((*it)[1].str()))
        << "behaviours.md names " << (*it)[1].str() << ", which no test is";
  }
  EXPECT_GT(count, 20U) << "behaviours.md lists hardly anything: is its form `behaviour | `Suite.Test` |`?";
}

}  // namespace
