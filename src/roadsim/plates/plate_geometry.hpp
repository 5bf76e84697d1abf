// The measures of UK plates in millimetres, and how far each is known. Nothing here is a claim of conformity:
// plates are designed to these figures.
//
// Threads: constants. "confirmed" = read in the regulations' text (SI 2001/561 and its predecessors); "known"
// = common knowledge or measured on photographs by us, not confirmed in a standard.
#pragma once

namespace wayside::roadsim {

// confirmed: height, width (all characters but 1 and I), stroke, spacing, group gap, line gap, least margins.
struct CharacterSize {
  double height;
  double width;
  double stroke;
  double between_characters;
  double between_groups;
  double between_lines;
  double margin;       // above and below
  double side_margin;  // left and right
};
inline constexpr CharacterSize current_size{79, 50, 14, 11, 33, 19, 11, 11};
inline constexpr CharacterSize motorcycle_size{64, 44, 10, 10, 30, 13, 11, 11};
inline constexpr CharacterSize before_2001_size{89, 64, 16, 13, 38, 19, 13, 25};

// known: what the trade sells; a plate grows beyond these where its text and margins need it (seven wide 89
// mm characters).
inline constexpr double one_line_width = 520, one_line_height = 111;
inline constexpr double two_line_width = 285, two_line_height = 203;
inline constexpr double motorcycle_width = 229, motorcycle_height = 178;

inline constexpr double band_width = 45;           // confirmed: 40 to 50
inline constexpr double border_line_width = 1.6;   // confirmed: at most 5; known: usual width
inline constexpr double border_inset = 4;          // known
inline constexpr double corner_radius = 8;         // known
inline constexpr double small_print_height = 4.6;  // known
inline constexpr double screw_head_radius = 6;     // known, cap over a No. 8 screw

}  // namespace wayside::roadsim
