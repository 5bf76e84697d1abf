#!/usr/bin/env python3
"""Draws street pictures with plates, and their labels, for fit.py: what no model was trained on, though of the same kind.

  python3 -m confidence.pictures --data ../../../shared/data --plates PLATES --count 300 --out FOLDER

Run it from models/training. Half of the plates are in other typefaces than the prescribed one, as foreign ones are. PLATES:
of a seed that no model was trained on. FOLDER gets the pictures and labels.csv beside them.
"""
import argparse
import csv
import pathlib

import cv2

from localiser import scenes

SEED = 4242
WIDTH, HEIGHT = 640, 384
OTHER_TYPEFACE = 0.5


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--plates", required=True, type=pathlib.Path)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    scenes.WIDTH, scenes.HEIGHT, scenes.OTHER_TYPEFACE = WIDTH, HEIGHT, OTHER_TYPEFACE
    drawn = scenes.Scenes(args.data, args.plates, SEED)
    drawn.real = drawn.real[:0]
    args.out.mkdir(parents=True, exist_ok=True)
    with (args.out / "labels.csv").open("w", newline="") as out:
        table = csv.writer(out)
        table.writerow(["file", "x", "y", "w", "h", "text", "tags"])
        for number in range(args.count):
            scene = drawn.scene()
            name = f"{number:04}.png"
            cv2.imwrite(str(args.out / name), scene.picture)
            for plate in scene.plates:
                low, high = plate.quad.min(0).clip(0), plate.quad.max(0).clip(None, [WIDTH, HEIGHT])
                table.writerow([name, *(f"{v:.1f}" for v in (*low, *(high - low))), plate.text, ""])


if __name__ == "__main__":
    main()
