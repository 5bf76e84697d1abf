#include "wayside/device/config/configuration.hpp"

#include <cstdlib>
#include <fstream>
#include <random>
#include <regex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/device/config/keys.hpp"
#include "tests/doubles/temporary_folder.hpp"

namespace wayside {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view smallest = R"([site]
name = "Test road"
feed_id = 1
source_id = 2
camera_id = 3
[camera]
source = "replay:clips/a.mp4"
)";

class ConfigurationFile : public testing::Test {
 protected:
  std::filesystem::path write(std::string_view text) {
    const std::filesystem::path file = folder_.path() / "camera.toml";
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }
  Result<Configuration> load(std::string_view text) { return load_configuration(write(text)); }
  // The message of a text that must not load.
  std::string refusal(std::string_view text) {
    const Result<Configuration> loaded = load(text);
    if (loaded) {
      ADD_FAILURE() << "loaded:\n" << text;
      return {};
    }
    EXPECT_EQ(loaded.error().code, ErrorCode::invalid_input);
    return loaded.error().message;
  }
  std::string refusal_after_smallest(std::string_view more) {
    return refusal(std::string(smallest) + std::string(more));
  }

  doubles::TemporaryFolder folder_;
};

TEST_F(ConfigurationFile, TheSmallestTakesEveryDefault) {
  const Result<Configuration> loaded = load(smallest);
  ASSERT_TRUE(loaded) << loaded.error().message;
  const Configuration defaults;
  EXPECT_EQ(loaded->site.name, "Test road");
  EXPECT_EQ(loaded->site.camera_id, 3U);
  EXPECT_FALSE(loaded->site.latitude.has_value());
  EXPECT_EQ(loaded->camera.pace, "realtime");
  EXPECT_EQ(loaded->queue.directory, defaults.queue.directory);
  EXPECT_EQ(loaded->recognition.read_threads, defaults.recognition.read_threads);
  EXPECT_TRUE(loaded->lanes.empty());
  EXPECT_EQ(loaded->version.size(), 16U);
}

TEST_F(ConfigurationFile, PathsAreRelativeToTheFile) {
  const Result<Configuration> loaded =
      load(std::string(smallest) +
           "[queue]\ndirectory = \"../spool\"\n[identity]\ndirectory = \"/etc/wayside\"\n");
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->camera.source, "replay:" + (folder_.path() / "clips" / "a.mp4").string());
  EXPECT_EQ(loaded->queue.directory, folder_.path().parent_path() / "spool");
  EXPECT_EQ(loaded->identity.directory, "/etc/wayside");
}

TEST_F(ConfigurationFile, TheTemplateLoadsAndHasEveryKey) {
  const std::string text = configuration_template();
  const Result<Configuration> loaded = load(text);
  ASSERT_TRUE(loaded) << loaded.error().message;
  for (const config::Key& key : config::all_keys()) {
    EXPECT_THAT(text, testing::ContainsRegex("\n(# )?" + std::string(key.name) + " = ")) << key.name;
    EXPECT_THAT(text, HasSubstr(key.help)) << key.name;
  }
  // What it gives besides the required keys is the defaults.
  const Result<Configuration> least = load(
      "[site]\nname = \"A14 J31 westbound\"\nfeed_id = 1\nsource_id = 1\ncamera_id = 1\n"
      "[camera]\nsource = \"replay:recording.mp4\"\n");
  ASSERT_TRUE(least) << least.error().message;
  EXPECT_EQ(loaded->version, least->version);
}

TEST_F(ConfigurationFile, TheTemplateStillLoadsWithEveryOptionalKeyPutIn) {
  const std::string text = std::regex_replace(
      configuration_template(), std::regex("\n# (latitude|longitude|number|polygon|\\[\\[lane)"), "\n$1");
  const Result<Configuration> loaded = load(text);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_TRUE(loaded->site.latitude && loaded->site.longitude);
  ASSERT_EQ(loaded->lanes.size(), 1U);
  EXPECT_EQ(loaded->lanes[0].polygon.size(), 4U);
}

TEST_F(ConfigurationFile, AnUnknownKeyNamesTheNearest) {
  const std::string message = refusal_after_smallest("[recognition]\nread_thread = 2\n");
  EXPECT_THAT(message, HasSubstr("camera.toml: line 9: "));
  EXPECT_THAT(message, HasSubstr("[recognition] has no key \"read_thread\"; did you mean \"read_threads\"?"));
}

TEST_F(ConfigurationFile, AnUnknownSectionNamesTheNearest) {
  EXPECT_THAT(refusal_after_smallest("[recogniton]\n"),
              HasSubstr("line 8: there is no section \"recogniton\"; did you "
                        "mean \"recognition\"?"));
}

TEST_F(ConfigurationFile, AKeyInTheWrongPlaceIsToldItsSection) {
  EXPECT_THAT(refusal_after_smallest("[upload]\nsuppress_repeat_s = 3\n"),
              HasSubstr("it belongs below [passes]"));
  EXPECT_THAT(refusal("camera_id = 3\n" + std::string(smallest)), HasSubstr("it belongs below [site]"));
}

TEST_F(ConfigurationFile, EveryErrorIsReportedInTheOrderOfTheFile) {
  const std::string message = refusal(
      "[site]\n"
      "name = 7\n"
      "feed_id = -1\n"
      "source_id = 2\n"
      "colour = \"red\"\n"
      "[camera]\n"
      "source = \"webcam\"\n"
      "pace = \"slow\"\n");
  std::vector<std::string> lines;
  std::istringstream in(message);
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  ASSERT_EQ(lines.size(), 6U) << message;
  EXPECT_THAT(lines[0], HasSubstr("line 1: site.camera_id is missing: add camera_id = 1 below [site]"));
  EXPECT_THAT(lines[1], HasSubstr("line 2: site.name is 7, expected a text of one line"));
  EXPECT_THAT(lines[2],
              HasSubstr("line 3: site.feed_id is -1, expected a whole number from 0 to 4294967295"));
  EXPECT_THAT(lines[3], HasSubstr("line 5: [site] has no key \"colour\"; remove it"));
  EXPECT_THAT(lines[4],
              HasSubstr("line 7: camera.source is \"webcam\", expected \"libcamera\", or \"replay:PATH\""));
  EXPECT_THAT(lines[5], HasSubstr("line 8: camera.pace is \"slow\", expected one of \"realtime\", \"fast\""));
  for (const std::string& line : lines)
    EXPECT_THAT(line, HasSubstr("camera.toml: ")) << line;
}

TEST_F(ConfigurationFile, EveryNumberHasItsRange) {
  const Configuration defaults;
  for (const config::Key& key : config::all_keys()) {
    Configuration scratch;
    if (std::holds_alternative<std::string*>(key.slot(scratch)) ||
        std::holds_alternative<std::filesystem::path*>(key.slot(scratch))) {
      continue;
    }
    ASSERT_LT(key.least, key.most) << key.name;
    for (const std::string& value :
         {std::to_string(key.least - 1), std::to_string(key.most + 1), std::string("nan"), std::string("inf"),
          std::string("\"1\""), std::string("true"), std::string("[1]"), std::string("2026-01-01")}) {
      std::string text(smallest);
      if (key.required) {
        text = std::regex_replace(text, std::regex(std::string(key.name) + " = .*"),
                                  std::string(key.name) + " = " + value);
      } else {
        text += "[" + std::string(key.section) + "]\n" + std::string(key.name) + " = " + value + "\n";
        if (key.section == "site" || key.section == "camera") {
          text = std::regex_replace(std::string(smallest),
                                    std::regex("\\[" + std::string(key.section) + "\\]\n"),
                                    "$&" + std::string(key.name) + " = " + value + "\n");
        }
      }
      EXPECT_THAT(refusal(text), HasSubstr(std::string(key.section) + "." + std::string(key.name) + " is "))
          << text;
    }
  }
}

// Else a camera that hangs costs a restart of the machine, where starting it anew was to be tried first.
TEST_F(ConfigurationFile, TheHardwareWatchdogWaitsUntilTheServiceHasBeenStartedAnew) {
  std::ifstream in(std::string(std::getenv("WAYSIDE_SOURCE_DIR")) + "/toolchains/systemd/waysided.service");
  const std::string unit{std::istreambuf_iterator<char>(in), {}};
  int until_started_s = 15;  // what a start takes
  for (const char* name : {"WatchdogSec", "RestartSec"}) {
    std::smatch found;
    ASSERT_TRUE(std::regex_search(unit, found, std::regex(std::string("\n") + name + "=([0-9]+)\n"))) << name;
    until_started_s += std::stoi(found[1]);
  }
  EXPECT_GT(Configuration().supervision.watchdog_limit_s, until_started_s);
  EXPECT_THAT(refusal_after_smallest("[supervision]\nwatchdog_limit_s = " + std::to_string(until_started_s)),
              HasSubstr("from 100 to 600 s"));
}

TEST_F(ConfigurationFile, KeysOfTheOtherKindOfCameraAreNamed) {
  const std::string recording(smallest);
  const std::string camera = std::regex_replace(recording, std::regex("replay:clips/a.mp4"), "libcamera");
  EXPECT_THAT(refusal(recording + "model = \"imx296\"\n"),
              HasSubstr("line 8: camera.model is for camera.source \"libcamera\""));
  EXPECT_THAT(refusal(camera + "pace = \"fast\"\n"),
              HasSubstr("line 8: camera.pace is for camera.source \"replay:PATH\""));
  const Result<Configuration> loaded =
      load(camera + "id = \"usb-1.2\"\nwidth = 1280\nheight = 720\nframes_per_s = 12.5\n");
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->camera.source, "libcamera");
  EXPECT_EQ(loaded->camera.id, "usb-1.2");
  EXPECT_EQ(loaded->camera.width, 1280U);
  EXPECT_EQ(loaded->camera.frames_per_s, 12.5);
}

TEST_F(ConfigurationFile, AWholeNumberIsNotRoundedFromAFraction) {
  EXPECT_THAT(refusal_after_smallest("[recognition]\nread_threads = 1.5\n"),
              HasSubstr("expected a whole number from 1"));
}

TEST_F(ConfigurationFile, LatitudeNeedsLongitude) {
  EXPECT_THAT(refusal("[site]\nname=\"x\"\nfeed_id=1\nsource_id=1\ncamera_id=1\nlatitude=52\n[camera]"
                      "\nsource=\"replay:a\"\n"),
              HasSubstr("line 6: site.latitude is there without site.longitude"));
}

TEST_F(ConfigurationFile, ComparingPlacesNeedsTheSitesPlace) {
  EXPECT_THAT(refusal_after_smallest("[clock]\ngpsd_port = 2947\n"),
              HasSubstr("line 9: clock.gpsd_port is 2947 and site.latitude and site.longitude are missing"));
}

TEST_F(ConfigurationFile, TimeServersAreHostsOfChronysAndNothingElse) {
  const auto loaded =
      load(std::string(smallest) + "[clock]\ntime_servers = \"ntp1.example 192.0.2.1  2001:db8::1\"\n");
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->clock.time_servers, "ntp1.example 192.0.2.1  2001:db8::1");
  EXPECT_TRUE(load(smallest)->clock.time_servers.empty());
  for (const char* wrong : {"ntp1.example,ntp2.example", "a\\tb", "a;b", "192.0.2.256", "https://a", "[::1]",
                            "a a", "a b c d e f g h i", "-a", "a iburst key=1"}) {
    EXPECT_THAT(refusal_after_smallest("[clock]\ntime_servers = \"" + std::string(wrong) + "\"\n"),
                HasSubstr("at most 8 names or addresses, each once"))
        << wrong;
  }
  EXPECT_THAT(refusal_after_smallest("[clock]\ntime_servers = \"a\"\nsource = \"kernel\"\n"),
              HasSubstr("line 9: clock.time_servers is for clock.source \"chrony\""));
}

TEST_F(ConfigurationFile, AnIlluminatorNeedsItsTemperatureAndThePlan) {
  const std::string message =
      refusal_after_smallest("[exposure]\nby = \"camera\"\n[illuminator]\nkind = \"sensor_strobe\"\n");
  EXPECT_THAT(message, HasSubstr("line 11: illuminator.temperature is empty"));
  EXPECT_THAT(message, HasSubstr("line 9: exposure.by is \"camera\" and illuminator.kind is"));
  const auto loaded =
      load(std::string(smallest) + "[illuminator]\nkind = \"sensor_strobe\"\ntemperature = \"t\"\n");
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->illuminator.temperature, folder_.path() / "t");
}

TEST_F(ConfigurationFile, AContactNeedsItsChipAndALineOfItsOwn) {
  EXPECT_THAT(
      refusal_after_smallest("[board]\ndoor_line = 4\ntamper_open = \"low\"\n"),
      AllOf(HasSubstr("line 9: board.door_chip is empty"), HasSubstr("line 10: board.tamper_chip is empty")));
  EXPECT_THAT(
      refusal_after_smallest("[board]\ndoor_chip = \"/dev/gpiochip0\"\ndoor_line = 4\n"
                             "tamper_chip = \"/dev/gpiochip0\"\ntamper_line = 4\n"),
      HasSubstr("line 10: board.door_line and board.tamper_line are both line 4 of \"/dev/gpiochip0\""));
  EXPECT_THAT(refusal_after_smallest("[board]\ndoor_chip = \"/dev/gpiochip0\"\n[illuminator]\n"
                                     "kind = \"sensor_strobe\"\ntemperature = \"t\"\n"),
              HasSubstr("board.door_line and illuminator.enable_line are both line 0"));
  EXPECT_THAT(refusal_after_smallest("[board]\nhot_c = 20\n"),
              HasSubstr("expected a number from 30 to 125 C"));
  const auto loaded = load(std::string(smallest) +
                           "[board]\nsensors = \"\"\ndoor_chip = \"/dev/gpiochip0\"\n"
                           "tamper_chip = \"/dev/gpiochip1\"\n");
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_TRUE(loaded->board.sensors.empty());
  EXPECT_EQ(loaded->board.door_open, "high");
}

TEST_F(ConfigurationFile, TheLeastPlateWidthMustBeBelowTheMost) {
  const std::string message = refusal_after_smallest("[recognition]\nmin_plate_width_px = 700\n");
  EXPECT_THAT(
      message,
      HasSubstr("line 9: recognition.min_plate_width_px is 700 and recognition.max_plate_width_px is 600"));
}

TEST_F(ConfigurationFile, ReadsNeedSegmentsBesideTheProtectedOnes) {
  const std::string message = refusal_after_smallest("[queue]\nsegments = 16\nprotected_segments = 15\n");
  EXPECT_THAT(message, HasSubstr("line 10: queue.protected_segments is 15 and queue.segments is 16"));
}

TEST_F(ConfigurationFile, QueueAndIdentityNeedFoldersOfTheirOwn) {
  const auto folders = [](const std::string& queue, const std::string& identity) {
    return "[queue]\ndirectory=\"" + queue + "\"\n[identity]\ndirectory=\"" + identity + "\"\n";
  };
  std::filesystem::create_directory(folder_.path() / "x");
  std::filesystem::create_directory_symlink("x", folder_.path() / "link");
  for (const std::string same : {"y/../x", "x/", "x/y", ".", "link", "link/y"}) {
    for (const std::string& text : {folders("x", same), folders(same, "x")}) {
      EXPECT_THAT(refusal_after_smallest(text),
                  testing::AllOf(HasSubstr("line 9: queue.directory is \""),
                                 HasSubstr("\" and identity.directory is \""),
                                 HasSubstr("expected two folders, neither of them within the other")));
    }
  }
  EXPECT_THAT(refusal_after_smallest("[identity]\ndirectory=\"/var/lib/wayside\"\n"),
              HasSubstr("line 9: queue.directory is \"/var/lib/wayside/queue\""));
  EXPECT_TRUE(load(std::string(smallest) + folders("x", "xy")));
}

TEST_F(ConfigurationFile, LanesAreRead) {
  const Result<Configuration> loaded =
      load(std::string(smallest) +
           "[[lane]]\nnumber = 1\npolygon = [[0, 0], [0.5, 0], [0.5, 1]]\n"
           "[[lane]]\nnumber = 2\npolygon = [[0.5, 0], [1, 0], [1, 1], [0.5, 1]]\n");
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_EQ(loaded->lanes.size(), 2U);
  EXPECT_EQ(loaded->lanes[1].number, 2);
  EXPECT_EQ(loaded->lanes[0].polygon[1], std::make_pair(0.5, 0.0));
}

TEST_F(ConfigurationFile, WrongLanesSayWhatALaneIs) {
  EXPECT_THAT(refusal_after_smallest("[lane]\nnumber = 1\n"), HasSubstr("expected sections headed [[lane]]"));
  EXPECT_THAT(refusal_after_smallest("[[lane]]\nnumber = 0\npolygon = [[0,0],[1,0],[1,1]]\n"),
              HasSubstr("lane.number is 0, expected a whole number from 1 to 99"));
  EXPECT_THAT(refusal_after_smallest("[[lane]]\nnumber = 1\n"),
              HasSubstr("lane.polygon is missing, expected 3 to 64"));
  EXPECT_THAT(refusal_after_smallest("[[lane]]\nnumber = 1\npolygon = [[0,0],[1,1]]\n"),
              HasSubstr("has 2 points"));
  EXPECT_THAT(refusal_after_smallest("[[lane]]\nnumber = 1\npolygon = [[0,0],[0.5,0.5],[1,1]]\n"),
              HasSubstr("enclose an area"));
  EXPECT_THAT(refusal_after_smallest("[[lane]]\nnumber = 1\npolygon = [[0,0],[1,0],[1,1.5]]\n"),
              HasSubstr("line 10: lane.polygon has a point that is none"));
  EXPECT_THAT(refusal_after_smallest("[[lane]]\nnumber = 1\npoligon = 3\npolygon = [[0,0],[1,0],[1,1]]\n"),
              HasSubstr("did you mean \"polygon\"?"));
  EXPECT_THAT(refusal_after_smallest("[[lane]]\nnumber = 1\npolygon = [[0,0],[1,0],[1,1]]\n"
                                     "[[lane]]\nnumber = 1\npolygon = [[0,0],[1,0],[1,1]]\n"),
              HasSubstr("line 11: lane.number 1 is there twice"));
}

TEST_F(ConfigurationFile, MasksAreRead) {
  const Result<Configuration> loaded =
      load(std::string(smallest) + "[privacy]\nmasks = \"0,0 0.3,0 0.3,0.4; 0.7,0  1,0 1,0.25 \"\n");
  ASSERT_TRUE(loaded) << loaded.error().message;
  const auto masks = polygons_from(loaded->privacy.masks);
  ASSERT_TRUE(masks);
  ASSERT_EQ(masks->size(), 2U);
  EXPECT_EQ(masks->at(1), (MaskPolygon{{0.7, 0}, {1, 0}, {1, 0.25}}));
  EXPECT_TRUE(polygons_from("").value().empty());
}

TEST_F(ConfigurationFile, WrongMasksSayWhatAMaskIs) {
  std::string many = "0,0 1,0 1,1";
  for (std::size_t i = 0; i < most_masks; ++i)
    many += ";0,0 1,0 1,1";
  for (const std::string& masks :
       {std::string("0,0 1,0"), std::string("0,0 0.5,0.5 1,1"), std::string("0,0 1,0 1,1.01"),
        std::string(";"),
        std::string("0,0 1,0 1,1;"
                    "0"),
        std::string("0,0 1,0 1,-0.1"), std::string("0,0 1,0 nan,1"), std::string("0 0 1 0 1 1"),
        std::string("0,0 1,0 1,1e0"), std::string("0x1,0 1,0 1,1"), many}) {
    EXPECT_THAT(refusal_after_smallest("[privacy]\nmasks = \"" + masks + "\"\n"),
                AllOf(HasSubstr("line 9: privacy.masks is"), HasSubstr("each of 3 to 64 points x,y")))
        << masks;
  }
}

TEST_F(ConfigurationFile, UploadAddressesAreHttpsWithoutAPath) {
  for (const std::string url :
       {"https://bof.example", "https://bof.example:8443", "https://[::1]:8443", "https://10.0.0.1",
        "https://[2001:db8::7]", "https://x", "https://a-1.b2.example.", "https://10.0.0.1:1"}) {
    EXPECT_TRUE(load(std::string(smallest) + "[upload]\nurl = \"" + url + "\"\n")) << url;
  }
  for (const std::string url :
       {"http://bof.example", "bof.example:8443",    "https://",      "https://a:0",    "https://a:65536",
        "https://a/b",        "https://a b",         "https://u:p@a", "https://]:5",    "https://[]",
        "https://[",          "https://a]b[:8",      "https://[a]",   "https://[::1]x", "https://[::1]:",
        "https://[10.0.0.1]", "https://::1",         "https://a:",    "https://a:8:9",  "https://.",
        "https://a..b",       "https://.a",          "https://-",     "https://a-.b",   "https://1.2.3",
        "https://1.2.3.256",  "https://[::1\\u0000]"}) {
    EXPECT_THAT(refusal_after_smallest("[upload]\nurl = \"" + url + "\"\n"), HasSubstr("upload.url is"))
        << url;
  }
}

TEST_F(ConfigurationFile, AnUploadAddressGoesWithItsProfile) {
  const auto upload = [](const std::string& profile, const std::string& url) {
    return "[upload]\n" + (profile.empty() ? "" : "profile = \"" + profile + "\"\n") + "url = \"" + url +
           "\"\n";
  };
  const auto loaded = load(std::string(smallest) + upload("", "https://a:1"));
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->upload.profile, "wayside");
  for (const std::string profile : {"mqtt", "mqtt-3.1.1"}) {
    EXPECT_TRUE(load(std::string(smallest) + upload(profile, "mqtts://[::1]:8883"))) << profile;
    EXPECT_TRUE(load(std::string(smallest) + upload(profile, "mqtts://broker.example"))) << profile;
    EXPECT_TRUE(load(std::string(smallest) + upload(profile, ""))) << profile;
    EXPECT_THAT(refusal_after_smallest(upload(profile, "https://a:1")),
                HasSubstr("line 10: upload.url is \"https://a:1\" and upload.profile is \"" + profile +
                          "\", expected an address that begins with mqtts://"));
  }
  EXPECT_THAT(refusal_after_smallest(upload("", "mqtts://a:1")),
              HasSubstr("upload.profile is \"wayside\", expected an address that begins with https://"));
  EXPECT_THAT(refusal_after_smallest(upload("mqtt", "mqtt://a:1")), HasSubstr("upload.url is"));
  EXPECT_THAT(refusal_after_smallest(upload("amqp", "")),
              HasSubstr("expected one of \"wayside\", \"mqtt\", \"mqtt-3.1.1\", \"bof2\""));
}

TEST_F(ConfigurationFile, ThePoliceServiceNeedsItsKeysAndNoOtherProfileTakesThem) {
  const std::string bof2 = "[upload]\nprofile = \"bof2\"\nurl = \"https://bof.example\"\n";
  const std::string needed = "username = \"u\"\nunlock_url = \"https://office:8443\"\n";
  const auto loaded = load(std::string(smallest) + bof2 + needed + "signature_file = \"secret\"\n");
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->upload.unlock_url, "https://office:8443");
  EXPECT_EQ(loaded->upload.path, "/bof/services/InputCaptureWebService");
  EXPECT_TRUE(loaded->upload.signature_file.is_absolute());
  EXPECT_TRUE(load(std::string(smallest) + "[upload]\nprofile = \"bof2\"\n"))
      << "without an address nothing is sent";
  const std::string missing = refusal_after_smallest(bof2);
  EXPECT_THAT(missing, HasSubstr("upload.username is empty, and upload.profile \"bof2\" needs it"));
  EXPECT_THAT(missing, HasSubstr("upload.unlock_url is empty"));
  EXPECT_THAT(refusal_after_smallest(bof2 + needed + "certificate = \"a.crt\"\n"),
              HasSubstr("upload.certificate is there without upload.private_key"));
  EXPECT_THAT(refusal_after_smallest(bof2 + "username = \"u\"\nunlock_url = \"mqtts://office\"\n"),
              HasSubstr("upload.unlock_url is \"mqtts://office\", expected \"https://HOST\""));
  for (const char* path : {"", "x", "/a b", "/a?b", "/\u00e9"}) {
    EXPECT_THAT(refusal_after_smallest(bof2 + needed + "path = \"" + path + "\"\n"),
                HasSubstr("expected a path that begins with a slash"));
  }
  for (const char* line : {"username = \"u\"", "unlock_url = \"https://office\"", "signature_file = \"s\"",
                           "path = \"/other\"", "ca_certificate = \"a\""}) {
    EXPECT_THAT(refusal_after_smallest(std::string("[upload]\n") + line + "\n"),
                HasSubstr("is for upload.profile \"bof2\" and upload.profile is \"wayside\": remove it"))
        << line;
  }
}

TEST_F(ConfigurationFile, WhatIsNoTomlNamesTheLine) {
  EXPECT_THAT(refusal("[site]\nname = \"x\n"), HasSubstr("camera.toml: line 2: this is no TOML: "));
  EXPECT_THAT(refusal("[site]\nname = \"x\"\nname = \"y\"\n"), HasSubstr("line 3: "));
}

TEST_F(ConfigurationFile, AMissingFileIsNamed) {
  const Result<Configuration> loaded = load_configuration(folder_.path() / "none.toml");
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().message, HasSubstr("none.toml"));
  EXPECT_FALSE(load_configuration(folder_.path()));
}

TEST_F(ConfigurationFile, MessagesCannotDriveATerminal) {
  const std::string message = refusal_after_smallest("[site.\"\\u001b[2J\"]\n[queue]\n\"a\\nb\" = 1\n");
  EXPECT_THAT(message, Not(HasSubstr("\x1b")));
  EXPECT_THAT(refusal_after_smallest("[log]\nlevel = \"" + std::string(5000, 'x') + "\"\n").size(),
              testing::Lt(400U));
}

TEST_F(ConfigurationFile, TheVersionChangesWithEveryValueAndWithNothingElse) {
  const auto version = [&](std::string_view text) {
    const Result<Configuration> loaded = load(text);
    EXPECT_TRUE(loaded) << loaded.error().message;
    return loaded ? loaded->version : std::string{};
  };
  const std::string base = version(smallest);
  EXPECT_EQ(base, version("# a remark\n" + std::string(smallest) + "[log]\nlevel = \"info\"\n"));
  EXPECT_NE(base, version(std::string(smallest) + "[passes]\nmin_reads = 3\n"));
  EXPECT_NE(base, version(std::string(smallest) + "[[lane]]\nnumber = 1\npolygon = [[0,0],[1,0],[1,1]]\n"));
}

// Truncated at every byte and mutated at random: an answer every time, never a crash.
TEST_F(ConfigurationFile, DeepNestingIsRefusedHoweverLong) {
  for (const std::size_t depth : {1'000U, 16'000U, 60'000U}) {
    std::string text = "[site";
    for (std::size_t i = 0; i < depth; ++i)
      text += ".a";
    EXPECT_FALSE(load(text + "]\n")) << depth;
  }
}

TEST_F(ConfigurationFile, DamagedFilesAreRefusedNotCrashedOn) {
  const std::string whole =
      configuration_template() + "[[lane]]\nnumber = 1\npolygon = [[0.0, 0.0], [0.5, 0.0], [0.5, 1.0]]\n";
  for (std::size_t length = 0; length < whole.size(); length += 7) {
    const Result<Configuration> loaded = load(std::string_view(whole).substr(0, length));
    EXPECT_TRUE(loaded.has_value() || !loaded.error().message.empty());
  }
  std::mt19937 random(20261122);
  const std::string letters = "[]{}\"'=.,#\n\r\t\\\0\xff\xc3-+_0123456789eEnaixz:TZ";
  for (int round = 0; round < 2000; ++round) {
    std::string text = whole;
    const int changes = 1 + static_cast<int>(random() % 6);
    for (int change = 0; change < changes; ++change) {
      const std::size_t at = random() % text.size();
      switch (random() % 4) {
        case 0:
          text[at] = letters[random() % letters.size()];
          break;
        case 1:
          text.insert(at, 1, letters[random() % letters.size()]);
          break;
        case 2:
          text.erase(at, 1 + random() % 40);
          break;
        default:
          text.insert(at, text.substr(random() % text.size(), random() % 80));
          break;
      }
    }
    const Result<Configuration> loaded = load(text);
    EXPECT_TRUE(loaded.has_value() || !loaded.error().message.empty());
  }
}

TEST_F(ConfigurationFile, EndlessNestingIsRefused) {
  EXPECT_FALSE(load("a = " + std::string(100'000, '[')));
  EXPECT_FALSE(load("a = " + std::string(100'000, '{')));
  std::string dotted = "a";
  for (int i = 0; i < 20'000; ++i)
    dotted += ".a";
  EXPECT_FALSE(load(dotted + " = 1\n"));
  EXPECT_FALSE(load("[" + dotted + "]\n"));
  EXPECT_FALSE(load(std::string(2U << 20U, '#')));
}

}  // namespace
}  // namespace wayside
