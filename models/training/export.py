#!/usr/bin/env python3
"""Writes a trained network as ONNX (opset 11, what OpenCV 4.6 runs) and checks that OpenCV computes the same.

  python3 -m export localiser --run RUN --out ../localiser.onnx
  python3 -m export refiner --run RUN --out ../refiner.onnx
"""
import argparse
import importlib
import pathlib

import cv2
import numpy as np
import torch

# module, network, and the sizes it is checked at: the first is the one that is written, the localiser takes any multiple of 16
NETWORKS = {
    "localiser": ("localiser.net", "Localiser", ((384, 640), (192, 320), (544, 960))),
    "refiner": ("refiner.net", "Refiner", ((80, 160),)),
}


def write(network, run, out):
    """Writes the network of a run as ONNX; an exit where OpenCV computes something else."""
    module, name, sizes = NETWORKS[network]
    module = importlib.import_module(module)
    net = getattr(module, name)()
    net.load_state_dict(torch.load(run / "checkpoint.pt", map_location="cpu")["net"])
    exported = module.Exported(net).eval()
    torch.onnx.export(exported, torch.rand(1, 1, *sizes[0]), str(out), opset_version=11,
                      input_names=["grey"], output_names=["found"], do_constant_folding=True)
    opened = cv2.dnn.readNetFromONNX(str(out))
    for size in sizes:
        grey = torch.rand(1, 1, *size)
        opened.setInput(grey.numpy())
        worst = np.abs(opened.forward() - exported(grey).detach().numpy()).max()
        print(f"{size[1]} x {size[0]}: largest difference between OpenCV and torch {worst:.2g}")
        if worst > 1e-3:
            raise SystemExit("OpenCV computes something else than torch: the export is wrong")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=NETWORKS)
    parser.add_argument("--run", required=True, type=pathlib.Path)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    args = parser.parse_args()
    write(args.network, args.run, args.out)


if __name__ == "__main__":
    main()
