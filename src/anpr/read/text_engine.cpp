#include "text_engine.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <system_error>

#include <fmt/format.h>
#include <tesseract/baseapi.h>
#include <tesseract/resultiterator.h>

namespace wayside::read {
namespace {

constexpr const char* characters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

// 0-9 and A-Z of one symbol of the engine; 0 for anything else.
char character_of(const char* symbol) {
  if (symbol == nullptr || symbol[0] == 0 || symbol[1] != 0) return 0;
  const auto upper = static_cast<char>(std::toupper(static_cast<unsigned char>(symbol[0])));
  const bool ours = (upper >= '0' && upper <= '9') || (upper >= 'A' && upper <= 'Z');
  return ours ? upper : '\0';
}

CharacterPosition guesses_of(const tesseract::ResultIterator& symbol) {
  std::map<char, float> by_character;  // small and capital forms of a letter are one
  tesseract::ChoiceIterator choice(symbol);
  do {
    const char character = character_of(choice.GetUTF8Text());
    if (character != 0) by_character[character] += std::clamp(choice.Confidence() / 100, 0.0F, 1.0F);
  } while (choice.Next());
  float total = 0;
  CharacterPosition position;
  for (const auto& [character, probability] : by_character) {
    position.push_back({character, probability});
    total += probability;
  }
  if (total > 1) {
    for (CharacterGuess& guess : position)
      guess.probability /= total;
  }
  std::stable_sort(position.begin(), position.end(), [](const CharacterGuess& a, const CharacterGuess& b) {
    return a.probability > b.probability;
  });
  return position;
}

}  // namespace

struct TextEngine::Parts {
  tesseract::TessBaseAPI api;
};

TextEngine::TextEngine(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
TextEngine::~TextEngine() = default;

Result<std::unique_ptr<TextEngine>> TextEngine::make(const std::filesystem::path& tessdata,
                                                     const std::string& model) {
  const std::filesystem::path file = tessdata / (model + ".traineddata");
  const std::string remedy = fmt::format("install tesseract-ocr-{} or set recognition.tessdata", model);
  std::error_code failed;
  if (!std::filesystem::is_regular_file(file, failed)) {
    return fail(ErrorCode::not_found,
                fmt::format("{}: recognition model is not there; {}", file.string(), remedy));
  }
  auto parts = std::make_unique<Parts>();
  // A mark is no word: the dictionaries would only bend it into one.
  std::vector<std::string> names = {"load_system_dawg", "load_freq_dawg",   "load_number_dawg",
                                    "load_punc_dawg",   "load_bigram_dawg", "debug_file"};
  std::vector<std::string> values = {"0", "0", "0", "0", "0", "/dev/null"};
  const int refused = parts->api.Init(tessdata.c_str(), model.c_str(), tesseract::OEM_LSTM_ONLY, nullptr, 0,
                                      &names, &values, false);
  if (refused != 0) {
    return fail(ErrorCode::corrupt,
                fmt::format("{}: recognition model cannot be loaded; {}", file.string(), remedy));
  }
  parts->api.SetVariable("tessedit_char_whitelist", characters);
  parts->api.SetVariable("lstm_choice_mode", "2");
  return std::unique_ptr<TextEngine>(new TextEngine(std::move(parts)));
}

std::vector<CharacterPosition> TextEngine::recognise(const cv::Mat& page, Layout layout) {
  std::vector<CharacterPosition> positions;
  if (page.empty()) return positions;
  tesseract::TessBaseAPI& api = parts_->api;
  api.SetPageSegMode(layout == Layout::find_line ? tesseract::PSM_SINGLE_LINE : tesseract::PSM_RAW_LINE);
  api.SetImage(page.data, page.cols, page.rows, 1, static_cast<int>(page.step));
  api.SetSourceResolution(300);
  if (api.Recognize(nullptr) == 0) {
    const std::unique_ptr<tesseract::ResultIterator> symbol(api.GetIterator());
    if (symbol && !symbol->Empty(tesseract::RIL_SYMBOL)) {
      do {
        CharacterPosition position = guesses_of(*symbol);
        if (!position.empty()) positions.push_back(std::move(position));
      } while (symbol->Next(tesseract::RIL_SYMBOL));
    }
  }
  api.Clear();
  return positions;
}

}  // namespace wayside::read
