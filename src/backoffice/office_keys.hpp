// The office's secrets as the server uses them: what opens a record. A key made while it serves is found when
// the first record that is sealed to it comes.
//
// Threads: any number at once. Failure of open(): refused where none of the keys opens the record,
// unavailable where the folder cannot be read now.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "wayside/base/result.hpp"
#include "wayside/delivery/seal/keys.hpp"
#include "wayside/delivery/seal/sealed_record.hpp"

namespace wayside::backoffice {

class OfficeKeys {
 public:
  // Of this folder (recipients.hpp); as load_recipient_secrets().
  [[nodiscard]] static Result<std::unique_ptr<OfficeKeys>> load(std::filesystem::path folder);

  // The key of the record's full view.
  [[nodiscard]] Result<RecordKey> open(const RecordHead& head);

 private:
  struct NamedSecret {
    KeyId id{};
    RecipientSecret secret;
  };
  using Secrets = std::vector<NamedSecret>;

  explicit OfficeKeys(std::filesystem::path folder) : folder_(std::move(folder)) {}
  Status reload_where_changed();
  // Nothing: the record has no box for any of the keys.
  std::optional<Result<RecordKey>> try_all(const RecordHead& head);

  const std::filesystem::path folder_;
  std::mutex mutex_;
  std::shared_ptr<const Secrets> secrets_;
  std::filesystem::file_time_type changed_;  // the folder, before they were read
};

}  // namespace wayside::backoffice
