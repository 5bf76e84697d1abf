#!/usr/bin/env python3
"""Trains the reader: resumable, fixed seeds, learning rate by iteration.

  nice -n 19 python3 -m reader.train --data ../../../shared/data --plates PLATES --out RUN
  python3 -m reader.train ... --start MODEL.traineddata --rate 1e-3     learns on from a model
  python3 -m reader.train ... --show sheet.png      look at the training lines instead

Run it from models/training. RUN keeps checkpoint.pt (a run that was cut off goes on from there) and log.txt. One core
draws, one trains; a GPU is used when there is one. The first iterations learn column by column from the known places of
the characters, which CTC alone takes very long to find; then CTC takes over, with the columns as a guide that fades.
"""
import argparse
import functools
import pathlib
import time

import cv2
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from loop import Batches, Run, set_rate
from reader.convert import take_up
from reader.lines import Lines, batch_of, show
from reader.net import BLANK, CHARACTERS, CLASSES, COLUMNS, FIRST, Reader, best_path

BATCH = 32
POOL = 400
BY_COLUMN = 800  # iterations


def make_batches(data, plates, seed):
    lines = Lines(data, plates, seed)
    return lambda: batch_of(lines, BATCH)


def column_labels(codes, centres):
    """COLUMNS x B: the character at its middle, blank between characters, -100 (no matter) in between."""
    middle = (np.arange(COLUMNS) + 0.5) / COLUMNS
    labels = np.full((COLUMNS, len(codes)), BLANK, np.int64)
    for k in range(len(codes)):
        count = int((codes[k] >= 0).sum())
        where = centres[k, :count]
        space = np.median(np.diff(where)) if count > 1 else 0.12
        far = np.abs(middle[:, None] - where[None])
        labels[(far < 0.45 * space).any(1), k] = -100
        for code, distance in zip(codes[k, :count], far.T):
            labels[distance < max(0.16 * space, 0.55 / COLUMNS), k] = code
    return labels


def vary(lines):
    """Cheap variety for a batch that is used again: contrast, noise, a shift along the line."""
    b = lines.shape[0]
    lines = lines * torch.empty(b, 1, 1, 1, device=lines.device).uniform_(0.7, 1.15)
    lines = lines + torch.empty(b, 1, 1, 1, device=lines.device).uniform_(-0.25, 0.25)
    lines = lines + torch.randn_like(lines) * torch.empty(b, 1, 1, 1, device=lines.device).uniform_(0, 0.06)
    return lines.clamp(-1, 1)


def exact_share(net, batches, device):
    net.eval()
    right = total = 0
    with torch.no_grad():
        for pictures, codes, _ in batches:
            texts = best_path(net(torch.from_numpy(pictures).to(device).float()[:, None] / 127))
            for text, code in zip(texts, codes):
                right += text == "".join(CHARACTERS[c - FIRST] for c in code if c >= 0)
                total += 1
    net.train()
    return right / total


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--plates", required=True, type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--iterations", type=int, default=16500)
    parser.add_argument("--rate", type=float, default=2.5e-3)
    parser.add_argument("--seed", type=int, default=21)
    parser.add_argument("--start", type=pathlib.Path, help="learn on from a .traineddata that was made before")
    parser.add_argument("--show", type=pathlib.Path)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    if args.show:
        cv2.imwrite(str(args.show), show(Lines(args.data, args.plates, args.seed), 100))
        return
    if args.out is None:
        parser.error("--out is needed: the folder that keeps the run")

    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    net = Reader()
    if args.start:
        take_up(net, args.start)
    net = net.to(device)
    optimiser = torch.optim.AdamW(net.parameters(), lr=args.rate, weight_decay=1e-4)
    run = Run(args.out, net, optimiser, device)
    held_out = Lines(args.data, args.plates, 999, 8)
    tests = [batch_of(held_out, BATCH) for _ in range(16)]
    del held_out
    # Another seed after a resume, or the same lines would come again.
    batches = Batches(functools.partial(make_batches, args.data, args.plates), args.seed + run.done, POOL, 0.8)
    ctc = nn.CTCLoss(blank=BLANK, zero_infinity=True)
    sums, started = [0.0, 0.0], time.time()
    net.train()
    for iteration in range(run.done, args.iterations):
        rate = set_rate(optimiser, args.rate, iteration, args.iterations)
        pictures, codes, centres = batches.next()
        lines = torch.from_numpy(pictures).to(device).float()[:, None] / 127
        out = net(vary(lines))
        labels = torch.from_numpy(column_labels(codes, centres)).to(device)
        by_column = F.nll_loss(out.reshape(-1, CLASSES), labels.reshape(-1), ignore_index=-100)
        if iteration < BY_COLUMN and not args.start:
            loss, whole = by_column, by_column
        else:
            flat = torch.from_numpy(codes)
            lengths = (flat >= 0).sum(1)
            whole = ctc(out, flat[flat >= 0].to(device), torch.full((len(codes),), out.shape[0], dtype=torch.long), lengths)
            loss = whole + 0.5 * max(0.0, 1 - 2 * iteration / args.iterations) * by_column
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        optimiser.step()
        sums[0] += by_column.item()
        sums[1] += whole.item()
        done = iteration + 1
        if done % 100 == 0:
            run.say(f"{done}/{args.iterations} rate {rate:.5f} column {sums[0] / 100:.4f} loss {sums[1] / 100:.4f} "
                    f"fresh batches {batches.fresh} minutes {(time.time() - started) / 60:.1f}")
            sums = [0.0, 0.0]
        if done % 500 == 0 or done == args.iterations:
            run.save(done)
            run.say(f"{done}: {100 * exact_share(net, tests, device):.1f} % of {16 * BATCH} unseen views exact")
    batches.close()


if __name__ == "__main__":
    main()
