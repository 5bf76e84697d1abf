#!/usr/bin/env python3
"""Fits the numbers of src/anpr/read/read_confidence.cpp, and says how far the result can be believed.

  wayside-eval images --grounds --threshold 0 --labels LABELS --out READS DIR       for each set of pictures
  python3 -m confidence.fit READS:LABELS [READS:LABELS ...]

Run it from models/training. LABELS as wayside-eval takes them; a header alone: no plate is in those pictures. A read at a
label is right or wrong by its text, a read in a picture without labels is wrong, others nobody has judged.

A logistic regression with little regularisation, by Newton's method. No gain may be negative, so that the confidence grows
with its grounds. What it says of itself is of reads it was not fitted to: tenfold cross-validation, whole pictures held out.
"""
import argparse
import collections
import csv
import json
import math
import re

import numpy as np

LEAST_LOG_ODDS, MOST_LOG_ODDS = -3.0, 9.0  # as read_confidence.cpp has them
LEAST_LINE = -8.0
NO_DIGIT, NO_LETTER = 3.0, 2.0  # not fitted, see there
NAMES = ("offset", "odds_gain", "line_gain", "plate_gain", "no_form_deduction", "four_characters_deduction", "fewer_deduction")
SIGNS = np.array([0, 1, 1, 1, -1, -1, -1])  # of each number's part in the sum; 0: either
RIDGE = 0.05  # of a weight's square; the offset is free
FOLDS, SEED = 10, 1

Read = collections.namedtuple("Read", "picture features fixed right")


def overlap(a, b):
    across = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    down = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(across, 0) * max(down, 0)
    return shared / max(a[2] * a[3] + b[2] * b[3] - shared, 1e-9)


def same_place(read, label):
    """As wayside-eval has it."""
    x, y = read[0] + read[2] / 2, read[1] + read[3] / 2
    inside = label[0] <= x <= label[0] + label[2] and label[1] <= y <= label[1] + label[3]
    return inside or overlap(read, label) >= 0.3


def features_of(plate):
    grounds, length = plate["grounds"], len(plate["vrm"])
    sure = min(max(grounds["plate"], 0.001), 0.999)
    return [1.0, min(max(grounds["log_odds"], LEAST_LOG_ODDS), MOST_LOG_ODDS), max(grounds["line"], LEAST_LINE),
            math.log(sure / (1 - sure)), float(not grounds["known_form"]), float(length == 4), float(length < 4)]


def reads_of(reads_file, labels_file):
    labels = collections.defaultdict(list)
    with open(labels_file, newline="") as rows:
        for row in csv.DictReader(rows):
            text = re.sub("[^A-Z0-9]", "", row["text"].upper())
            labels[row["file"]].append(([float(row[k]) for k in "xywh"], text))
    out = []
    with open(reads_file) as lines:
        for line in lines:
            picture = json.loads(line)
            known = labels.get(picture["file"], [])
            taken = set()
            for plate in sorted(picture["plates"], key=lambda plate: -plate["confidence"]):
                at = [k for k, (box, _) in enumerate(known) if same_place(plate["box"], box)]
                if known and (not at or at[0] in taken):
                    continue  # nobody has judged it, or another read of the plate counts
                taken.update(at[:1])
                fixed = 0.0
                if not re.search("[0-9]", plate["vrm"]):
                    fixed -= NO_DIGIT
                if not re.search("[A-Z]", plate["vrm"]):
                    fixed -= NO_LETTER
                right = bool(at) and plate["vrm"] == known[at[0]][1]
                out.append(Read(f"{reads_file}/{picture['file']}", features_of(plate), fixed, right))
    return out


def fit(features, fixed, right):
    """The weights of the features; those that come out with the wrong sign are left out."""
    used = np.ones(features.shape[1], bool)
    while True:
        x, weights = features[:, used], np.zeros(used.sum())
        ridge = np.diag(np.where(np.flatnonzero(used) == 0, 0.0, 2 * RIDGE))
        for _ in range(50):
            p = 1 / (1 + np.exp(-np.clip(x @ weights + fixed, -40, 40)))
            slope = x.T @ (p - right) + ridge @ weights
            bend = (x * (p * (1 - p))[:, None]).T @ x + ridge + 1e-9 * np.eye(len(weights))
            step = np.linalg.solve(bend, slope)
            weights = weights - step * min(1.0, 5 / max(np.abs(step).max(), 1e-12))
            if np.abs(step).max() < 1e-9:
                break
        whole = np.zeros(features.shape[1])
        whole[used] = weights
        wrong = whole * SIGNS < 0
        if not wrong.any():
            return whole
        used &= ~wrong


def stated(features, fixed, weights):
    return 1 / (1 + np.exp(-(features @ weights + fixed)))


def wilson(count, total, z=1.96):
    if total == 0:
        return "-"
    share = count / total
    middle = (share + z * z / 2 / total) / (1 + z * z / total)
    half = z / (1 + z * z / total) * math.sqrt(share * (1 - share) / total + z * z / 4 / total ** 2)
    return f"{100 * share:.1f} % ({100 * (middle - half):.1f} to {100 * (middle + half):.1f})"


def report(name, confidence, right, least):
    kept = confidence >= least
    confidence, right = confidence[kept], right[kept]
    bins = np.minimum((confidence * 10).astype(int), 9)
    error = sum(abs(confidence[bins == k].sum() - right[bins == k].sum()) for k in range(10)) / max(len(right), 1)
    sure = confidence >= 0.95
    print(f"{name}: expected calibration error {error:.3f} over {len(right)} reads from {least} on; at least 0.95: "
          f"{wilson(sure.sum(), len(right))} of them, of these right {wilson(right[sure].sum(), sure.sum())}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", metavar="READS:LABELS")
    parser.add_argument("--least", type=float, default=0.2, help="the read threshold from which on the report counts")
    args = parser.parse_args()
    reads = [read for one in args.sets for read in reads_of(*one.rsplit(":", 1))]
    features = np.array([read.features for read in reads])
    fixed = np.array([read.fixed for read in reads])
    right = np.array([read.right for read in reads], float)
    if not 0 < right.sum() < len(right):
        raise SystemExit("all reads are right, or all wrong: nothing can be fitted")
    weights = fit(features, fixed, right)
    print(f"{len(reads)} reads, {int(right.sum())} right")
    for name, sign, weight in zip(NAMES, SIGNS, weights):
        print(f"constexpr double {name} = {abs(weight) if sign else weight:.2f};")
    report("fitted", stated(features, fixed, weights), right, args.least)

    pictures = sorted({read.picture for read in reads})
    np.random.default_rng(SEED).shuffle(pictures)
    fold_of = {picture: k % FOLDS for k, picture in enumerate(pictures)}
    folds = np.array([fold_of[read.picture] for read in reads])
    held_out = np.zeros(len(reads))
    for k in range(FOLDS):
        out = folds == k
        held_out[out] = stated(features[out], fixed[out], fit(features[~out], fixed[~out], right[~out]))
    report("cross-validated", held_out, right, args.least)


if __name__ == "__main__":
    main()
