"""Training lines for the reader: a drawn plate, seen by a camera, straightened the way src/anpr/read straightens it.

A line is HEIGHT x WIDTH grey, dark on light. A plate of two lines is cut between them and its halves stand side by side.
"""
import pathlib

import cv2
import numpy as np

import photo
from drawn_plates import DrawnPlates
from font_plates import FontPlates
from reader.net import CODE, FIRST, FOLD, HEIGHT, WIDTH, even_out, normalise

MOST = 10  # characters of a line
FONT_SHARE = 0.4


def corners_of(width, height):
    return np.float64([[0, 0], [width, 0], [width, height], [0, height]])


class Lines:
    def __init__(self, data, plates, seed, share=1):
        """share: keep every share-th plate, for a small sample."""
        self.rng = np.random.default_rng(seed)
        self.plates = DrawnPlates(plates, share)
        self.fonts = FontPlates()
        self.backgrounds = []
        for file in sorted((pathlib.Path(data) / "negatives-free").iterdir())[::3]:
            picture = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
            if picture is not None and min(picture.shape) >= 150:
                self.backgrounds.append(picture)

    def sample(self):
        """(line uint8, text folded, centres of the characters as fractions of WIDTH)."""
        rng = self.rng
        if rng.random() < FONT_SHARE:
            plate, text, centres = self.fonts.draw(rng)
            points = np.stack([centres * plate.shape[1], np.full(len(centres), plate.shape[0] / 2)], 1)
            two_lines = False
        else:
            plate, row = self.plates.any(rng)
            glyphs = [g.split() for g in row["glyphs"].split(";")]
            text = "".join(g[0] for g in glyphs)
            points = np.array([[float(g[1]) + float(g[3]) / 2, float(g[2]) + float(g[4]) / 2] for g in glyphs])
            two_lines = row["lines"] == "2"
            if row["field"] == "black":
                plate = 255 - plate  # the reader turns light characters into dark ones before it reads
        line, where = self._see(plate, points, two_lines)
        return line, text.translate(FOLD), where

    def _see(self, plate, points, two_lines):
        rng = self.rng
        rows, cols = plate.shape
        plate = self._alter(plate.astype(np.float32))
        border = int(rng.uniform(0.03, 0.14) * rows) if rng.random() < 0.5 else 0
        if border:  # the bumper's recess or a plate holder
            shade = float(rng.uniform(0, 90) if rng.random() < 0.8 else rng.uniform(90, 255))
            plate = cv2.copyMakeBorder(plate, border, border, border, border, cv2.BORDER_CONSTANT, value=shade)
        width_px = float(np.exp(rng.uniform(np.log(38 if two_lines else 58), np.log(190 if two_lines else 330))))
        scale = width_px / cols
        turn, shear, keystone = np.deg2rad(rng.normal(0, 6)), rng.normal(0, 0.1), rng.normal(0, 0.06)
        foreshort = rng.uniform(0.7, 1.05) if rng.random() < 0.75 else rng.uniform(0.38, 0.75)
        if foreshort < 0.75:  # seen from the side, a plate has to be near to be read at all
            scale = max(scale, 62 / (cols * foreshort) * (0.65 if two_lines else 1))
            width_px = cols * scale

        def project(p):
            p = (p - [cols / 2, rows / 2]) * scale
            p = np.stack([p[:, 0] + shear * p[:, 1], p[:, 1]], 1)
            p[:, 1] *= 1 + keystone * p[:, 0] / (width_px / 2)
            p[:, 0] *= foreshort
            return p @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]).T

        outer = project(corners_of(cols + 2 * border, rows + 2 * border) - border)
        quad = project(corners_of(cols, rows))
        at = -outer.min(0) + rng.uniform(3, 8, 2) + 0.12 * rows * scale
        view_w, view_h = (int(v) for v in np.ceil(outer.max(0) + at + rng.uniform(3, 8, 2) + 0.12 * rows * scale))
        outer, quad = outer + at, quad + at

        shrink = min(1.0, max(scale * 2.0, 0.1))
        seen = plate if shrink > 0.75 else cv2.resize(plate, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        if scale / shrink < 0.8:
            seen = cv2.GaussianBlur(seen, (0, 0), 0.35 * shrink / scale)
        seen = photo.light(rng, seen)
        sh, sw = seen.shape
        warp = cv2.getPerspectiveTransform(np.float32(corners_of(sw, sh)), np.float32(outer))
        view = self._background(view_h, view_w, seen)
        mask = cv2.warpPerspective(np.ones((sh, sw), np.float32), warp, (view_w, view_h))
        view = view * (1 - mask) + cv2.warpPerspective(seen, warp, (view_w, view_h), borderMode=cv2.BORDER_REPLICATE) * mask
        view = self._spoil(view, quad, rows * scale)
        view = photo.degrade(rng, view)

        # The corners as the refiner finds them: mostly well, now and then poorly.
        height_px = np.linalg.norm(quad[3] - quad[0])
        across_px = np.linalg.norm(quad[1] - quad[0])
        poor = 3.0 if rng.random() < 0.12 else 1.0
        jitter = rng.normal(0, 1, (4, 2)) * [0.010 * across_px * poor, 0.030 * height_px * poor]
        whole = rng.normal(0, 1, 2) * [0.008 * across_px, 0.025 * height_px]
        found = quad + jitter + whole
        if border and rng.random() < 0.25:  # took the holder for the plate
            found = outer + jitter * 0.5
        return self._straighten(view, found, quad, project(points) + at, two_lines)

    def _straighten(self, view, found, quad, points, two_lines):
        rng = self.rng
        margin = np.array([rng.uniform(0.0, 0.03), rng.uniform(0.0, 0.08)]) if rng.random() < 0.5 else np.array([0.015, 0.04])
        cols, rows = (WIDTH // 2, 2 * HEIGHT) if two_lines else (WIDTH, HEIGHT)
        mx, my = margin * [cols, rows]
        inner = np.float32([[mx, my], [cols - mx, my], [cols - mx, rows - my], [mx, rows - my]])
        straighten = cv2.getPerspectiveTransform(np.float32(found), inner)
        reduction = rows / max(np.linalg.norm(found[3] - found[0]), 1)
        if reduction < 0.6:
            view = cv2.GaussianBlur(view, (0, 0), 0.4 / reduction)
        kind = cv2.INTER_LINEAR if rng.random() < 0.5 else cv2.INTER_CUBIC
        line = cv2.warpPerspective(view, straighten, (cols, rows), flags=kind, borderMode=cv2.BORDER_REPLICATE)
        at = cv2.perspectiveTransform(np.float32(points)[:, None], straighten)[:, 0]
        if not two_lines:
            return even_out(line), at[:, 0] / WIDTH
        # Cut where the true gap lies, as well as the reader can tell.
        upper = at[:, 1] < at[:, 1].mean()
        gap = (at[upper, 1].mean() + at[~upper, 1].mean()) / 2 if upper.any() and (~upper).any() else rows / 2
        cut = int(np.clip(round(gap + rng.normal(0, 1.0)), rows * 0.36, rows * 0.64))
        halves = [cv2.resize(half, (cols, HEIGHT), interpolation=cv2.INTER_LINEAR) for half in (line[:cut], line[cut:])]
        where = np.where(upper, at[:, 0] / cols / 2, 0.5 + at[:, 0] / cols / 2)
        return even_out(np.hstack(halves)), where

    def _alter(self, plate):
        """What the press does not draw: print that has spread or shrunk, raised characters, uneven print."""
        rng = self.rng
        kind = rng.random()
        if kind < 0.18:
            plate = cv2.erode(plate, np.ones((3, 3), np.uint8), iterations=int(rng.integers(1, 3)))
        elif kind < 0.36:
            plate = cv2.dilate(plate, np.ones((3, 3), np.uint8), iterations=int(rng.integers(1, 3)))
        if rng.random() < 0.1:  # raised or "3D" characters: one side of each stroke catches the light
            shift = np.float32([[1, 0, rng.uniform(-3, 3)], [0, 1, rng.uniform(-3, 3)]])
            moved = cv2.warpAffine(plate, shift, plate.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
            plate = plate + (moved - plate) * rng.uniform(-0.6, 0.6)
        return np.clip(plate, 0, 255)

    def _spoil(self, view, quad, height_px):
        """What lies on or before the plate: a tow bar, a bright reflection, a patch of mud."""
        rng = self.rng
        if rng.random() < 0.12:
            centre = quad[0] + (quad[2] - quad[0]) * rng.uniform(0, 1, 2)
            yy, xx = np.mgrid[0:view.shape[0], 0:view.shape[1]].astype(np.float32)
            reach = height_px * rng.uniform(0.15, 0.8)
            glow = np.exp(-0.5 * (((xx - centre[0]) / (reach * rng.uniform(0.5, 3))) ** 2 + ((yy - centre[1]) / reach) ** 2))
            view = view + glow * rng.uniform(-90, 160)
        if rng.random() < 0.06:
            at = quad[3] + (quad[2] - quad[3]) * rng.uniform(0.1, 0.9)
            radius = max(1, int(height_px * rng.uniform(0.08, 0.28)))
            cv2.circle(view, (int(at[0]), int(at[1] + radius * rng.uniform(-0.2, 0.8))), radius, float(rng.uniform(0, 160)), -1, cv2.LINE_AA)
        return view

    def _background(self, rows, cols, seen):
        rng = self.rng
        if rng.random() < 0.4:
            return np.full((rows, cols), rng.uniform(0, 1) * rng.uniform(30, 255), np.float32)
        picture = self.backgrounds[int(rng.integers(len(self.backgrounds)))]
        h = int(min(picture.shape[0], picture.shape[1] * rows / cols) * rng.uniform(0.2, 0.9))
        h = max(8, min(h, picture.shape[0]))
        w = max(8, min(int(h * cols / rows), picture.shape[1]))
        y, x = int(rng.integers(0, picture.shape[0] - h + 1)), int(rng.integers(0, picture.shape[1] - w + 1))
        return cv2.resize(picture[y:y + h, x:x + w], (cols, rows), interpolation=cv2.INTER_AREA).astype(np.float32) * rng.uniform(0.5, 1.2)


def batch_of(lines, count):
    """Arrays for the trainer: normalised lines as int8 (x 127), codes and centres padded with -1."""
    pictures = np.empty((count, HEIGHT, WIDTH), np.int8)
    codes, centres = np.full((count, MOST), -1, np.int64), np.full((count, MOST), -1, np.float32)
    for i in range(count):
        line, text, where = lines.sample()
        pictures[i] = np.round(normalise(line) * 127)
        codes[i, :len(text)] = [CODE[c] for c in text]
        centres[i, :len(text)] = where
    return pictures, codes, centres


def show(lines, count, columns=5):
    tiles = []
    for _ in range(count):
        line, text, where = lines.sample()
        tile = cv2.copyMakeBorder(line, 16, 2, 2, 2, cv2.BORDER_CONSTANT, value=255)
        cv2.putText(tile, text, (4, 12), cv2.FONT_HERSHEY_SIMPLEX, 0.42, 0, 1, cv2.LINE_AA)
        for x in where:
            cv2.line(tile, (int(x * WIDTH) + 2, 14), (int(x * WIDTH) + 2, 18), 0, 1)
        tiles.append(tile)
    return np.vstack([np.hstack(tiles[i:i + columns]) for i in range(0, count - count % columns, columns)])
