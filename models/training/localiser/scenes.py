"""Training pictures for the localiser: street backgrounds with drawn plates, and real roadside frames with their boxes.

Only sets that a shipped model may learn from: negatives-free/, detector/images/robertlucian-* and stephanecharette-*.
"""
import csv
import pathlib
from typing import NamedTuple, Optional

import cv2
import numpy as np

from drawn_plates import DrawnPlates
import photo
from localiser.net import STRIDE
from font_plates import DIGITS, LETTERS, FontPlates

WIDTH, HEIGHT = 320, 192
MAY_SHIP = ("robertlucian-", "stephanecharette-")
REAL = 0.35  # share of the pictures that are roadside frames with real plates
LETTERED = 0.45  # share of the street pictures that get lettering, which is no plate
# Shares of drawn plates with light characters on black, with two lines, and in other typefaces, beside those of the press as
# it draws them: they are learnt last.
BLACK = 0.22
TWO_LINES = 0.12
OTHER_TYPEFACE = 0.1


class ScenePlate(NamedTuple):
    quad: np.ndarray  # 4 x 2: top left, top right, bottom right, bottom left
    trust: float  # how much its corners can be believed
    two_lines: Optional[bool]  # None: not known
    light_on_dark: Optional[bool]
    text: Optional[str] = None  # of a drawn one


class Scene(NamedTuple):
    picture: np.ndarray  # uint8, HEIGHT x WIDTH
    plates: list
    hidden: list  # (x0, y0, x1, y1) of plates that are cut off
    lettering: list  # quads of characters that are no plate


def quad_size(quad):
    width = np.linalg.norm((quad[1] - quad[0] + quad[2] - quad[3]) / 2)
    height = np.linalg.norm((quad[3] - quad[0] + quad[2] - quad[1]) / 2)
    return width, height


class Scenes:
    """any_surround: plates also on panels and in holders brighter than they are, and turned and skewed farther. It taught the
    refiner where a yellow plate on a white car ends; the localiser found fewer plates of all kinds after it."""

    def __init__(self, data, plates, seed, any_surround=False):
        data = pathlib.Path(data)
        self.any_surround = any_surround
        self.rng = np.random.default_rng(seed)
        self.plates = DrawnPlates(plates)
        self.black = self.plates.only("field", "black")
        self.two_lines = self.plates.only("lines", "2")
        self.fonts = FontPlates()
        self.backgrounds = self._backgrounds(sorted((data / "negatives-free").iterdir()))
        self.real = self._real(data / "detector")

    @staticmethod
    def _backgrounds(files):
        out = []
        for file in files:
            picture = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
            if picture is None or min(picture.shape) < 150:
                continue
            scale = 720 / max(picture.shape)
            out.append(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else picture)
        return out

    @staticmethod
    def _real(folder):
        boxes = {}
        with (folder / "boxes.csv").open(newline="") as rows:
            for row in csv.DictReader(rows):
                if pathlib.Path(row["file"]).name.startswith(MAY_SHIP):
                    boxes.setdefault(row["file"], []).append([float(row[k]) for k in "xywh"])
        return [(cv2.imread(str(folder / file), cv2.IMREAD_GRAYSCALE), found) for file, found in sorted(boxes.items())]

    def sample(self):
        """One picture (uint8, HEIGHT x WIDTH) with its heat map, corner offsets and weights, one value a cell."""
        scene = self.scene()
        return (scene.picture, *self._targets([(plate.quad, plate.trust) for plate in scene.plates], scene.hidden))

    def scene(self):
        rng = self.rng
        real = len(self.real) > 0 and rng.random() < REAL
        if real:
            background, boxes = self.real[int(rng.integers(len(self.real)))]
        else:
            background, boxes = self.backgrounds[int(rng.integers(len(self.backgrounds)))], []
        rows, cols = background.shape
        scale = float(np.exp(rng.uniform(np.log(0.35), np.log(2.2 if real else 1.3))))
        scale = max(scale, WIDTH / cols, HEIGHT / rows)
        w, h = min(int(WIDTH / scale), cols), min(int(HEIGHT / scale), rows)
        if real and rng.random() < 0.85:
            bx, by, bw, bh = boxes[int(rng.integers(len(boxes)))]
            x = int(np.clip(bx + bw / 2 - w * rng.uniform(0.2, 0.8), 0, cols - w))
            y = int(np.clip(by + bh / 2 - h * rng.uniform(0.2, 0.8), 0, rows - h))
        else:
            x, y = int(rng.integers(0, cols - w + 1)), int(rng.integers(0, rows - h + 1))
        picture = cv2.resize(background[y:y + h, x:x + w], (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float32)

        plates, taken, hidden, lettering = [], [], [], []
        for bx, by, bw, bh in boxes:
            x0, y0 = (bx - x) * WIDTH / w, (by - y) * HEIGHT / h
            x1, y1 = (bx + bw - x) * WIDTH / w, (by + bh - y) * HEIGHT / h
            if x1 < 4 or y1 < 4 or x0 > WIDTH - 4 or y0 > HEIGHT - 4:
                continue
            taken.append((x0, y0, x1, y1))
            if x0 < 0 or y0 < 0 or x1 > WIDTH or y1 > HEIGHT:
                hidden.append((x0, y0, x1, y1))  # cut off: neither a plate nor not one
                continue
            # A box says little about corners, so it weighs little there.
            plates.append(ScenePlate(np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float64), 0.25, None, None))
        if not real:
            count = int(rng.choice([0, 1, 2], p=[0.22, 0.55, 0.23]))
            for _ in range(count):
                drawn = self._paste(picture, taken)
                if drawn is not None:
                    plates.append(drawn)
            if rng.random() < LETTERED:
                for _ in range(int(rng.integers(1, 4))):
                    quad = self._letter(picture, taken)
                    if quad is not None:
                        lettering.append(quad)
        if rng.random() < 0.5:
            picture = picture * rng.uniform(0.5, 1.25) + rng.uniform(-15, 25)
        if real and rng.random() < 0.5:
            picture = np.ascontiguousarray(picture[:, ::-1])
            mirror = lambda q: np.stack([WIDTH - q[[1, 0, 3, 2], 0], q[[1, 0, 3, 2], 1]], 1)
            plates = [plate._replace(quad=mirror(plate.quad)) for plate in plates]
            hidden = [(WIDTH - x1, y0, WIDTH - x0, y1) for x0, y0, x1, y1 in hidden]
        return Scene(photo.degrade(rng, picture), plates, hidden, lettering)

    def _paste(self, picture, taken):
        """Draws one plate into the picture, as a camera on a pole or at a kerb would see it; or None."""
        rng = self.rng
        plate, text, two_lines, light_on_dark = self._plate()
        rows, cols = plate.shape
        border = int(rng.uniform(0.02, 0.12) * rows) if rng.random() < 0.55 else 0
        # A holder is mostly black, but the lip of a white bumper or chrome is brighter than the plate.
        holder = rng.uniform(80, 255) if self.any_surround and rng.random() < 0.3 else rng.uniform(0, 80)
        surround = plate if not border else cv2.copyMakeBorder(
            plate, border, border, border, border, cv2.BORDER_CONSTANT, value=float(holder))
        shape = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64) / 2
        target = float(np.exp(rng.uniform(np.log(26 if two_lines else 34), np.log(150 if two_lines else 210)))) * WIDTH / 320
        turn, shear, keystone = np.deg2rad(rng.normal(0, 8)), rng.normal(0, 0.13), rng.normal(0, 0.06)
        if self.any_surround and rng.random() < 0.15:
            turn, shear = 2 * turn, 2 * shear
        foreshort = rng.uniform(0.6, 1.0) if rng.random() < 0.7 else rng.uniform(0.32, 0.7)

        def project(points):
            p = points * (target / cols)
            p = np.stack([p[:, 0] + shear * p[:, 1], p[:, 1]], 1)
            p[:, 1] *= 1 + keystone * p[:, 0] / (target / 2)
            p[:, 0] *= foreshort
            return p @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]).T

        outer = project(shape * [cols + 2 * border, rows + 2 * border])
        inner = project(shape * [cols, rows])
        reach = np.abs(outer).max(0) + 2
        if reach[0] * 2 >= WIDTH or reach[1] * 2 >= HEIGHT:
            return None
        at = np.array([rng.uniform(reach[0], WIDTH - reach[0]), rng.uniform(reach[1], HEIGHT - reach[1])])
        if any(at[0] + reach[0] > a and at[0] - reach[0] < c and at[1] + reach[1] > b and at[1] - reach[1] < d
               for a, b, c, d in taken):
            return None
        taken.append((at[0] - reach[0], at[1] - reach[1], at[0] + reach[0], at[1] + reach[1]))
        outer, inner = outer + at, inner + at
        x0, y0 = np.maximum(np.floor(outer.min(0)).astype(int) - 1, 0)
        x1, y1 = np.minimum(np.ceil(outer.max(0)).astype(int) + 2, [WIDTH, HEIGHT])

        shrink = min(1.0, max(target / cols * 2.2, 0.05))
        small = surround if shrink > 0.75 else cv2.resize(surround, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        small = photo.light(rng, small.astype(np.float32))
        around = picture[y0:y1, x0:x1].mean()
        wanted = np.clip(around * rng.uniform(0.5 if self.any_surround else 0.6, 1.6) + rng.uniform(-20, 60), 35, 250)
        if not light_on_dark:
            small = small * (wanted / max(small.mean(), 20))
        if rng.random() < 0.4:  # the panel a plate sits on: painted or dark
            e = int(np.exp(rng.uniform(np.log(4), np.log(60 if self.any_surround else 30))))
            panel = (slice(max(0, y0 - e // 2), min(HEIGHT, y1 + e // 2)), slice(max(0, x0 - e), min(WIDTH, x1 + e)))
            opaque = rng.uniform(0.5, 1)
            painted = picture[panel]
            slope = np.linspace(-0.5, 0.5, painted.shape[0], dtype=np.float32)[:, None] * rng.normal(0, 40)  # bent, so lit from above
            paint = rng.uniform(0, 250 if rng.random() < 0.6 else 120) + slope
            if all(panel[1].start > c or panel[1].stop < a or panel[0].start > d or panel[0].stop < b for a, b, c, d in taken[:-1]):
                picture[panel] = painted * (1 - opaque) + paint * opaque
        sh, sw = small.shape
        warp = cv2.getPerspectiveTransform(np.float32([[0, 0], [sw, 0], [sw, sh], [0, sh]]), np.float32(outer - [x0, y0]))
        size = (int(x1 - x0), int(y1 - y0))
        mask = cv2.warpPerspective(np.ones((sh, sw), np.float32), warp, size)
        if rng.random() < 0.8:
            mask = cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.3, 1.0))
        seen = cv2.warpPerspective(small, warp, size, borderMode=cv2.BORDER_REPLICATE)
        picture[y0:y1, x0:x1] = picture[y0:y1, x0:x1] * (1 - mask) + seen * mask
        return ScenePlate(inner, 1.0, two_lines, light_on_dark, text)

    def _plate(self):
        """(picture, text, two lines?, light on dark?)"""
        kind = self.rng.random()
        if kind < OTHER_TYPEFACE:
            plate, text, _ = self.fonts.draw(self.rng)
            return plate, text, False, False
        kind -= OTHER_TYPEFACE
        those = self.black if kind < BLACK else self.two_lines if kind < BLACK + TWO_LINES else self.plates
        plate, row = those.any(self.rng)
        return plate, row["vrm"], row["lines"] == "2", row["field"] == "black"

    def _letter(self, picture, taken):
        """A firm's name on a van, a word on a sign: characters in a row that are no plate. Their quad, or None."""
        rng = self.rng
        font, count = int(rng.integers(len(self.fonts.fonts))), int(rng.integers(2, 11))
        alphabet = LETTERS + DIGITS if rng.random() < 0.6 else (DIGITS if rng.random() < 0.5 else LETTERS)
        inks = [self.fonts.glyph(font, alphabet[int(rng.integers(len(alphabet)))]) for _ in range(count)]
        if rng.random() < 0.3:  # a capital and small letters, nearly
            inks = inks[:1] + [cv2.copyMakeBorder(cv2.resize(i, None, fx=0.7, fy=0.7), i.shape[0] - int(i.shape[0] * 0.7), 0, 0, 0, cv2.BORDER_CONSTANT) for i in inks[1:]]
        space = int(rng.uniform(5, 40))
        tall = max(i.shape[0] for i in inks)
        inks = [cv2.copyMakeBorder(i, tall - i.shape[0], 0, space, space, cv2.BORDER_CONSTANT) for i in inks]
        word = np.hstack(inks)
        height = float(np.exp(rng.uniform(np.log(7), np.log(44))))
        word = cv2.resize(word, (max(8, int(word.shape[1] * height / tall * rng.uniform(0.7, 1.2))), max(6, int(height))), interpolation=cv2.INTER_AREA)
        h, w = word.shape
        if w + 8 >= WIDTH or h + 8 >= HEIGHT:
            return None
        x, y = int(rng.integers(2, WIDTH - w - 4)), int(rng.integers(2, HEIGHT - h - 4))
        if any(x + w + 4 > a and x - 4 < c and y + h + 4 > b and y - 4 < d for a, b, c, d in taken):
            return None
        taken.append((x - 4, y - 4, x + w + 4, y + h + 4))
        if rng.random() < 0.6:  # on a painted side, which ends farther from the characters than a plate's edge does
            aside, above = rng.uniform(0.7, 4, 2) * h
            panel = (slice(max(0, int(y - above)), int(y + h + above)), slice(max(0, int(x - aside)), int(x + w + aside)))
            if all(panel[1].start > c or panel[1].stop < a or panel[0].start > d or panel[0].stop < b for a, b, c, d in taken[:-1]):
                picture[panel] = picture[panel] * 0.1 + rng.uniform(10, 235) * 0.9
        part = picture[y:y + h, x:x + w]
        ink = float(np.clip(part.mean() + rng.choice([-1, 1]) * rng.uniform(40, 160), 0, 255))
        part += (ink - part) * (word.astype(np.float32) / 255)
        return np.float64([[x, y], [x + w, y], [x + w, y + h], [x, y + h]])

    @staticmethod
    def _targets(quads, hidden):
        rows, cols = HEIGHT // STRIDE, WIDTH // STRIDE
        heat, corners = np.zeros((rows, cols), np.float32), np.zeros((8, rows, cols), np.float32)
        weight = np.zeros((rows, cols), np.float32)
        yy, xx = np.mgrid[0:rows, 0:cols].astype(np.float32)
        for x0, y0, x1, y1 in hidden:  # 0.99 takes nearly all of the loss away without making a centre
            a, b = max(0, int(y0 / STRIDE)), max(0, int(x0 / STRIDE))
            heat[a:int(y1 / STRIDE) + 1, b:int(x1 / STRIDE) + 1] = 0.99
        for quad, trust in quads:
            centre = quad.mean(0) / STRIDE
            w, h = (side / STRIDE for side in quad_size(quad))
            along = (quad[1] - quad[0]) / max(np.linalg.norm(quad[1] - quad[0]), 1e-6)
            dx, dy = xx + 0.5 - centre[0], yy + 0.5 - centre[1]
            u, v = dx * along[0] + dy * along[1], -dx * along[1] + dy * along[0]
            bump = np.exp(-0.5 * ((u / max(w * 0.10, 0.7)) ** 2 + (v / max(h * 0.18, 0.6)) ** 2)).astype(np.float32)
            bump[min(int(centre[1]), rows - 1), min(int(centre[0]), cols - 1)] = 1
            heat = np.maximum(heat, bump)
            near = bump > 0.3
            for k in range(4):
                corners[2 * k][near] = quad[k, 0] / STRIDE - xx[near] - 0.5
                corners[2 * k + 1][near] = quad[k, 1] / STRIDE - yy[near] - 0.5
            weight[near] = trust * bump[near] / max(h, 1.5)
        return heat, corners, weight


def show(scenes, count, columns=4):
    """A sheet of samples with their heat maps laid over: look before training."""
    tiles = []
    for _ in range(count):
        picture, heat, _, _ = scenes.sample()
        tile = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
        glow = (cv2.resize(heat, (WIDTH, HEIGHT)) * 255).astype(np.uint8)
        tile[..., 2] = np.maximum(tile[..., 2], glow)
        tiles.append(tile)
    return np.vstack([np.hstack(tiles[i:i + columns]) for i in range(0, count - count % columns, columns)])
