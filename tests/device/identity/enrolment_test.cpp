// What an office gives a camera as one text: taken whole, from the camera's own office alone, or not at all.
#include "wayside/device/identity/enrolment.hpp"

#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include "wayside/base/files.hpp"
#include "wayside/device/identity/identity.hpp"

#include "src/device/identity/pem.hpp"
#include "tests/device/identity/identity_files.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;
using testing::HasSubstr;
using testing::MatchesRegex;

class Office {
 public:
  Office() : certificate_(certificate_for(*key_, "office", now + hours(24))) {}

  [[nodiscard]] std::string certificate_for(EVP_PKEY& key, const std::string& common_name,
                                            UtcTime until) const {
    const pem::Certificate certificate(X509_new());
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    ASN1_TIME_set(X509_getm_notBefore(certificate.get()), (now.ms - 3'600'000) / 1000);
    ASN1_TIME_set(X509_getm_notAfter(certificate.get()), until.ms / 1000);
    EXPECT_TRUE(pem::set_common_name(*X509_get_subject_name(certificate.get()), common_name));
    X509_set_pubkey(certificate.get(), &key);
    EXPECT_GT(X509_sign(certificate.get(), key_.get(), EVP_sha256()), 0);
    return pem::text_of(*certificate).value();
  }
  [[nodiscard]] const std::string& certificate() const { return certificate_; }
  [[nodiscard]] std::string text(const Enrolment& enrolment) const {
    const auto text = enrolment_text(enrolment, [&](ByteView bytes) { return pem::sign(bytes, *key_); });
    EXPECT_TRUE(text) << text.error().message;
    return text.value_or("");
  }

 private:
  pem::Key key_ = pem::make_key().value();
  std::string certificate_;
};

class EnrolmentTest : public testing::Test {
 protected:
  EnrolmentTest() {
    EXPECT_TRUE(make_identity(folder_));
    id_ = device_id(folder_).value();
    key_ = pem::read_key(folder_ / "device.key").value();
  }
  [[nodiscard]] Enrolment enrolment(const Office& office, UtcTime issued = now) const {
    return {id_,
            issued,
            {{"back-office-ca.crt", office.certificate()},
             {"device.crt", office.certificate_for(*key_, id_, now + hours(1))},
             {"recipients/0123456789abcdef.toml", "name = \"office\"\n"},
             {"authority/office-key", "00ff\n"},
             {"authority/7.authority", "wayside-authority-1 00\n{\"number\": 7}\n"},
             {"watchlists/issuer-key", "11ee\n"}}};
  }
  [[nodiscard]] Result<EnrolledAs> take(std::string_view text) const {
    return take_enrolment(folder_, text, now);
  }
  [[nodiscard]] std::string refusal(std::string_view text) const {
    const auto taken = take(text);
    return taken ? "taken" : taken.error().message;
  }

  doubles::TemporaryFolder temporary_;
  fs::path folder_ = temporary_.path() / "identity";
  std::string id_;
  pem::Key key_;
  Office office_;
};

TEST_F(EnrolmentTest, EveryFileComesIntoItsPlaceAndTheCertificateCounts) {
  const Enrolment given = enrolment(office_);
  const auto taken = take(office_.text(given));
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_EQ(taken->office, office_fingerprint(office_.certificate()).value());
  EXPECT_THAT(taken->office, MatchesRegex("[0-9a-f]{4} [0-9a-f]{4} [0-9a-f]{4} [0-9a-f]{4}"));
  EXPECT_EQ(taken->certificate_valid_until, now + hours(1));
  for (const Enrolment::File& file : given.files)
    EXPECT_EQ(content(folder_ / file.name), file.content) << file.name;
  for (const char* const closed : {"recipients", "authority", "watchlists"}) {
    struct stat info {};
    ASSERT_EQ(::stat((folder_ / closed).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777U, 0700U) << closed;
  }
  EXPECT_TRUE(load_identity(folder_, now));
}

TEST_F(EnrolmentTest, AnyByteThatWasChangedOrLostOnItsWayIsNoticedAndNothingIsTaken) {
  const std::string text = office_.text(enrolment(office_));
  for (std::size_t at = 0; at < text.size(); at += 3) {
    std::string changed = text;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    std::string doubled = text;
    doubled.insert(at, 1, doubled[at]);
    for (const std::string& damaged :
         {changed, doubled, text.substr(0, at), text.substr(0, at) + text.substr(at + 1)})
      EXPECT_FALSE(enrolment_from(damaged)) << "at " << at;
  }
  EXPECT_THAT(refusal(text + "more\n"),
              HasSubstr("something follows its end: paste the file camera.enrolment again"));
  EXPECT_THAT(refusal(""), HasSubstr("no whole enrolment"));
  EXPECT_FALSE(fs::exists(folder_ / "device.crt"));
}

TEST_F(EnrolmentTest, WhatIsForAnotherCameraIsRefusedByName) {
  Enrolment other = enrolment(office_);
  other.device_id = "ffffffffffffffff";
  EXPECT_THAT(refusal(office_.text(other)),
              HasSubstr("for the camera ffffffffffffffff, and this one is " + id_));
  Enrolment strange = enrolment(office_);
  strange.files[1].content = office_.certificate_for(*pem::make_device_key().value(), id_, now + hours(1));
  EXPECT_THAT(refusal(office_.text(strange)), HasSubstr("enrol device.csr of this camera again"));
  Enrolment ended = enrolment(office_);
  ended.files[1].content = office_.certificate_for(*key_, id_, now + -hours(1));
  EXPECT_THAT(refusal(office_.text(ended)), HasSubstr("was valid until"));
  EXPECT_FALSE(fs::exists(folder_ / "device.crt"));
}

TEST_F(EnrolmentTest, ACertificateThatTheAuthorityInItDidNotSignIsRefused) {
  const Office another;
  Enrolment mixed = enrolment(office_);
  mixed.files[1].content = another.certificate_for(*key_, id_, now + hours(1));
  EXPECT_THAT(refusal(office_.text(mixed)), HasSubstr("not signed by the authority in it"));
}

// Whoever has an installer's password must not be able to have records sealed to himself.
TEST_F(EnrolmentTest, ACameraOfOneOfficeTakesNothingOfAnother) {
  ASSERT_TRUE(take(office_.text(enrolment(office_))));
  const Office thief;
  EXPECT_THAT(refusal(thief.text(enrolment(thief))),
              HasSubstr("only a camera that was wiped changes its office"));
  // The office's own certificates, and other recipients: he cannot sign that.
  Enrolment forged = enrolment(office_);
  forged.files[2].content = "name = \"thief\"\n";
  EXPECT_THAT(refusal(thief.text(forged)), HasSubstr("was changed on its way"));
  EXPECT_EQ(content(folder_ / "recipients/0123456789abcdef.toml"), "name = \"office\"\n");
}

TEST_F(EnrolmentTest, AnEarlierOneDoesNotComeAgain) {
  const std::string earlier = office_.text(enrolment(office_, now + -hours(2)));
  ASSERT_TRUE(take(earlier));
  ASSERT_TRUE(take(office_.text(enrolment(office_, now))));
  EXPECT_THAT(refusal(earlier), HasSubstr("before what this camera has"));
}

TEST_F(EnrolmentTest, RecipientsThatTheOfficeNoLongerNamesAreRemovedAndThoseBroughtByHandStay) {
  ASSERT_TRUE(take(office_.text(enrolment(office_))));
  ASSERT_TRUE(replace_file(folder_ / "recipients" / "by-hand.toml", as_bytes("name = \"second\"\n")));
  Enrolment next = enrolment(office_, now + hours(0));
  next.files[2].name = "recipients/fedcba9876543210.toml";
  ASSERT_TRUE(take(office_.text(next)));
  EXPECT_FALSE(fs::exists(folder_ / "recipients/0123456789abcdef.toml"));
  EXPECT_TRUE(fs::exists(folder_ / "recipients/fedcba9876543210.toml"));
  EXPECT_TRUE(fs::exists(folder_ / "recipients/by-hand.toml"));
  EXPECT_TRUE(fs::exists(folder_ / "authority/7.authority"));
}

// With any part of the files in place: those before it are the new ones, those behind it are not there.
TEST_F(EnrolmentTest, APowerCutInTheMiddleIsFinishedAtTheNextStart) {
  const Enrolment given = enrolment(office_);
  const std::string text = office_.text(given);
  for (std::size_t cut = 0; cut <= given.files.size(); ++cut) {
    doubles::TemporaryFolder fresh;
    const fs::path folder = fresh.path() / "identity";
    fs::copy(folder_, folder, fs::copy_options::recursive);
    ASSERT_TRUE(replace_file(folder / "enrolment.under-way", as_bytes(text), 0600));
    for (std::size_t i = 0; i < cut; ++i) {
      fs::create_directories((folder / given.files[i].name).parent_path());
      ASSERT_TRUE(replace_file(folder / given.files[i].name, as_bytes(given.files[i].content)));
    }
    ASSERT_TRUE(finish_enrolment(folder));
    for (const Enrolment::File& file : given.files)
      EXPECT_EQ(content(folder / file.name), file.content) << file.name << " after " << cut;
    EXPECT_EQ(content(folder / "enrolment"), text);
    EXPECT_FALSE(fs::exists(folder / "enrolment.under-way"));
  }
}

TEST_F(EnrolmentTest, OneThatFlashDamagedIsToldAndInNobodysWay) {
  ASSERT_TRUE(replace_file(folder_ / "enrolment.under-way", as_bytes("wayside-enr")));
  const Status finished = finish_enrolment(folder_);
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().code, ErrorCode::corrupt);
  EXPECT_TRUE(take(office_.text(enrolment(office_))));
}

TEST_F(EnrolmentTest, NoFileOfItLeadsOutOfItsPlace) {
  for (const char* const name : {"device.key", "device-id", "../device.crt", "recipients/../x.toml",
                                 "recipients/.toml", "recipients/a/b.toml", "recipients/a.key",
                                 "authority/seen", "/etc/passwd", "", "recipients/a\nb.toml"}) {
    EXPECT_FALSE(is_enrolment_file(name)) << name;
    Enrolment bad = enrolment(office_);
    bad.files.push_back({name, "x\n"});
    EXPECT_FALSE(enrolment_text(bad, [](ByteView) { return Result<Bytes>(Bytes(64)); })) << name;
  }
}

TEST_F(EnrolmentTest, OneThatIsTooLongToBePastedIsNotMade) {
  Enrolment long_one = enrolment(office_);
  long_one.files.push_back({"recipients/long.toml", std::string(largest_enrolment_bytes, 'x') + "\n"});
  const auto text = enrolment_text(long_one, [](ByteView) { return Result<Bytes>(Bytes(64)); });
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, ErrorCode::exhausted);
}

}  // namespace
}  // namespace wayside
