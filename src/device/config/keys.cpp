#include "src/device/config/keys.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "wayside/base/json_text.hpp"

namespace wayside::config {

namespace {

constexpr double most_count = 4'294'967'295.0;  // ids are 32 bits wide in the record

constexpr std::string_view bof2 = "bof2";

using C = Configuration;

const std::vector<Key>& table() {
  static const std::vector<Key> keys = {
      {.section = "site",
       .name = "name",
       .slot = [](C& c) -> Slot { return &c.site.name; },
       .most = 120,
       .example = "\"A14 J31 westbound\"",
       .required = true,
       .help = "Where the camera stands, in words; part of every record."},
      {.section = "site",
       .name = "feed_id",
       .slot = [](C& c) -> Slot { return &c.site.feed_id; },
       .most = most_count,
       .example = "1",
       .required = true,
       .help = "The organisation, as the back office numbers it."},
      {.section = "site",
       .name = "source_id",
       .slot = [](C& c) -> Slot { return &c.site.source_id; },
       .most = most_count,
       .example = "1",
       .required = true,
       .help = "The system or site, as the back office numbers it."},
      {.section = "site",
       .name = "camera_id",
       .slot = [](C& c) -> Slot { return &c.site.camera_id; },
       .most = most_count,
       .example = "1",
       .required = true,
       .help = "This camera, as the back office numbers it."},
      {.section = "site",
       .name = "latitude",
       .slot = [](C& c) -> Slot { return &c.site.latitude; },
       .least = -90,
       .most = 90,
       .unit = "degrees",
       .example = "52.2295",
       .help = "WGS 84, north positive. Give both or neither of latitude and longitude."},
      {.section = "site",
       .name = "longitude",
       .slot = [](C& c) -> Slot { return &c.site.longitude; },
       .least = -180,
       .most = 180,
       .unit = "degrees",
       .example = "0.1532",
       .help = "WGS 84, east positive."},
      {.section = "camera",
       .name = "source",
       .slot = [](C& c) -> Slot { return &c.camera.source; },
       .most = 4000,
       .form = TextForm::camera_source,
       .example = "\"replay:recording.mp4\"",
       .required = true,
       .help = "Where the frames come from: libcamera is a camera, replay:PATH plays a recording."},
      {.section = "camera",
       .name = "pace",
       .slot = [](C& c) -> Slot { return &c.camera.pace; },
       .choices = {"realtime", "fast"},
       .help =
           "How a recording is played: as it was recorded, or as fast as it is read with no frame dropped."},
      {.section = "camera",
       .name = "repeat",
       .slot = [](C& c) -> Slot { return &c.camera.repeat; },
       .most = 1'000'000,
       .help = "How often a recording is played; 0 plays it without end."},
      {.section = "camera",
       .name = "id",
       .slot = [](C& c) -> Slot { return &c.camera.id; },
       .most = 250,
       .may_be_empty = true,
       .help = "With libcamera: which camera, as wayside-capture --list names it; it stays the same on one "
               "machine and port. Empty: any."},
      {.section = "camera",
       .name = "model",
       .slot = [](C& c) -> Slot { return &c.camera.model; },
       .most = 250,
       .may_be_empty = true,
       .help = "With libcamera: the camera's model, as wayside-capture --list names it. Empty: any."},
      {.section = "camera",
       .name = "width",
       .slot = [](C& c) -> Slot { return &c.camera.width; },
       .least = 16,
       .most = 16'384,
       .unit = "px",
       .help = "With libcamera: of the frames; a camera that does not offer just this size is not used."},
      {.section = "camera",
       .name = "height",
       .slot = [](C& c) -> Slot { return &c.camera.height; },
       .least = 16,
       .most = 16'384,
       .unit = "px",
       .help = "With libcamera: of the frames."},
      {.section = "camera",
       .name = "frames_per_s",
       .slot = [](C& c) -> Slot { return &c.camera.frames_per_s; },
       .least = 0.1,
       .most = 1000,
       .unit = "Hz",
       .help = "With libcamera: asked of a camera that lets itself be told."},
      {.section = "capture",
       .name = "ring_frames",
       .slot = [](C& c) -> Slot { return &c.capture.ring_frames; },
       .least = 1,
       .most = 64,
       .unit = "frames",
       .help = "Frames that wait for the localiser before the oldest is dropped, counted."},
      {.section = "capture",
       .name = "stall_limit_ms",
       .slot = [](C& c) -> Slot { return &c.capture.stall_limit_ms; },
       .least = 100,
       .most = 60'000,
       .unit = "ms",
       .help = "A camera that gives no frame for so long is restarted."},
      {.section = "recognition",
       .name = "read_threads",
       .slot = [](C& c) -> Slot { return &c.recognition.read_threads; },
       .least = 1,
       .most = 16,
       .unit = "threads",
       .help = "Threads that read plates; one a processor core that is left over is right."},
      {.section = "recognition",
       .name = "min_plate_width_px",
       .slot = [](C& c) -> Slot { return &c.recognition.min_plate_width_px; },
       .least = 20,
       .most = 4000,
       .unit = "px",
       .help = "Narrower plates are not looked for."},
      {.section = "recognition",
       .name = "max_plate_width_px",
       .slot = [](C& c) -> Slot { return &c.recognition.max_plate_width_px; },
       .least = 20,
       .most = 4000,
       .unit = "px",
       .help = "Wider plates are not looked for."},
      {.section = "recognition",
       .name = "min_read_confidence",
       .slot = [](C& c) -> Slot { return &c.recognition.min_read_confidence; },
       .most = 1,
       .help = "Single reads below are left out, counted."},
      {.section = "passes",
       .name = "close_after_s",
       .slot = [](C& c) -> Slot { return &c.passes.close_after_s; },
       .least = 0.05,
       .most = 60,
       .unit = "s",
       .help = "A vehicle that was not read for so long has passed."},
      {.section = "passes",
       .name = "suppress_repeat_s",
       .slot = [](C& c) -> Slot { return &c.passes.suppress_repeat_s; },
       .most = 3600,
       .unit = "s",
       .help = "The same plate at the same place within this time is the same, standing vehicle."},
      {.section = "passes",
       .name = "min_confidence",
       .slot = [](C& c) -> Slot { return &c.passes.min_confidence; },
       .most = 1,
       .help = "Passes below are counted, not recorded."},
      {.section = "passes",
       .name = "min_reads",
       .slot = [](C& c) -> Slot { return &c.passes.min_reads; },
       .least = 1,
       .most = 100,
       .unit = "reads",
       .help = "Reads that a pass needs, unless a single one is very sure; rare forms and foreign plates "
               "need one more."},
      {.section = "queue",
       .name = "directory",
       .slot = [](C& c) -> Slot { return &c.queue.directory; },
       .help = "Folder that holds records until the back office has them; nothing else may be in it."},
      {.section = "queue",
       .name = "segments",
       .slot = [](C& c) -> Slot { return &c.queue.segments; },
       .least = 4,
       .most = 4096,
       .unit = "segments of 8 MiB",
       .help = "The queue's size, taken from the disk when it is first made and fixed from then on."},
      {.section = "queue",
       .name = "protected_segments",
       .slot = [](C& c) -> Slot { return &c.queue.protected_segments; },
       .most = 4000,
       .unit = "segments of 8 MiB",
       .help = "Room that ordinary reads never take from watch-list hits, gaps and audit; 0 is an eighth of "
               "all."},
      {.section = "queue",
       .name = "retention_days",
       .slot = [](C& c) -> Slot { return &c.queue.retention_days; },
       .least = 1,
       .most = 365,
       .unit = "days",
       .help =
           "A record that the back office has not taken for more than so many days is given up, and told as "
           "expired; only while the clock is synchronised."},
      {.section = "queue",
       .name = "group_records",
       .slot = [](C& c) -> Slot { return &c.queue.group_records; },
       .least = 1,
       .most = 64,
       .unit = "records",
       .help = "Records that are made safe with one disk flush at most."},
      {.section = "queue",
       .name = "group_wait_ms",
       .slot = [](C& c) -> Slot { return &c.queue.group_wait_ms; },
       .most = 10'000,
       .unit = "ms",
       .help = "How long a record waits for others to share its flush."},
      {.section = "upload",
       .name = "profile",
       .slot = [](C& c) -> Slot { return &c.upload.profile; },
       .choices = {"wayside", "mqtt", "mqtt-3.1.1", "bof2"},
       .help = "Batches over HTTPS, or through an MQTT broker: version 5, or 3.1.1 where the broker knows no "
               "other; or the police SOAP service, which takes plain text and so costs protection (README)."},
      {.section = "upload",
       .name = "url",
       .slot = [](C& c) -> Slot { return &c.upload.url; },
       .most = 200,
       .form = TextForm::office_url,
       .may_be_empty = true,
       .help = "The back office or SOAP service, https://HOST:PORT, or the MQTT broker, mqtts://HOST:PORT; "
               "empty keeps the "
               "records in "
               "the queue."},
      {.section = "upload",
       .name = "time_limit_s",
       .slot = [](C& c) -> Slot { return &c.upload.time_limit_s; },
       .least = 1,
       .most = 600,
       .unit = "s",
       .help = "A delivery that takes longer is tried again."},
      {.section = "upload",
       .name = "backlog_kbit_per_s",
       .slot = [](C& c) -> Slot { return &c.upload.backlog_kbit_per_s; },
       .most = 10'000'000,
       .unit = "kbit/s",
       .help = "What records of before an outage may take of the link; 0 sets no limit."},
      {.section = "upload",
       .name = "path",
       .slot = [](C& c) -> Slot { return &c.upload.path; },
       .most = 200,
       .form = TextForm::url_path,
       .only_profile = bof2,
       .help = "With bof2: where on its host the SOAP service is."},
      {.section = "upload",
       .name = "username",
       .slot = [](C& c) -> Slot { return &c.upload.username; },
       .most = 100,
       .may_be_empty = true,
       .only_profile = bof2,
       .help = "With bof2: whom the SOAP service knows this sender as; it needs one."},
      {.section = "upload",
       .name = "signature_file",
       .slot = [](C& c) -> Slot { return &c.upload.signature_file; },
       .may_be_empty = true,
       .only_profile = bof2,
       .help = "With bof2: file of mode 0600 with the signature on one line; empty sends it empty."},
      {.section = "upload",
       .name = "ca_certificate",
       .slot = [](C& c) -> Slot { return &c.upload.ca_certificate; },
       .may_be_empty = true,
       .only_profile = bof2,
       .help = "With bof2: PEM file of the authority that the SOAP service's certificate is of; empty is the "
               "back "
               "office's."},
      {.section = "upload",
       .name = "certificate",
       .slot = [](C& c) -> Slot { return &c.upload.certificate; },
       .may_be_empty = true,
       .only_profile = bof2,
       .help =
           "With bof2: PEM file of the certificate shown to the SOAP service; empty is the device's own."},
      {.section = "upload",
       .name = "private_key",
       .slot = [](C& c) -> Slot { return &c.upload.private_key; },
       .may_be_empty = true,
       .only_profile = bof2,
       .help = "With bof2: PEM file of that certificate's key. Give both or neither."},
      {.section = "upload",
       .name = "unlock_url",
       .slot = [](C& c) -> Slot { return &c.upload.unlock_url; },
       .most = 200,
       .form = TextForm::https_url,
       .may_be_empty = true,
       .only_profile = bof2,
       .help = "With bof2: the back office that lends this camera its unlock key, https://HOST:PORT; it "
               "needs one. "
               "Heartbeats go there."},
      {.section = "identity",
       .name = "directory",
       .slot = [](C& c) -> Slot { return &c.identity.directory; },
       .help = "Folder of the device's key and certificate; waysided --make-identity fills it."},
      {.section = "log",
       .name = "level",
       .slot = [](C& c) -> Slot { return &c.log.level; },
       .choices = {"debug", "info", "warning", "error"},
       .help = "The least serious entries that are logged."},
      {.section = "log",
       .name = "format",
       .slot = [](C& c) -> Slot { return &c.log.format; },
       .choices = {"console", "json"},
       .help = "Lines for a person, or one JSON object a line."},
  };
  return keys;
}

std::string in_quotes(std::string_view text) {
  return '"' + json_escape(text) + '"';
}

std::string number_form(const Key& key, std::string_view kind) {
  const std::string unit = key.unit.empty() ? std::string{} : fmt::format(" {}", key.unit);
  if (key.most == most_count) return fmt::format("{} from 0 to 4294967295{}", kind, unit);
  return fmt::format("{} from {} to {}{}", kind, key.least, key.most, unit);
}

}  // namespace

std::span<const Key> all_keys() {
  return table();
}

std::vector<std::string_view> all_sections() {
  std::vector<std::string_view> sections;
  for (const Key& key : table()) {
    if (std::find(sections.begin(), sections.end(), key.section) == sections.end())
      sections.push_back(key.section);
  }
  return sections;
}

std::string expected_form(const Key& key) {
  Configuration defaults;
  struct Form {
    const Key& key;
    std::string operator()(const std::string*) const {
      if (!key.choices.empty()) {
        std::vector<std::string> words;
        for (const std::string_view choice : key.choices)
          words.push_back(in_quotes(choice));
        return fmt::format("one of {}", fmt::join(words, ", "));
      }
      if (key.form == TextForm::camera_source)
        return "\"libcamera\", or \"replay:PATH\" with the path of a recorded video or of a folder of "
               "pictures";
      if (key.form == TextForm::office_url) {
        return "\"https://HOST\", \"https://HOST:PORT\", the same with \"mqtts\" for a profile of MQTT, or "
               "an empty "
               "text";
      }
      if (key.form == TextForm::https_url) return "\"https://HOST\", \"https://HOST:PORT\", or an empty text";
      if (key.form == TextForm::url_path) {
        return fmt::format(
            "a path that begins with a slash, of letters, digits and . _ ~ / -, at most {} bytes", key.most);
      }
      return fmt::format("a text of one line, at most {} bytes", key.most);
    }
    std::string operator()(const std::uint32_t*) const { return number_form(key, "a whole number"); }
    std::string operator()(const double*) const { return number_form(key, "a number"); }
    std::string operator()(const std::optional<double>*) const { return number_form(key, "a number"); }
    std::string operator()(const std::filesystem::path*) const {
      return key.may_be_empty ? "a path in quotes, or an empty text" : "a path in quotes";
    }
  };
  return std::visit(Form{key}, key.slot(defaults));
}

std::string value_text(const Key& key, const Configuration& configuration) {
  struct Text {
    std::string operator()(const std::string* text) const { return in_quotes(*text); }
    std::string operator()(const std::uint32_t* number) const { return fmt::format("{}", *number); }
    std::string operator()(const double* number) const { return fmt::format("{}", *number); }
    std::string operator()(const std::optional<double>* number) const {
      return *number ? fmt::format("{}", **number) : std::string{};
    }
    std::string operator()(const std::filesystem::path* path) const { return in_quotes(path->string()); }
  };
  Configuration copy = configuration;  // slots point into something mutable
  return std::visit(Text{}, key.slot(copy));
}

}  // namespace wayside::config
