// What waysided and wayside-update tell each other.
#include "wayside/device/update/update_folder.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "wayside/base/files.hpp"
#include "wayside/device/update/update_version.hpp"

#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

const std::string boot_id(32, 'a');
const std::string sha256_text(64, '7');

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what << " in " << text;
  return at == std::string::npos ? text : text.replace(at, what.size(), with);
}

TEST(UpdateVersion, IsThreeNumbersAndNothingElse) {
  EXPECT_EQ(update_version_from("1.20.300"), (UpdateVersion{1, 20, 300}));
  EXPECT_EQ(to_string(*update_version_from("0.0.999999")), "0.0.999999");
  for (const char* wrong : {"", "1", "1.2", "1.2.3.4", "1.2.3-rc1", " 1.2.3", "1.2.3 ", "01.2.3", "1..3",
                            ".1.2", "1.2.", "+1.2.3", "-1.2.3", "1.2.1000000", "1.2.x"})
    EXPECT_FALSE(update_version_from(wrong)) << wrong;
}

TEST(UpdateVersion, IsComparedAsNumbers) {
  EXPECT_LT(*update_version_from("1.9.9"), *update_version_from("1.10.0"));
  EXPECT_LT(*update_version_from("1.10.9"), *update_version_from("2.0.0"));
  EXPECT_EQ(*update_version_from("1.2.3"), *update_version_from("1.2.3"));
}

TEST(UpdateRequests, WhatIsAskedForIsReadAgain) {
  const InstallRequest install{"1.2.3", sha256_text, {"capture", "deliver"}};
  EXPECT_EQ(install_request_from(encode(install)), install);
  const ConfirmRequest confirm{boot_id, {}};
  EXPECT_EQ(confirm_request_from(encode(confirm)), confirm);
}

TEST(UpdateRequests, WhatIsNotQuiteOneIsRefusedAndNotRepeated) {
  const std::string good = encode(InstallRequest{"1.2.3", sha256_text, {"capture"}});
  for (const std::string& wrong :
       {std::string(), std::string("{}"), replaced(good, "1.2.3", "1.2"), replaced(good, "77", "7G"),
        replaced(good, "77", "7"), replaced(good, "\"capture\"", "\"cap\\u001b\""),
        replaced(good, "\"capture\"", "7"), replaced(good, "[\"capture\"]", "\"capture\""),
        replaced(good, "{", "{\"more\":1,"), replaced(good, "{", "{\"version\":\"1.2.3\","),
        replaced(good, "\"capture\"", "\"\""), good + std::string(largest_update_file_bytes, ' ')}) {
    const auto request = install_request_from(wrong);
    ASSERT_FALSE(request) << wrong;
    EXPECT_EQ(request.error().code, ErrorCode::invalid_input);
    EXPECT_EQ(request.error().message, "it is not a request to install of Wayside's");
  }
  std::string many = "[";
  for (int i = 0; i < 17; ++i)
    many += "\"capture\",";
  many.back() = ']';
  EXPECT_FALSE(install_request_from(replaced(good, "[\"capture\"]", many)));
  EXPECT_FALSE(confirm_request_from(good));
  EXPECT_FALSE(confirm_request_from("{\"boot_id\":\"" + boot_id + "0\",\"did\":[]}"));
}

TEST(UpdateStatus, WhatIsWrittenIsReadAgain) {
  for (const UpdateState state :
       {UpdateState::none, UpdateState::installing, UpdateState::installed, UpdateState::refused,
        UpdateState::trial, UpdateState::confirmed, UpdateState::reverted}) {
    const UpdateStatus status{state, "1.2.3",     "1.2.2", "the reason; what to do",
                              40,    {"capture"}, boot_id, "1.2.2"};
    EXPECT_EQ(update_status_from(encode(status)), status);
  }
  EXPECT_EQ(update_status_from(encode(UpdateStatus{})), UpdateStatus{});
}

TEST(UpdateStatus, AReasonFromAnywhereIsShortAndPlain) {
  UpdateStatus status;
  status.reason = "line\nbell\a" + std::string(496, 'x') + "\xc3\xa9\xff";
  const auto read = update_status_from(encode(status));
  ASSERT_TRUE(read);
  EXPECT_LE(read->reason.size(), longest_reason_bytes);
  EXPECT_THAT(read->reason, testing::StartsWith("line\\nbell\\u0007xxx"));
}

TEST(UpdateStatus, WhatIsNotQuiteOneIsCorrupt) {
  const std::string good = encode(UpdateStatus{UpdateState::trial, "1.2.3", "", "why", 5, {}, "", ""});
  ASSERT_TRUE(update_status_from(good));
  for (const std::string& wrong :
       {replaced(good, "trial", "trying"), replaced(good, ":5", ":101"), replaced(good, ":5", ":-1"),
        replaced(good, ":5", ":5.5"), replaced(good, "why", "why\\n"), replaced(good, "1.2.3", "1.2.3x"),
        replaced(good, "{", "{\"more\":1,"), good.substr(0, good.size() - 3)})
    EXPECT_EQ(update_status_from(wrong).error().code, ErrorCode::corrupt) << wrong;
}

TEST(UpdateAbilities, ATrialHasToDoAllThatTheCameraCould) {
  EXPECT_TRUE(covers({"capture", "deliver"}, {"deliver"}));
  EXPECT_TRUE(covers({}, {}));
  EXPECT_FALSE(covers({"capture"}, {"capture", "deliver"}));
}

TEST(UpdateFiles, LieWhereTheyAreLookedFor) {
  const doubles::TemporaryFolder at(doubles::in_memory());
  const UpdateFolder folder{at.path()};
  EXPECT_EQ(read_update_status(folder), UpdateStatus{});
  fs::create_directory(folder.incoming());
  ASSERT_TRUE(request_install(folder, {"1.2.3", sha256_text, {}}));
  ASSERT_TRUE(request_confirm(folder, {boot_id, {"capture"}}));
  EXPECT_TRUE(install_request_from(read_text_file(folder.root / "incoming" / "install").value()));
  EXPECT_TRUE(confirm_request_from(read_text_file(folder.root / "incoming" / "confirm").value()));
  UpdateStatus status;
  status.state = UpdateState::confirmed;
  status.version = "1.2.3";
  ASSERT_TRUE(write_update_status(folder, status));
  EXPECT_EQ(read_update_status(folder), status);
  struct stat info {};
  ASSERT_EQ(::stat((folder.root / "status").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0644U);
  std::ofstream(folder.status()) << "rubbish";
  const auto rubbish = read_update_status(folder);
  ASSERT_FALSE(rubbish);
  EXPECT_EQ(rubbish.error().code, ErrorCode::corrupt);
  EXPECT_THAT(rubbish.error().message, testing::AllOf(HasSubstr("status"), Not(HasSubstr("rubbish"))));
}

}  // namespace
}  // namespace wayside
