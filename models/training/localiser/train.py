#!/usr/bin/env python3
"""Trains the localiser: resumable, fixed seeds, learning rate by iteration.

  nice -n 19 python3 -m localiser.train --data ../../../shared/data --plates PLATES --out RUN
  python3 -m localiser.train ... --start MODEL.onnx --rate 1e-3      learns on from a model
  python3 -m localiser.train ... --show sheet.png      look at the training pictures instead

Run it from models/training. RUN keeps checkpoint.pt (written every 200 iterations: a run that was cut off goes on from
there) and log.txt. One core generates, one trains; a GPU is used when there is one.
"""
import argparse
import functools
import pathlib
import time

import cv2
import numpy as np
import torch

from loop import Batches, Run, set_rate
from localiser.net import Localiser, loss_of
from localiser.scenes import Scenes, show
from start import take_up

BATCH = 16
POOL = 300  # batches kept for reuse: drawing costs as much as training


def make_batches(data, plates, seed):
    scenes = Scenes(data, plates, seed)
    return lambda: tuple(np.stack(part) for part in zip(*(scenes.sample() for _ in range(BATCH))))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--plates", required=True, type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--iterations", type=int, default=6000)
    parser.add_argument("--rate", type=float, default=4e-3)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--start", type=pathlib.Path, help="learn on from an ONNX file that was made before")
    parser.add_argument("--show", type=pathlib.Path)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    if args.show:
        cv2.imwrite(str(args.show), show(Scenes(args.data, args.plates, args.seed), 24))
        return
    if args.out is None:
        parser.error("--out is needed: the folder that keeps the run")
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    net = Localiser().to(device)
    optimiser = torch.optim.AdamW(net.parameters(), lr=args.rate, weight_decay=1e-4)
    run = Run(args.out, net, optimiser, device)
    # Another seed after a resume, or the same pictures would come again.
    batches = Batches(functools.partial(make_batches, args.data, args.plates), args.seed + run.done, POOL, 0.5)
    sums, started = [0.0, 0.0], time.time()
    if args.start and run.done == 0:
        take_up(net, args.start, torch.from_numpy(batches.next()[0]).to(device).float().div_(255)[:, None])
    net.train()
    for iteration in range(run.done, args.iterations):
        rate = set_rate(optimiser, args.rate, iteration, args.iterations)
        picture, heat, corners, weight = (torch.from_numpy(part).to(device) for part in batches.next())
        focal, distance = loss_of(net(picture.float().div_(255)[:, None]), heat, corners, weight)
        optimiser.zero_grad()
        (focal + 0.5 * distance).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5)
        optimiser.step()
        sums[0] += focal.item()
        sums[1] += distance.item()
        done = iteration + 1
        if done % 50 == 0:
            run.say(f"{done}/{args.iterations} rate {rate:.5f} heat {sums[0] / 50:.3f} corners {sums[1] / 50:.3f} "
                    f"fresh batches {batches.fresh} minutes {(time.time() - started) / 60:.1f}")
            sums = [0.0, 0.0]
        if done % 200 == 0 or done == args.iterations:
            run.save(done)
    batches.close()


if __name__ == "__main__":
    main()
