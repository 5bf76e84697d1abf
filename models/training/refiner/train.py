#!/usr/bin/env python3
"""Trains the refiner: resumable, fixed seeds, learning rate by iteration.

  nice -n 19 python3 -m refiner.train --data ../../../shared/data --plates PLATES --out RUN
  python3 -m refiner.train ... --start MODEL.onnx --rate 1e-3      learns on from a model
  python3 -m refiner.train ... --show sheet.png      look at the training crops instead

Run it from models/training. RUN keeps checkpoint.pt (a run that was cut off goes on from there) and log.txt.
"""
import argparse
import functools
import pathlib
import time

import cv2
import numpy as np
import torch

from loop import Batches, Run, set_rate
from refiner.crops import Crops, batch_of, show
from refiner.net import UNIT, Refiner, loss_of
from start import take_up

BATCH = 64
POOL = 300


def make_batches(data, plates, localiser, judge, seed):
    crops = Crops(data, plates, localiser, judge, seed)
    return lambda: batch_of(crops, BATCH)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--plates", required=True, type=pathlib.Path)
    parser.add_argument("--localiser", type=pathlib.Path, default=pathlib.Path("../localiser.onnx"))
    parser.add_argument("--judge", type=pathlib.Path, help="an earlier refiner.onnx: what it takes for a plate is shown more")
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--iterations", type=int, default=22000)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=31)
    parser.add_argument("--start", type=pathlib.Path, help="learn on from an ONNX file that was made before")
    parser.add_argument("--show", type=pathlib.Path)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    if args.show:
        cv2.imwrite(str(args.show), show(Crops(args.data, args.plates, args.localiser, args.judge, args.seed), 80))
        return
    if args.out is None:
        parser.error("--out is needed: the folder that keeps the run")

    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    net = Refiner().to(device)
    optimiser = torch.optim.AdamW(net.parameters(), lr=args.rate, weight_decay=1e-4)
    run = Run(args.out, net, optimiser, device)
    # Another seed after a resume, or the same crops would come again.
    batches = Batches(functools.partial(make_batches, args.data, args.plates, args.localiser, args.judge), args.seed + run.done, POOL, 0.35)
    sums, started = np.zeros(3), time.time()
    if args.start and run.done == 0:
        take_up(net, args.start, torch.from_numpy(batches.next()[0]).to(device).float().div_(255)[:, None])
    net.train()
    for iteration in range(run.done, args.iterations):
        rate = set_rate(optimiser, args.rate, iteration, args.iterations)
        seen, corners, kind, trust = (torch.from_numpy(part).to(device) for part in batches.next())
        out = net(seen.float().div_(255)[:, None])
        sorts, distance = loss_of(out, corners, kind, trust)
        optimiser.zero_grad()
        (sorts + 2.0 * distance).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5)
        optimiser.step()
        with torch.no_grad():
            sure = trust == 1
            off = (out[sure, :8] - corners[sure]).abs().mean().item() * UNIT
        sums += [sorts.item(), distance.item(), off]
        done = iteration + 1
        if done % 100 == 0:
            run.say(f"{done}/{args.iterations} rate {rate:.5f} sorts {sums[0] / 100:.4f} corners {sums[1] / 100:.3f}, off by "
                    f"{sums[2] / 100:.2f} px a coordinate; fresh batches {batches.fresh} minutes {(time.time() - started) / 60:.1f}")
            sums = np.zeros(3)
        if done % 500 == 0 or done == args.iterations:
            run.save(done)
    batches.close()


if __name__ == "__main__":
    main()
