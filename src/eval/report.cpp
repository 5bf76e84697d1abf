#include "wayside/eval/report.hpp"

#include <array>
#include <map>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "wayside/anpr/capture/cut_out.hpp"
#include "wayside/base/files.hpp"
#include "wayside/base/html_text.hpp"

#include "src/eval/overlap.hpp"

namespace wayside::eval {

namespace {

const cv::Scalar green(60, 200, 60);
const cv::Scalar red(60, 60, 230);

std::string base64(const std::vector<std::uint8_t>& bytes) {
  static constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (k < have ? bytes[i + k] : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      out += k <= have ? letters[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

std::string picture_tag(const cv::Mat& picture) {
  std::vector<std::uint8_t> jpeg;
  cv::imencode(".jpg", picture, jpeg, {cv::IMWRITE_JPEG_QUALITY, 85});
  return fmt::format("<img src=\"data:image/jpeg;base64,{}\">", base64(jpeg));
}

cv::Mat in_width(const cv::Mat& picture, int width) {
  const double scale = static_cast<double>(width) / picture.cols;
  cv::Mat out;
  cv::resize(picture, out, {}, scale, scale, scale < 1 ? cv::INTER_AREA : cv::INTER_CUBIC);
  return out;
}

// The picture with the label in green and what was reported in red.
cv::Mat with_boxes(const cv::Mat& picture, const PlateLabel& label, const PictureReads& reads) {
  cv::Mat drawn;
  if (picture.channels() == 1) {
    cv::cvtColor(picture, drawn, cv::COLOR_GRAY2BGR);
  } else {
    drawn = picture.clone();
  }
  const int stroke = std::max(2, picture.cols / 400);
  cv::rectangle(drawn, cv::Rect(label.box), green, stroke);
  for (const ReportedPlate& plate : reads.plates) {
    for (std::size_t i = 0; i < plate.quad.size(); ++i)
      cv::line(drawn, cv::Point(plate.quad[i]), cv::Point(plate.quad[(i + 1) % plate.quad.size()]), red,
               stroke);
  }
  return in_width(drawn, 640);
}

// The labelled plate with a margin of half its height.
cv::Mat patch_of(const cv::Mat& picture, const PlateLabel& label) {
  const double margin = label.box.height / 2;
  const cv::Rect2d wide(label.box.x - margin, label.box.y - margin, label.box.width + 2 * margin,
                        label.box.height + 2 * margin);
  const cv::Rect inside = cv::Rect(wide) & cv::Rect(0, 0, picture.cols, picture.rows);
  return inside.empty() ? cv::Mat(picture.rows, picture.cols, picture.type(), cv::Scalar::all(0))
                        : in_width(picture(inside), 320);
}

// A reported plate as its corners straighten it: what the reader was given.
std::string straightened_tag(const cv::Mat& picture, const PlateQuad& quad) {
  const cv::Size size(320, 70);
  const auto right = static_cast<float>(size.width);
  const auto bottom = static_cast<float>(size.height);
  const cv::Mat straight =
      cut_out(picture, quad, {cv::Point2f(0, 0), {right, 0}, {right, bottom}, {0, bottom}}, size);
  return straight.empty() ? std::string() : picture_tag(straight);
}

std::string characters_text(const ReportedPlate& plate) {
  std::string out;
  for (const CharacterGuess& guess : plate.characters)
    out += fmt::format("{}&nbsp;{:.2f} ", html_escape(std::string(1, guess.character)), guess.probability);
  return out;
}

std::string row_of(const cv::Mat& picture, const PlateLabel& label, const PictureReads& reads,
                   const ReportedPlate* captured) {
  std::string tags;
  for (const std::string& tag : label.tags)
    tags += html_escape(tag) + " ";
  std::string row = fmt::format(
      "<tr><td>{}<td>{}<td><b>{}</b><br>{}: <b>{}</b><br>{}<br>{}",  // cells end where the next begins
      picture_tag(with_boxes(picture, label, reads)), picture_tag(patch_of(picture, label)),
      html_escape(label.text), captured == nullptr ? "missed" : "misread",
      captured == nullptr ? "-" : html_escape(captured->vrm), html_escape(reads.file), tags);
  for (const ReportedPlate& plate : reads.plates) {
    row += fmt::format("<br>{}<br>{} {:.3f}, {} line{}: {}", straightened_tag(picture, plate.quad),
                       html_escape(plate.vrm), plate.confidence, plate.lines, plate.lines == 1 ? "" : "s",
                       characters_text(plate));
  }
  return row + "</tr>\n";
}

}  // namespace

Result<Sheet> write_report(const std::vector<PictureReads>& reads, const std::vector<PlateLabel>& labels,
                           const std::filesystem::path& folder, const ReadPicture& read_picture,
                           const std::filesystem::path& out, const Progress& progress) {
  std::map<std::string, const PictureReads*> reads_of;
  for (const PictureReads& picture : reads)
    reads_of[picture.file] = &picture;
  std::map<std::string, std::vector<const PlateLabel*>> labels_of;
  for (const PlateLabel& label : labels)
    labels_of[label.file].push_back(&label);
  std::map<const PlateLabel*, const ReportedPlate*> captor_of;
  for (const auto& [file, on_it] : labels_of) {
    const auto found = reads_of.find(file);
    if (found == reads_of.end()) continue;
    const std::vector<const ReportedPlate*> captors = captured_plates(*found->second, on_it);
    for (std::size_t i = 0; i < captors.size(); ++i)
      captor_of[on_it[i]] = captors[i];
  }
  Sheet sheet;
  std::string html =
      "<!doctype html><meta charset=\"utf-8\"><title>Plates missed or misread</title>\n"
      "<style>body{font:14px sans-serif}td{vertical-align:top;padding:4px;border-top:1px solid "
      "#aaa}</style>\n"
      "<p>Green: the label. Red: what was reported.</p>\n<table>\n";
  for (std::size_t i = 0; i < labels.size(); ++i) {
    progress(i, labels.size());
    const PlateLabel& label = labels[i];
    const auto found = reads_of.find(label.file);
    if (found == reads_of.end()) {
      if (sheet.missing.empty() || sheet.missing.back() != label.file) sheet.missing.push_back(label.file);
      continue;
    }
    ++sheet.labels;
    const ReportedPlate* captured = captor_of.at(&label);
    if (captured != nullptr && normal_text(captured->vrm) == label.text) continue;
    ++sheet.wrong;
    const Result<cv::Mat> picture = read_picture(folder / label.file);
    if (!picture) {
      sheet.skipped.push_back({label.file, picture.error().message});
      continue;
    }
    html += row_of(*picture, label, *found->second, captured);
  }
  progress(labels.size(), labels.size());
  if (sheet.labels == 0) {
    return fail(ErrorCode::invalid_input,
                "no label is on a picture that the reads are of: give the labels and the folder that "
                "wayside-eval images was given when it wrote them");
  }
  if (sheet.wrong > 0 && sheet.skipped.size() == sheet.wrong) {
    return fail(
        ErrorCode::invalid_input,
        fmt::format("none of the {} wrong pictures could be read, the first because {}: give the folder "
                    "that wayside-eval images was given",
                    sheet.wrong, sheet.skipped.front().why));
  }
  html += "</table>\n";
  if (Status written = replace_file(out, as_bytes(html), 0600); !written) return fail(written.error());
  return sheet;
}

}  // namespace wayside::eval
