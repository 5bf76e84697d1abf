#include "text_engine.hpp"

#include <string>

#include <opencv2/imgproc.hpp>
#include <tesseract/baseapi.h>
#include <tesseract/resultiterator.h>

namespace wayside::read {
namespace {

constexpr const char* language = "plate";
constexpr std::string_view remedy = "see models/README.md for how the model is made";

// Tesseract 5.3 names the classes of a column by the character two places further on in the model's character
// set (its SaveMostCertainChoices counts three special classes where this model has one fewer in front). So
// the model's set has two characters behind our own that are never seen, and a name is taken back by two
// places. The blank, two places before the first but one, is named like the second character. make() checks
// that it is so.
constexpr std::size_t places_off = 2;
constexpr std::string_view named = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ-.";
static_assert(named.substr(0, characters.size()) == characters &&
              named.size() == characters.size() + places_off);
constexpr std::size_t blank_name = 1;

void add(const char* name, float probability, Column& column) {
  if (name == nullptr || name[0] == 0 || name[1] != 0) return;
  const std::size_t place = named.find(name[0]);
  if (place == std::string_view::npos) return;
  if (place == blank_name) {
    column.blank = probability;
  } else if (place >= places_off) {
    column.character[place - places_off] = probability;
  }
}

// The likeliest class of each column, repeats taken together.
std::string best_path(const std::vector<Column>& columns) {
  std::string text;
  char before = 0;
  for (const Column& column : columns) {
    char best = 0;
    float most = column.blank;
    for (std::size_t c = 0; c < characters.size(); ++c) {
      if (column.character[c] > most) {
        most = column.character[c];
        best = characters[c];
      }
    }
    if (best != 0 && best != before) text += best;
    before = best;
  }
  return text;
}

// A line in no plate's typeface, but plain enough for every model that works.
cv::Mat probe_line() {
  cv::Mat line(36, 240, CV_8UC1, cv::Scalar(180));
  cv::putText(line, "B4 HEN", {22, 30}, cv::FONT_HERSHEY_SIMPLEX, 1.15, cv::Scalar(70), 4, cv::LINE_AA);
  return line;
}

}  // namespace

struct TextEngine::Parts {
  tesseract::TessBaseAPI api;

  bool run(const cv::Mat& line) {
    api.SetImage(line.data, line.cols, line.rows, 1, static_cast<int>(line.step));
    api.SetSourceResolution(300);
    return api.Recognize(nullptr) == 0;
  }

  std::vector<Column> columns() {
    std::vector<Column> columns;
    const std::unique_ptr<tesseract::ResultIterator> word(api.GetIterator());
    if (!word) return columns;
    do {
      const auto* groups = word->GetRawLSTMTimesteps();
      if (groups == nullptr) continue;
      for (const auto& group : *groups) {
        for (const auto& step : group) {
          Column column;
          for (const auto& [name, probability] : step)
            add(name, probability, column);
          columns.push_back(column);
        }
      }
    } while (word->Next(tesseract::RIL_WORD));
    return columns;
  }

  std::string text() {
    // NOLINTNEXTLINE(modernize-avoid-c-arrays): what Tesseract makes with new[]
    const std::unique_ptr<char[]> raw(api.GetUTF8Text());
    std::string text;
    for (const char* c = raw.get(); c != nullptr && *c != 0; ++c) {
      if (*c != '\n' && *c != ' ') text += *c;
    }
    return text;
  }
};

TextEngine::TextEngine(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
TextEngine::~TextEngine() = default;

Result<std::unique_ptr<TextEngine>> TextEngine::make(ByteView model) {
  auto parts = std::make_unique<Parts>();
  // A mark is no word: there are no dictionaries, and the line is dark on light already.
  std::vector<std::string> names = {"load_system_dawg", "load_freq_dawg",   "load_number_dawg",
                                    "load_punc_dawg",   "load_bigram_dawg", "debug_file",
                                    "lstm_choice_mode", "invert_threshold"};
  std::vector<std::string> values = {"0", "0", "0", "0", "0", "/dev/null", "1", "0"};
  const int refused =
      parts->api.Init(reinterpret_cast<const char*>(model.data()), static_cast<int>(model.size()), language,
                      tesseract::OEM_LSTM_ONLY, nullptr, 0, &names, &values, false, nullptr);
  if (refused != 0)
    return fail(ErrorCode::corrupt,
                "the model \"reader\" is none that Tesseract can load; " + std::string(remedy));
  parts->api.SetPageSegMode(tesseract::PSM_RAW_LINE);
  const bool ran = parts->run(probe_line());
  const std::string by_column = ran ? best_path(parts->columns()) : std::string();
  if (by_column.size() < 3 || by_column != parts->text()) {
    return fail(ErrorCode::unsupported,
                "this version of Tesseract tells the columns of a line in another way than 5.3 does: use "
                "Debian 12's");
  }
  parts->api.Clear();
  return std::unique_ptr<TextEngine>(new TextEngine(std::move(parts)));
}

std::vector<Column> TextEngine::recognise(const cv::Mat& line) {
  std::vector<Column> columns;
  if (line.empty()) return columns;
  if (parts_->run(line)) columns = parts_->columns();
  parts_->api.Clear();
  return columns;
}

}  // namespace wayside::read
