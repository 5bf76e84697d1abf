"""Training crops for the refiner, out of the localiser's training scenes: plates by wrong corners, and what is no plate.

What is no plate is drawn at random, is lettering, or is what the trained localiser itself takes for a plate in the scene: the
last is what the refiner is asked about in use, and a read saved costs ten of its looks.
"""
import cv2
import numpy as np

from localiser.net import STRIDE
from localiser.scenes import HEIGHT as SCENE_HEIGHT, WIDTH as SCENE_WIDTH, Scenes, quad_size
from refiner.net import HEIGHT, NOMINAL, UNIT, WIDTH


def crop(picture, quad):
    """The picture straightened by the quad, and the transform that did it."""
    straighten = cv2.getPerspectiveTransform(np.float32(quad), NOMINAL)
    reduction = np.linalg.norm(NOMINAL[1] - NOMINAL[0]) / max(np.linalg.norm(quad[1] - quad[0]), 1)
    if reduction < 0.6:
        picture = cv2.GaussianBlur(picture, (0, 0), 0.4 / reduction)
    return cv2.warpPerspective(picture, straighten, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), straighten


class Finder:
    """The localiser that ships, asked what it takes for plates in a scene."""

    LEAST = 0.12  # of its heat map; in use 0.2 is asked for: what is nearly found teaches too

    def __init__(self, onnx):
        self.net = cv2.dnn.readNetFromONNX(str(onnx))

    def quads(self, picture):
        self.net.setInput(picture.astype(np.float32)[None, None] / 255)
        found = self.net.forward()[0]
        heat = found[0]
        peak = (heat >= cv2.dilate(heat, np.ones((3, 3), np.uint8))) & (heat >= self.LEAST)
        for y, x in np.argwhere(peak):
            yield (found[1:, y, x].reshape(4, 2).astype(np.float64) + [x + 0.5, y + 0.5]) * STRIDE


class Judge:
    """An earlier refiner, where there is one: what it sees through at once need not be shown again every time."""

    SURE, SHOWN = 0.03, 0.15  # below this probability a find is shown so often

    def __init__(self, onnx):
        self.net = cv2.dnn.readNetFromONNX(str(onnx)) if onnx else None

    def is_easy(self, seen):
        if self.net is None:
            return False
        self.net.setInput(seen.astype(np.float32)[None, None] / 255)
        return self.net.forward().reshape(-1)[8] < self.SURE


class Crops:
    def __init__(self, data, plates, localiser, judge, seed):
        self.scenes = Scenes(data, plates, seed, any_surround=True)
        self.finder, self.judge = Finder(localiser), Judge(judge)
        self.rng = self.scenes.rng
        self.waiting = []

    def sample(self):
        """(crop uint8, 8 corner ways in UNIT, [plate, two lines, light on dark] of 0, 1 or -1, trust of the corners)."""
        while not self.waiting:
            self._take(self.scenes.scene())
        return self.waiting.pop()

    def _take(self, scene):
        rng = self.rng
        for plate in scene.plates:
            for _ in range(2):
                rough = self._roughen(plate.quad, 1.0 if rng.random() < 0.6 else 0.3)
                seen, straighten = crop(scene.picture, rough)
                corners = cv2.perspectiveTransform(np.float32(plate.quad)[:, None], straighten)[:, 0]
                way = (corners - NOMINAL).reshape(-1) / UNIT
                if np.abs(way).max() > 3:
                    continue
                kind = [1, *(-1 if known is None else int(known) for known in (plate.two_lines, plate.light_on_dark))]
                self.waiting.append((seen, way, kind, plate.trust if plate.trust == 1 else 0.05))
        for quad in self.finder.quads(scene.picture):
            for how_much in (0, 0.5):  # the first look and the second
                self._nothing(scene, self._roughen(quad, how_much))
        for quad in scene.lettering:
            if rng.random() < 0.8:
                self._nothing(scene, self._roughen(quad, 0.8))
        w = float(np.exp(rng.uniform(np.log(20), np.log(160))))
        h = w / rng.uniform(1.2, 6)
        centre = rng.uniform(0, 1, 2) * [SCENE_WIDTH, SCENE_HEIGHT]
        self._nothing(scene, self._roughen(centre + np.float64([[-w, -h], [w, -h], [w, h], [-w, h]]) / 2, 0.8))
        order = rng.permutation(len(self.waiting))
        self.waiting = [self.waiting[i] for i in order]

    def _nothing(self, scene, quad):
        centre = quad.mean(0)
        for plate in scene.plates:
            w, h = quad_size(plate.quad)
            if np.all(np.abs(centre - plate.quad.mean(0)) < [0.75 * w + 4, 0.9 * h + 6]):
                return
        for x0, y0, x1, y1 in scene.hidden:
            if x0 - 8 < centre[0] < x1 + 8 and y0 - 8 < centre[1] < y1 + 8:
                return
        seen, _ = crop(scene.picture, quad)
        if self.judge.is_easy(seen) and self.rng.random() > Judge.SHOWN:
            return
        self.waiting.append((seen, np.zeros(8), [0, -1, -1], 0.0))

    def _roughen(self, quad, how_much):
        """The quad as the localiser would have found it: shifted, too wide or too narrow, turned, skewed."""
        rng = self.rng
        w, h = quad_size(quad)
        centre = quad.mean(0)
        along = (quad[1] - quad[0] + quad[2] - quad[3]) / 2 / max(w, 1e-6)
        down = (quad[3] - quad[0] + quad[2] - quad[1]) / 2 / max(h, 1e-6)
        out = (quad - centre) * np.exp(rng.normal(0, 0.05 * how_much))
        u, v = out @ along, out @ down
        u = u * np.exp(rng.normal(0, 0.13 * how_much))
        v = v * np.exp(rng.normal(0, 0.20 * how_much))
        v = v + u * rng.normal(0, 0.06 * how_much)
        u = u + v * rng.normal(0, 0.15 * how_much)
        out = u[:, None] * along + v[:, None] * down
        out = out + centre + rng.normal(0, 1, 2) * how_much * np.array([0.07 * w, 0.13 * h])
        return out + rng.normal(0, 1, (4, 2)) * how_much * [0.035 * w, 0.06 * h]


def batch_of(crops, count):
    samples = [crops.sample() for _ in range(count)]
    return (np.stack([s[0] for s in samples]), np.float32([s[1] for s in samples]), np.float32([s[2] for s in samples]),
            np.float32([s[3] for s in samples]))


def show(crops, count, columns=8):
    tiles = []
    for _ in range(count):
        seen, way, kind, trust = crops.sample()
        tile = cv2.cvtColor(seen, cv2.COLOR_GRAY2BGR)
        if kind[0] == 1:
            colour = (0, 255, 0) if trust == 1 else (0, 200, 255)
            cv2.polylines(tile, [np.int32(NOMINAL + way.reshape(4, 2) * UNIT)], True, colour, 1)
        cv2.putText(tile, str(kind), (2, 10), cv2.FONT_HERSHEY_SIMPLEX, 0.35, (0, 0, 255), 1)
        tiles.append(tile)
    return np.vstack([np.hstack(tiles[i:i + columns]) for i in range(0, count - count % columns, columns)])
