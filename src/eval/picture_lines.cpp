#include <set>

#include "wayside/eval/images.hpp"

#include "src/eval/json_lines.hpp"

namespace wayside::eval {

std::string json_line(const PictureReads& reads, bool with_grounds) {
  OrderedJson plates = OrderedJson::array();
  for (const ReportedPlate& plate : reads.plates) {
    OrderedJson characters = OrderedJson::array();
    for (const CharacterGuess& guess : plate.characters) {
      characters.push_back({{"c", std::string(1, guess.character)},
                            {"p", rounded(static_cast<double>(guess.probability), 4)}});
    }
    plates.push_back({{"box",
                       {rounded(plate.box.x, 1), rounded(plate.box.y, 1), rounded(plate.box.width, 1),
                        rounded(plate.box.height, 1)}},
                      {"quad", to_json(plate.quad)},
                      {"vrm", plate.vrm},
                      {"confidence", rounded(plate.confidence, 4)},
                      {"chars", std::move(characters)},
                      {"lines", plate.lines}});
    if (with_grounds) {
      plates.back()["grounds"] = {
          {"log_odds", rounded(static_cast<double>(plate.grounds.log_odds), 4)},
          {"line", rounded(static_cast<double>(plate.grounds.line_log_probability), 4)},
          {"plate", rounded(static_cast<double>(plate.grounds.plate_score), 4)},
          {"known_form", plate.known_form}};
    }
  }
  return to_line({{"file", reads.file}, {"plates", std::move(plates)}, {"cpu_ms", rounded(reads.cpu_ms, 2)}});
}

Result<std::vector<PictureReads>> parse_reads(std::string_view lines, std::string_view name) {
  std::set<std::string> files;
  return read_json_lines(lines, name, [&files](const Json& line) {
    PictureReads reads{text(line, "file"), {}, number(line, "cpu_ms")};
    if (!files.insert(reads.file).second)
      throw JsonProblem{
          "member \"file\": an earlier line tells of the same picture; expected one line a picture"};
    for (const Json& entry : list(line, "plates")) {
      const std::vector<double> box = numbers(member(entry, "box"), 4);
      if (box[2] < 0 || box[3] < 0)
        throw JsonProblem{
            "member \"box\": expected left, top, width and height, none of the last two below 0"};
      ReportedPlate plate{cv::Rect2d(box[0], box[1], box[2], box[3]),
                          quad(entry),
                          text(entry, "vrm"),
                          share(entry, "confidence"),
                          {},
                          static_cast<int>(whole_number(entry, "lines")),
                          {},
                          false};
      for (const Json& character : list(entry, "chars")) {
        const std::string letter = text(character, "c");
        if (letter.size() != 1) throw JsonProblem{"member \"c\": expected one character"};
        plate.characters.push_back({letter[0], static_cast<float>(share(character, "p"))});
      }
      reads.plates.push_back(std::move(plate));
    }
    return reads;
  });
}

}  // namespace wayside::eval
