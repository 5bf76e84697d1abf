"""Plates drawn by our own press: `wayside-roadsim plates --count N --seed S --out FOLDER` writes them with plates.csv.

The training draws no plate itself, so that what the models learn is what the road simulator shows and the tests check.
"""
import csv
import pathlib

import cv2


class DrawnPlates:
    """All plates of a folder, in memory, grey. Each: (picture, row of plates.csv)."""

    def __init__(self, folder, every=1):
        """every: keep one of so many, for a small sample."""
        folder = pathlib.Path(folder)
        table = folder / "plates.csv"
        if not table.is_file():
            raise SystemExit(f"{table} is missing: draw the plates first, with wayside-roadsim plates --out {folder}")
        self.plates = []
        with table.open(newline="") as rows:
            for row in list(csv.DictReader(rows))[::every]:
                picture = cv2.imread(str(folder / row["file"]), cv2.IMREAD_GRAYSCALE)
                if picture is None:
                    raise SystemExit(f"{folder / row['file']} cannot be read, though {table} names it")
                self.plates.append((picture, row))
        if not self.plates:
            raise SystemExit(f"{table} names no plate")

    def only(self, column, value):
        """Those of one kind, the pictures shared."""
        some = DrawnPlates.__new__(DrawnPlates)
        some.plates = [(picture, row) for picture, row in self.plates if row[column] == value]
        return some

    def any(self, rng):
        return self.plates[int(rng.integers(len(self.plates)))]
