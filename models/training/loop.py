"""What every training run needs: fresh batches from a process of its own, reused a few times; checkpoints; a log."""
import math
import multiprocessing

import cv2
import numpy as np
import torch


def _generate(make, seed, queue):
    cv2.setNumThreads(1)
    next_batch = make(seed)
    while True:
        queue.put(next_batch())


class Batches:
    """Batches drawn by make(seed)(), in another process. Drawing costs more than training: each is used a few times."""

    def __init__(self, make, seed, pool, fresh_share):
        self.queue = multiprocessing.Queue(8)
        self.worker = multiprocessing.Process(target=_generate, args=(make, seed, self.queue), daemon=True)
        self.worker.start()
        self.choose = np.random.default_rng(seed)
        self.pool, self.most, self.fresh_share, self.fresh = [], pool, fresh_share, 0

    def next(self):
        if len(self.pool) < 3 or (not self.queue.empty() and self.choose.random() < self.fresh_share):
            self.pool.append(self.queue.get())
            self.fresh += 1
            if len(self.pool) > self.most:
                self.pool.pop(0)
            return self.pool[-1]
        return self.pool[int(self.choose.integers(len(self.pool)))]

    def close(self):
        self.worker.terminate()


class Run:
    """A run's folder: checkpoint.pt, from which a run that was cut off goes on, and log.txt."""

    def __init__(self, folder, net, optimiser, device):
        folder.mkdir(parents=True, exist_ok=True)
        self.checkpoint, self.log = folder / "checkpoint.pt", folder / "log.txt"
        self.net, self.optimiser, self.done = net, optimiser, 0
        if self.checkpoint.is_file():
            saved = torch.load(self.checkpoint, map_location=device)
            net.load_state_dict(saved["net"])
            optimiser.load_state_dict(saved["optimiser"])
            self.done = saved["iterations"]

    def save(self, iterations):
        part = self.checkpoint.with_suffix(".part")
        torch.save({"net": self.net.state_dict(), "optimiser": self.optimiser.state_dict(), "iterations": iterations}, part)
        part.replace(self.checkpoint)

    def say(self, line):
        print(line, flush=True)
        with self.log.open("a") as out:
            out.write(line + "\n")


def set_rate(optimiser, peak, iteration, iterations, warm=100):
    """Up over the first `warm` iterations, then down a cosine to a hundredth: by iteration, never by the clock."""
    rate = peak * min(1, (iteration + 1) / warm) * (0.5 * (1 + math.cos(math.pi * iteration / iterations)) + 0.01)
    for group in optimiser.param_groups:
        group["lr"] = rate
    return rate
