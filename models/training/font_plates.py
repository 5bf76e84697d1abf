"""Plates in other typefaces than the prescribed one: foreign plates, and UK plates as they should not be.

Drawn with the free typefaces of Debian's font packages (FONTS). Grey, 1 pixel a millimetre, like the press's pictures.
"""
import pathlib

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

FOLDER = pathlib.Path("/usr/share/fonts")
FONTS = [
    "truetype/opendin/OSP-DIN.ttf",
    "truetype/roboto/unhinted/RobotoCondensed-Bold.ttf",
    "truetype/roboto/unhinted/RobotoCondensed-Regular.ttf",
    "truetype/roboto/unhinted/RobotoTTF/Roboto-Medium.ttf",
    "opentype/bebas-neue/BebasNeue-Bold.otf",
    "truetype/open-sans/OpenSans-CondBold.ttf",
    "truetype/dejavu/DejaVuSansCondensed-Bold.ttf",
    "truetype/dejavu/DejaVuSans.ttf",
    "truetype/routed-gothic/routed-gothic.ttf",
    "truetype/routed-gothic/routed-gothic-narrow.ttf",
    "opentype/play/Play-Bold.otf",
    "opentype/play/Play-Regular.otf",
    "opentype/cabin/Cabin-Bold.otf",
    "opentype/cantarell/Cantarell-Bold.otf",
    "opentype/dosis/Dosis-Bold.otf",
    "opentype/dosis/Dosis-SemiBold.otf",
    "opentype/league-spartan/LeagueSpartan-SemiBold.otf",
    "truetype/clear-sans/ClearSans-Bold.ttf",
    "truetype/karla/Karla-Bold.otf",
    "truetype/lato/Lato-Bold.ttf",
    "truetype/liberation/LiberationSans-Bold.ttf",
    "truetype/liberation/LiberationSansNarrow-Bold.ttf",
    "truetype/manrope/Manrope-Bold.ttf",
    "truetype/quicksand/Quicksand-Bold.ttf",
]
LETTERS, DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
FOREIGN = ["LL DDD LL", "LL DD DD", "LL LL DD", "DD LL LL", "DD LLL D", "D LLL DD", "L DDD LL", "LL DDD L", "LLL DD L",
           "LL DDDDD", "LLL DDDD", "LL L DDDD", "L LL DDD", "DDDD LLL", "DDD LLL", "LLL DDD", "LL DDDD", "DD LLL DD", "L DDDDD",
           "LL DDDD LL", "D LLDDDD", "DDD L DDDD", "LLDDLLL", "LDDDLL"]
UK = ["LLDD LLL", "LLDD LLL", "LLDD LLL", "LDDD LLL", "LLL DDDL", "LDD LLL", "LLL DDD", "LL DDDD", "LLL DD", "D LLL", "DD LLL", "L DDDD"]


def some_text(rng):
    """Groups of a mark that looks like one of somewhere."""
    kind = rng.random()
    if kind < 0.2:
        text = "".join((LETTERS + DIGITS)[int(i)] for i in rng.integers(0, 36, int(rng.integers(4, 9))))
        cut = int(rng.integers(1, len(text)))
        return [text[:cut], text[cut:]] if rng.random() < 0.7 else [text]
    patterns = FOREIGN if kind < 0.75 else UK
    pattern = patterns[int(rng.integers(len(patterns)))]
    return "".join(LETTERS[int(rng.integers(26))] if c == "L" else DIGITS[int(rng.integers(10))] if c == "D" else c
                   for c in pattern).split(" ")


class FontPlates:
    def __init__(self):
        self.fonts = [FOLDER / f for f in FONTS if (FOLDER / f).is_file()]
        if len(self.fonts) < len(FONTS):
            raise SystemExit(f"only {len(self.fonts)} of {len(FONTS)} typefaces are installed; see models/README.md for the packages")
        self.glyphs = {}

    def glyph(self, font, character):
        key = (font, character)
        if key not in self.glyphs:
            face = ImageFont.truetype(str(self.fonts[font]), 220)
            page = Image.new("L", (400, 400), 0)
            ImageDraw.Draw(page).text((60, 40), character, font=face, fill=255)
            ink = np.array(page)
            rows, cols = np.where(ink > 100)
            ink = ink[rows.min():rows.max() + 1, cols.min():cols.max() + 1]
            scale = 158 / ink.shape[0]
            self.glyphs[key] = cv2.resize(ink, (max(8, int(ink.shape[1] * scale)), 158), interpolation=cv2.INTER_AREA)
        return self.glyphs[key]

    def draw(self, rng):
        """A plate: (uint8 picture dark on light, text, centres of its characters as fractions of the width)."""
        groups = some_text(rng)
        font = int(rng.integers(len(self.fonts)))
        rows = int(rng.integers(98, 122))
        height = int(rng.uniform(64, 86))
        stretch = rng.uniform(0.7, 1.25)
        between, gap = rng.uniform(4, 16), rng.uniform(14, 50)
        if rng.random() < 0.06:
            gap = between
        bolder = int(rng.integers(-4, 5))
        inks = []
        for number, group in enumerate(groups):
            for character in group:
                ink = cv2.copyMakeBorder(self.glyph(font, character), 6, 6, 4, 4, cv2.BORDER_CONSTANT, value=0)
                if abs(bolder) > 1:
                    element = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (abs(bolder) | 1, abs(bolder) | 1))
                    ink = (cv2.dilate if bolder > 0 else cv2.erode)(ink, element)
                h = int(round(height * ink.shape[0] / 158))
                w = max(6, int(round(ink.shape[1] * h / ink.shape[0] * stretch)))
                inks.append((cv2.resize(ink, (w, h), interpolation=cv2.INTER_AREA).astype(np.float32) / 255, number))
        width = sum(ink.shape[1] for ink, _ in inks) + between * (len(inks) - len(groups)) + gap * (len(groups) - 1)
        band = rng.uniform(38, 52) if rng.random() < 0.6 else 0
        margin = rng.uniform(8, 22)
        cols = int(max(width + 2 * margin + band, 520 if rng.random() < 0.6 else 0))
        field, dark = rng.uniform(150, 245), rng.uniform(5, 110)
        plate = np.full((rows, cols), field, np.float32)
        if band:
            self._band(rng, plate, int(band))
        x, previous, centres = band + (cols - band - width) / 2, 0, []
        for ink, number in inks:
            if number != previous:
                x += gap - between
                self._separator(rng, plate, x - gap / 2, gap, dark)
                previous = number
            top = int(np.clip((rows - ink.shape[0]) / 2 + rng.normal(0, 1), 0, rows - 1))
            h, w = min(ink.shape[0], rows - top), min(ink.shape[1], cols - int(x))
            if h > 0 and w > 0:
                part = plate[top:top + h, int(x):int(x) + w]
                part += (dark - part) * ink[:h, :w]
            centres.append((x + ink.shape[1] / 2) / cols)
            x += ink.shape[1] + between
        if rng.random() < 0.6:
            inset = int(rng.integers(0, 6))
            cv2.rectangle(plate, (inset, inset), (cols - 1 - inset, rows - 1 - inset), float(dark), int(rng.integers(1, 5)))
        return np.clip(plate, 0, 255).astype(np.uint8), "".join(groups), np.array(centres)

    @staticmethod
    def _band(rng, plate, band):
        rows = plate.shape[0]
        plate[:, :band] = rng.uniform(20, 120)
        centre, light = (band // 2, int(rows * 0.33)), rng.uniform(160, 240)
        for k in range(12):
            a = k * np.pi / 6
            cv2.circle(plate, (int(centre[0] + 13 * np.cos(a)), int(centre[1] + 13 * np.sin(a))), 2, light, -1)
        code = ["D", "F", "NL", "PL", "I", "E", "RO", "LT", "IRL", "B", "CZ", "SK"][int(rng.integers(12))]
        cv2.putText(plate, code, (int(band / 2 - 8 * len(code)), rows - 12), cv2.FONT_HERSHEY_SIMPLEX, 0.7, light, 2, cv2.LINE_AA)

    @staticmethod
    def _separator(rng, plate, x, gap, dark):
        kind, x, rows = rng.random(), int(x), plate.shape[0]

        def badge(y, radius):
            """A round sticker with some emblem on it, that tells no more than light and dark spots."""
            cv2.circle(plate, (x, y), radius, rng.uniform(0, 255), -1, cv2.LINE_AA)
            for _ in range(int(rng.integers(0, 4))):
                at = (x + int(rng.normal(0, radius / 3)), y + int(rng.normal(0, radius / 3)))
                size = (max(1, int(radius * rng.uniform(0.1, 0.6))), max(1, int(radius * rng.uniform(0.1, 0.6))))
                cv2.ellipse(plate, at, size, rng.uniform(0, 180), 0, 360, rng.uniform(0, 255), -1, cv2.LINE_AA)

        if kind < 0.25:  # a dash, as in the Netherlands
            half, thick = int(rng.integers(4, 12)), int(rng.integers(3, 7))
            cv2.rectangle(plate, (x - half, rows // 2 - thick), (x + half, rows // 2 + thick), float(dark), -1)
        elif kind < 0.35:  # one round badge
            badge(rows // 2 + int(rng.normal(0, 6)), int(gap * rng.uniform(0.2, 0.5)))
        elif kind < 0.55:  # two, as in Germany and Greece; small ones in Belgium
            radius = int(min(17, gap * rng.uniform(0.15, 0.5)))
            apart = max(radius + 1, int(rows * rng.uniform(0.1, 0.25)))
            for y in (rows // 2 - apart, rows // 2 + apart):
                badge(y, radius)
