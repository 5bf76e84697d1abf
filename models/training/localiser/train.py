#!/usr/bin/env python3
"""Trains the localiser: resumable, fixed seeds, learning rate by iteration.

  nice -n 19 python3 -m localiser.train --data ../../../shared/data --plates PLATES --out RUN
  python3 -m localiser.train ... --show sheet.png      look at the training pictures instead

Run it from models/training. RUN keeps checkpoint.pt (written every 200 iterations: a run that was cut off goes on from
there) and log.txt. One core generates, one trains; a GPU is used when there is one.
"""
import argparse
import math
import multiprocessing
import pathlib
import time

import cv2
import numpy as np
import torch

from localiser.net import Localiser, loss_of
from localiser.scenes import Scenes, show

BATCH = 16
POOL = 300  # batches kept for reuse: drawing costs as much as training


def generate(data, plates, seed, queue):
    cv2.setNumThreads(1)
    scenes = Scenes(data, plates, seed)
    while True:
        queue.put(tuple(np.stack(part) for part in zip(*(scenes.sample() for _ in range(BATCH)))))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--plates", required=True, type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--iterations", type=int, default=8000)
    parser.add_argument("--rate", type=float, default=4e-3)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--show", type=pathlib.Path)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    if args.show:
        cv2.imwrite(str(args.show), show(Scenes(args.data, args.plates, args.seed), 24))
        return
    if args.out is None:
        parser.error("--out is needed: the folder that keeps the run")
    args.out.mkdir(parents=True, exist_ok=True)
    checkpoint, log = args.out / "checkpoint.pt", args.out / "log.txt"

    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    net = Localiser().to(device)
    optimiser = torch.optim.AdamW(net.parameters(), lr=args.rate, weight_decay=1e-4)
    done = 0
    if checkpoint.is_file():
        saved = torch.load(checkpoint, map_location=device)
        net.load_state_dict(saved["net"])
        optimiser.load_state_dict(saved["optimiser"])
        done = saved["iterations"]

    queue = multiprocessing.Queue(8)
    # Another seed after a resume, or the same pictures would come again.
    worker = multiprocessing.Process(target=generate, args=(args.data, args.plates, args.seed + done, queue), daemon=True)
    worker.start()
    choose = np.random.default_rng(args.seed + done)
    pool, sums, fresh, started = [], [0.0, 0.0], 0, time.time()
    net.train()
    for iteration in range(done, args.iterations):
        if len(pool) < 3 or (not queue.empty() and choose.random() < 0.5):
            pool.append(queue.get())
            fresh += 1
            if len(pool) > POOL:
                pool.pop(0)
            batch = pool[-1]
        else:
            batch = pool[int(choose.integers(len(pool)))]
        rate = args.rate * min(1, (iteration + 1) / 100) * (0.5 * (1 + math.cos(math.pi * iteration / args.iterations)) + 0.01)
        for group in optimiser.param_groups:
            group["lr"] = rate
        picture, heat, corners, weight = (torch.from_numpy(part).to(device) for part in batch)
        focal, distance = loss_of(net(picture.float().div_(255)[:, None]), heat, corners, weight)
        optimiser.zero_grad()
        (focal + 0.5 * distance).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5)
        optimiser.step()
        sums[0] += focal.item()
        sums[1] += distance.item()
        if (iteration + 1) % 50 == 0:
            line = (f"{iteration + 1}/{args.iterations} rate {rate:.5f} heat {sums[0] / 50:.3f} corners {sums[1] / 50:.3f} "
                    f"fresh batches {fresh} minutes {(time.time() - started) / 60:.1f}")
            print(line, flush=True)
            with log.open("a") as out:
                out.write(line + "\n")
            sums = [0.0, 0.0]
        if (iteration + 1) % 200 == 0 or iteration + 1 == args.iterations:
            part = checkpoint.with_suffix(".part")
            torch.save({"net": net.state_dict(), "optimiser": optimiser.state_dict(), "iterations": iteration + 1}, part)
            part.replace(checkpoint)
    worker.terminate()


if __name__ == "__main__":
    main()
