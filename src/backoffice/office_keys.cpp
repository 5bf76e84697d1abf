#include "src/backoffice/office_keys.hpp"

#include <algorithm>

#include "wayside/backoffice/recipients.hpp"
#include "wayside/base/log.hpp"

namespace wayside::backoffice {

Result<std::unique_ptr<OfficeKeys>> OfficeKeys::load(std::filesystem::path folder) {
  std::unique_ptr<OfficeKeys> keys(new OfficeKeys(std::move(folder)));
  if (const auto loaded = keys->reload_where_changed(); !loaded) return fail(loaded.error());
  return keys;
}

Status OfficeKeys::reload_where_changed() {
  const std::lock_guard lock(mutex_);
  std::error_code failed;
  const auto changed = std::filesystem::last_write_time(folder_, failed);
  if (!failed && secrets_ && changed == changed_) return {};
  auto loaded = load_recipient_secrets(folder_);
  if (!loaded) return fail(loaded.error());
  auto secrets = std::make_shared<Secrets>();
  for (RecipientSecret& secret : *loaded) {
    const KeyId id = key_id(secret.key);
    secrets->push_back({id, std::move(secret)});
  }
  secrets_ = std::move(secrets);
  changed_ = changed;
  return {};
}

std::optional<Result<RecordKey>> OfficeKeys::try_all(const RecordHead& head) {
  const auto secrets = [&] {
    const std::lock_guard lock(mutex_);
    return secrets_;
  }();
  for (const NamedSecret& named : *secrets) {
    const bool has_box = std::any_of(head.boxes.begin(), head.boxes.end(), [&](const RecordHead::Box& box) {
      return box.recipient == named.id && box.view == RecordView::full;
    });
    if (has_box) return open_box(head, named.secret);
  }
  return std::nullopt;
}

Result<RecordKey> OfficeKeys::open(const RecordHead& head) {
  auto opened = try_all(head);
  if (!opened) {
    if (const auto loaded = reload_where_changed(); !loaded) {
      log::error("recipient_keys_unreadable", {{"error", loaded.error()}});
      return fail(ErrorCode::unavailable, "the office cannot read its keys now");
    }
    opened = try_all(head);
  }
  // A key's file may come back, or come later: nothing is wrong with the record.
  if (!opened) {
    log::error("record_sealed_to_no_key", {{"device", head.device_id}, {"number", head.number.value()}});
    return fail(ErrorCode::unavailable, "it is sealed to none of the office's keys with the full view");
  }
  if (!*opened) return fail(ErrorCode::refused, "the office's key does not open what is sealed to it");
  if ((**opened).view != RecordView::full)
    return fail(ErrorCode::refused, "the office's key opens less than the full view");
  return std::move(*opened);
}

}  // namespace wayside::backoffice
