#include "src/device/config/key_table.hpp"

namespace wayside::config {

namespace {

constexpr std::string_view bof2 = "bof2";

using C = Configuration;

}  // namespace

const std::vector<Key>& service_keys() {
  static const std::vector<Key> keys = {
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
      {.section = "authority",
       .name = "moved",
       .slot = [](C& c) -> Slot { return &c.authority.moved; },
       .choices = {"alarm", "stop"},
       .help =
           "Where the camera is 100 m or more from where its deployment authority lets it stand: say so, or "
           "also capture nothing."},
      {.section = "authority",
       .name = "recordings",
       .slot = [](C& c) -> Slot { return &c.authority.recordings; },
       .choices = {"exempt", "bound"},
       .help = "Whether a recording, which captures nobody anew, is played without a deployment authority; a "
               "camera never captures without one."},
      {.section = "supervision",
       .name = "watchdog",
       .slot = [](C& c) -> Slot { return &c.supervision.watchdog; },
       .may_be_empty = true,
       .help =
           "The machine's hardware watchdog, as in /dev/watchdog: it restarts the machine where the camera "
           "makes no progress. Empty: none."},
      {.section = "supervision",
       .name = "watchdog_limit_s",
       .slot = [](C& c) -> Slot { return &c.supervision.watchdog_limit_s; },
       .least = 100,
       .most = 600,
       .unit = "s",
       .help =
           "How long it waits; the device may choose another. Longer than the service manager takes to "
           "see that the camera hangs and to start it anew, so that the machine is not restarted for it."},
      {.section = "supervision",
       .name = "metrics_socket",
       .slot = [](C& c) -> Slot { return &c.supervision.metrics_socket; },
       .may_be_empty = true,
       .help = "A local socket that gives what the camera counts, in Prometheus' text form. Empty: none."},
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

}  // namespace wayside::config
