#include "wayside/anpr/model/model_store.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

using testing::HasSubstr;

class ModelStoreTest : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_.path() / name) << text;
  }
  void write_manifest(const std::string& hash) const {
    write("manifest.toml", "[[model]]\nname = \"one\"\nfile = \"one.bin\"\nsha256 = \"" + hash + "\"\n");
  }
  std::string refusal() const {
    const auto store = ModelStore::open(folder_.path());
    return store ? std::string() : store.error().message;
  }
  static std::string hash_of(const std::string& text) { return to_hex(sha256(as_bytes(text))); }

  doubles::TemporaryFolder folder_;
};

TEST_F(ModelStoreTest, GivesTheBytesThatTheManifestNames) {
  write("one.bin", "weights");
  write_manifest(hash_of("weights"));
  const auto store = ModelStore::open(folder_.path());
  ASSERT_TRUE(store) << store.error().message;
  const auto bytes = store->load("one");
  ASSERT_TRUE(bytes) << bytes.error().message;
  EXPECT_EQ(std::string(bytes->begin(), bytes->end()), "weights");
}

TEST_F(ModelStoreTest, ADamagedModelIsNamedWithTheHashesAndTheRemedy) {
  write("one.bin", "weightz");
  write_manifest(hash_of("weights"));
  const auto bytes = ModelStore::open(folder_.path())->load("one");
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, ErrorCode::corrupt);
  EXPECT_THAT(bytes.error().message, HasSubstr((folder_.path() / "one.bin").string()));
  EXPECT_THAT(bytes.error().message, HasSubstr("expected " + hash_of("weights")));
  EXPECT_THAT(bytes.error().message, HasSubstr("models/README.md"));
}

TEST_F(ModelStoreTest, AMissingModelIsNamedWithTheRemedy) {
  write_manifest(hash_of("weights"));
  const auto store = ModelStore::open(folder_.path());
  ASSERT_TRUE(store);
  const auto absent = store->load("one");
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, ErrorCode::not_found);
  EXPECT_THAT(absent.error().message, HasSubstr((folder_.path() / "one.bin").string()));
  EXPECT_THAT(absent.error().message, HasSubstr(hash_of("weights")));
  EXPECT_THAT(store->load("two").error().message, HasSubstr("names no model \"two\""));
}

TEST_F(ModelStoreTest, WhatIsNoManifestIsNamedByLine) {
  EXPECT_THAT(refusal(), HasSubstr("manifest.toml"));
  write("manifest.toml", "[[model]\n");
  EXPECT_THAT(refusal(), HasSubstr("manifest.toml: line 1"));
  write("manifest.toml", "title = 1\n");
  EXPECT_THAT(refusal(), HasSubstr("has no [[model]]"));
  write("manifest.toml", "[[model]]\nname = \"one\"\nfile = \"one.bin\"\nsha256 = \"12\"\n");
  EXPECT_THAT(refusal(), HasSubstr("line 1: field \"sha256\""));
  const std::string hash = hash_of("weights");
  write("manifest.toml", "[[model]]\nname = \"one\"\nfile = \"../one.bin\"\nsha256 = \"" + hash + "\"\n");
  EXPECT_THAT(refusal(), HasSubstr("field \"file\""));
  const std::string one = "[[model]]\nname = \"one\"\nfile = \"one.bin\"\nsha256 = \"" + hash + "\"\n";
  write("manifest.toml", one + one);
  EXPECT_THAT(refusal(), HasSubstr("line 5: a second model is named \"one\""));
}

TEST_F(ModelStoreTest, TheVersionIsThatOfAllModels) {
  write_manifest(hash_of("weights"));
  const std::string before = ModelStore::open(folder_.path())->version();
  EXPECT_EQ(before.size(), 12U);
  EXPECT_EQ(ModelStore::open(folder_.path())->version(), before);
  write_manifest(hash_of("others"));
  EXPECT_NE(ModelStore::open(folder_.path())->version(), before);
}

}  // namespace
}  // namespace wayside
