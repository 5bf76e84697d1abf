#include "wayside/delivery/upload/bof2_back_office.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <turbojpeg.h>

#include "src/delivery/upload/bof2_capture.hpp"
#include "src/delivery/upload/bof2_names.hpp"
#include "src/delivery/upload/bof2_sender.hpp"
#include "src/delivery/upload/heartbeat_channel.hpp"
#include "src/delivery/upload/https_connection.hpp"
#include "src/delivery/upload/shipment.hpp"
#include "src/delivery/upload/soap_reply.hpp"
#include "src/delivery/upload/soap_request.hpp"

namespace wayside::upload {

namespace {

using Outcome = Receipt::Outcome;

constexpr std::size_t most_bytes = std::size_t{1} << 20U;

Receipt refuse(std::string reason) {
  return {Outcome::refused, std::nullopt, std::move(reason)};
}

// A plain part, wiped when it goes.
struct Plain {
  Plain() = default;
  explicit Plain(Bytes taken) : bytes(std::move(taken)) {}
  Plain(Plain&&) = default;
  Plain& operator=(Plain&&) = default;
  Plain(const Plain&) = delete;
  Plain& operator=(const Plain&) = delete;
  ~Plain() { wipe(bytes); }
  Bytes bytes;
};

// A record as far as it had to be opened; or, where that was not to be, the receipt for all of it.
struct Opened {
  std::optional<Receipt> receipt;
  RecordHead head;
  std::optional<RecordKey> key;
  bof2::Capture capture;
};

Result<Plain> open(const Opened& record, const SealedRecord& sealed, PartKind kind) {
  const Bytes* part = sealed.part(kind);
  if (part == nullptr) return fail(ErrorCode::invalid_input, "the record has no such part");
  auto plain = open_part(record.head, *record.key, kind, *part);
  if (!plain) return fail(plain.error());
  return Plain(std::move(*plain));
}

Opened open_record(const SealedRecord& sealed, const UnlockKeys::Set& keys) {
  Opened record;
  const auto refused = [&](std::string why) {
    record.receipt = refuse(std::move(why));
    return std::move(record);
  };
  auto head = decode_head(sealed.head);
  if (!head) return refused(head.error().message);
  record.head = std::move(*head);
  if (record.head.type != RecordType::capture) {
    record.receipt = Receipt{Outcome::no_form, std::nullopt, "the service takes captures only"};
    return record;
  }
  for (const RecipientSecret& secret : keys) {
    auto key = open_box(record.head, secret);
    if (!key && key.error().code == ErrorCode::refused) continue;  // another's
    if (!key) return refused(key.error().message);
    record.key = std::move(*key);
    break;
  }
  if (!record.key) {
    return refused(
        "it is sealed to none of the unlock keys: it was made before such a key was among the camera's "
        "recipients, or after the last one ended");
  }
  const auto document = open(record, sealed, PartKind::document);
  if (!document) return refused(document.error().message);
  auto capture = bof2::capture_from(document->bytes);
  if (!capture) return refused(capture.error().message);
  record.capture = std::move(*capture);
  return record;
}

// Nothing: the service takes it.
std::optional<Receipt> refuse_picture(ShipmentKind kind, ByteView picture) {
  int width = 0;
  int height = 0;
  int subsampling = 0;
  int colours = 0;
  const std::unique_ptr<void, int (*)(tjhandle)> decoder(tjInitDecompress(), tjDestroy);
  if (!decoder || tjDecompressHeader3(decoder.get(), picture.data(), picture.size(), &width, &height,
                                      &subsampling, &colours) != 0)
    return refuse(fmt::format("the {} picture is no JPEG", to_string(kind)));
  if (kind == ShipmentKind::plate && (width > bof2::widest_plate_px || height > bof2::highest_plate_px)) {
    return refuse(fmt::format("the plate picture is {} x {} px, and the service takes {} x {} at most", width,
                              height, bof2::widest_plate_px, bof2::highest_plate_px));
  }
  if (kind == ShipmentKind::overview && picture.size() > bof2::largest_overview) {
    return refuse(fmt::format("the overview picture has {} bytes, and the service takes {} at most",
                              picture.size(), bof2::largest_overview));
  }
  return std::nullopt;
}

class Bof2BackOffice : public BackOffice {
 public:
  static Result<std::unique_ptr<BackOffice>> make(const Bof2Options& options, const UnlockKeys& keys) {
    if (Status safe = check_private(options.service.private_key, "upload.private_key"); !safe)
      return fail(safe.error());
    auto sender = load_sender(options.username, options.signature_file);
    if (!sender) return fail(sender.error());
    auto office = std::make_unique<Bof2BackOffice>(options.path, std::move(*sender), keys);
    auto service = HttpsConnection::make(options.service, office->deadline_);
    if (!service) return fail(service.error());
    office->service_ = std::move(*service);
    auto heartbeats = HeartbeatChannel::make(options.office, office->deadline_);
    if (!heartbeats) return fail(heartbeats.error());
    office->heartbeats_ = std::move(*heartbeats);
    return office;
  }
  Bof2BackOffice(std::string path, bof2::Sender sender, const UnlockKeys& keys)
      : path_(std::move(path)), sender_(std::move(sender)), keys_(keys) {}

  BatchLimits limits() const override { return {bof2::most_captures, most_bytes}; }

  std::vector<Receipt> deliver(std::span<const Shipment> batch) override {
    const auto keys = keys_.current();
    if (keys->empty()) {
      return std::vector<Receipt>(batch.size(), {Outcome::later, std::nullopt,
                                                 "there is no unlock key: records stay sealed in the queue"});
    }
    Delivery delivery{batch, std::vector<Receipt>(batch.size()), {}, {}};
    std::vector<std::size_t> texts;
    std::vector<std::size_t> pictures;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const SealedRecord* sealed = batch[i].record;
      auto known = delivery.records.find(sealed);
      if (known == delivery.records.end())
        known = delivery.records.emplace(sealed, open_record(*sealed, *keys)).first;
      if (known->second.receipt) {
        delivery.receipts[i] = *known->second.receipt;
      } else {
        (batch[i].kind == ShipmentKind::text ? texts : pictures).push_back(i);
      }
    }
    send_texts(delivery, texts);
    for (const std::size_t i : pictures)
      delivery.receipts[i] = send_picture(delivery, i);
    return std::move(delivery.receipts);
  }

  // They go to the office that lends the keys; the police service takes none.
  bool heartbeats_go_where_records_go() const override { return false; }

  Result<std::optional<KnownNumbers>> heartbeat(const std::string& device_id,
                                                std::string_view json) override {
    return heartbeats_->send(device_id, json);
  }
  void hurry(std::chrono::steady_clock::time_point deadline) override { deadline_ = deadline; }

 private:
  struct Delivery {
    std::span<const Shipment> batch;
    std::vector<Receipt> receipts;
    std::map<const SealedRecord*, Opened> records;
    // Why nothing more is sent: the service does not answer, or does not want to be asked now.
    std::optional<Receipt> halted;

    const Opened& record(std::size_t i) const { return records.at(batch[i].record); }
  };

  Receipt call(Delivery& delivery, SoapRequest& request) {
    if (delivery.halted) return *delivery.halted;
    const WipedBytes& body = request.finish();
    const Result<HttpAnswer> answer =
        service_->request("POST", path_,
                          {fmt::format("Content-Type: {}", bof2::content_type.text),
                           fmt::format("{}: \"{}\"", bof2::action_header.text, request.operation())},
                          ByteView(body.data(), body.size()));
    if (!answer) {
      delivery.halted = Receipt{Outcome::later, std::nullopt, answer.error().message};
      return *delivery.halted;
    }
    Receipt receipt = receipt_from_soap(*answer, request.operation());
    const bool busy = answer->status == 429 || answer->status == 503;
    if (busy || receipt.outcome == Outcome::forbidden) delivery.halted = receipt;
    return receipt;
  }

  void send_texts(Delivery& delivery, const std::vector<std::size_t>& texts) {
    if (texts.size() > 1) {
      const Receipt all = send_compound(delivery, texts);
      for (const std::size_t i : texts)
        delivery.receipts[i] = all;
      // One string is the answer to all of them: which one it is about, only asking for each can tell.
      if (all.outcome != Outcome::refused) return;
    }
    for (const std::size_t i : texts)
      delivery.receipts[i] = send_capture(delivery, i);
  }

  Receipt send_compound(Delivery& delivery, const std::vector<std::size_t>& texts) {
    SoapRequest request(bof2::send_compound_capture.text);
    for (const std::size_t i : texts) {
      const WipedBytes line = bof2::capture_line(delivery.record(i).capture, sender_);
      if (Status ok = request.add(bof2::captures.text, ByteView(line.data(), line.size())); !ok)
        return refuse(ok.error().message);
    }
    return call(delivery, request);
  }

  Receipt send_capture(Delivery& delivery, std::size_t i) {
    SoapRequest request(bof2::send_capture.text);
    if (Status ok = add(request, bof2::capture_fields(delivery.record(i).capture, sender_)); !ok)
      return refuse(ok.error().message);
    return call(delivery, request);
  }

  Receipt send_picture(Delivery& delivery, std::size_t i) {
    const Shipment& shipment = delivery.batch[i];
    // The service joins a picture to a capture that it has; it does not say where it has none.
    for (std::size_t other = 0; other < delivery.batch.size(); ++other) {
      const bool its_text =
          delivery.batch[other].kind == ShipmentKind::text && delivery.batch[other].record == shipment.record;
      if (its_text && delivery.receipts[other].outcome != Outcome::accepted)
        return {Outcome::later, delivery.receipts[other].retry_after, delivery.receipts[other].reason};
    }
    const PartKind kind = shipment.kind == ShipmentKind::plate ? PartKind::plate : PartKind::overview;
    const Opened& record = delivery.record(i);
    const auto picture = open(record, *shipment.record, kind);
    if (!picture) return refuse(picture.error().message);
    if (auto refused = refuse_picture(shipment.kind, picture->bytes)) return *refused;
    SoapRequest request(bof2::add_binary_capture_data.text);
    if (Status ok = add(request, bof2::picture_fields(record.capture, sender_)); !ok)
      return refuse(ok.error().message);
    request.add_base64(bof2::binary_image.text, picture->bytes);
    const bof2::Name& type = kind == PartKind::plate ? bof2::plate_type : bof2::overview_type;
    if (Status ok = request.add(bof2::binary_type.text, as_bytes(type.text)); !ok)
      return refuse(ok.error().message);
    return call(delivery, request);
  }

  static Status add(SoapRequest& request, const std::vector<bof2::Field>& fields) {
    for (const bof2::Field& field : fields) {
      if (!field.value) continue;
      if (Status ok = request.add(field.name, ByteView(field.value->data(), field.value->size())); !ok)
        return ok;
    }
    return {};
  }

  const std::string path_;
  const bof2::Sender sender_;
  const UnlockKeys& keys_;
  Deadline deadline_{std::chrono::steady_clock::time_point::max()};
  std::unique_ptr<HttpsConnection> service_;
  std::unique_ptr<HeartbeatChannel> heartbeats_;
};

}  // namespace

}  // namespace wayside::upload

namespace wayside {

Result<std::unique_ptr<BackOffice>> make_bof2_back_office(const Bof2Options& options,
                                                          const UnlockKeys& keys) {
  for (const HttpsOptions* one : {&options.service, &options.office}) {
    if (Status ok = upload::check_https_options(*one); !ok) return fail(ok.error());
  }
  return upload::Bof2BackOffice::make(options, keys);
}

}  // namespace wayside
