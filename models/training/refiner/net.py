"""The refiner's network: a closer look at one candidate. Is it a plate, where exactly are its corners, and what kind is it?

Input: grey, 1 x HEIGHT x WIDTH, 0 to 1: the candidate straightened by the corners it was found with, which come to lie at
NOMINAL, so that a quarter of the crop on either side shows what is around. Output, 11 numbers: the way from the nominal to
the true corners in units of UNIT pixels (x, y of top left, top right, bottom right, bottom left), then the probabilities
that it is a plate, that it has two lines, that its characters are light on dark.
"""
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from localiser.net import Residual, convolution

HEIGHT, WIDTH, UNIT = 80, 160, 16.0
MARGIN_X, MARGIN_Y = WIDTH / 6, HEIGHT / 4  # the crop is 1.5 times as wide and twice as high as the candidate
NOMINAL = np.float32([[MARGIN_X, MARGIN_Y], [WIDTH - MARGIN_X, MARGIN_Y],
                      [WIDTH - MARGIN_X, HEIGHT - MARGIN_Y], [MARGIN_X, HEIGHT - MARGIN_Y]])


class Refiner(nn.Module):
    def __init__(self, c2=12, c4=24, c8=40, c16=56, wide=96):
        super().__init__()
        self.look = nn.Sequential(
            convolution(1, c2, 2), convolution(c2, c4, 2), convolution(c4, c8, 2), Residual(c8),
            convolution(c8, c16, 2), Residual(c16))
        self.judge = nn.Sequential(nn.Flatten(), nn.Linear(c16 * (HEIGHT // 16) * (WIDTH // 16), wide), nn.ReLU(inplace=True),
                                   nn.Linear(wide, 11))

    def forward(self, x):
        return self.judge(self.look(x))


class Exported(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        out = self.net(x)
        return torch.cat([out[:, :8], torch.sigmoid(out[:, 8:])], 1)


# Plates with light characters are few, and which way round a plate is, is learnt last: it counts more.
SORT_WEIGHT = torch.tensor([1.0, 1.0, 2.0])
POSITIVE_WEIGHT = torch.tensor([1.0, 1.0, 4.0])


def loss_of(out, corners, kind, trust):
    """kind: B x 3 of 0, 1 or -1 (not known) for plate, two lines, light on dark; trust: weight of the corners."""
    known = (kind >= 0).float() * SORT_WEIGHT.to(out.device)
    sorts = F.binary_cross_entropy_with_logits(out[:, 8:], kind.clamp(min=0), reduction="none",
                                               pos_weight=POSITIVE_WEIGHT.to(out.device))
    distance = F.smooth_l1_loss(out[:, :8], corners, reduction="none", beta=0.05).sum(1)
    return (sorts * known).sum() / known.sum(), (distance * trust).sum() / trust.sum().clamp(min=1e-3)
