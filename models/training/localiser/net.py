"""The localiser's network: where plates are (a heat map) and where their corners are (offsets), at an eighth of the size.

Input: grey, 1 x H x W, 0 to 1, H and W multiples of 16. Output: 9 x H/8 x W/8: probability of a plate's centre, then the
offsets in cells from the cell's centre to the top left, top right, bottom right and bottom left corner (x, y each).
The idea is CenterNet's (Zhou et al. 2019, "Objects as Points"), with corners in the place of a box. An eighth is enough:
the corners are refined by another network (refiner/), and a map of a quarter costs twice the time.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F

STRIDE = 8


def convolution(inputs, outputs, stride=1, kernel=3):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.first = convolution(channels, channels)
        self.second = nn.Sequential(nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x):
        return F.relu(x + self.second(self.first(x)))


class Localiser(nn.Module):
    def __init__(self, c2=10, c4=20, c8=40, c16=64):
        super().__init__()
        self.down4 = nn.Sequential(convolution(1, c2, 2), convolution(c2, c4, 2))
        self.down8 = nn.Sequential(convolution(c4, c8, 2), Residual(c8))
        self.down16 = nn.Sequential(convolution(c8, c16, 2), Residual(c16), Residual(c16))
        self.lift16 = convolution(c16, c8, kernel=1)
        self.merge8 = Residual(c8)
        self.up = nn.Upsample(scale_factor=2, mode="nearest")
        self.head = nn.Conv2d(c8, 9, 1)
        nn.init.constant_(self.head.bias, 0)
        self.head.bias.data[0] = -4  # plates are rare: start from "none"

    def forward(self, x):
        """The heat map as a logit: the loss wants it so. `Exported` gives the probability."""
        at8 = self.down8(self.down4(x))
        return self.head(self.merge8(at8 + self.up(self.lift16(self.down16(at8)))))


class Exported(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        out = self.net(x)
        return torch.cat([torch.sigmoid(out[:, :1]), out[:, 1:]], 1)


def loss_of(out, heat, corners, weight):
    """Focal loss on the heat map (CenterNet's, alpha 2, beta 4) and smooth L1 on the corners, weighted by size."""
    p = torch.sigmoid(out[:, 0]).clamp(1e-4, 1 - 1e-4)
    centre = (heat >= 0.999).float()
    focal = -(centre * (1 - p) ** 2 * torch.log(p) + (1 - centre) * (1 - heat) ** 4 * p ** 2 * torch.log(1 - p)).sum()
    focal = focal / centre.sum().clamp(min=1)
    distance = F.smooth_l1_loss(out[:, 1:], corners, reduction="none", beta=0.25).sum(1)
    return focal, (distance * weight).sum() / weight.sum().clamp(min=1e-3)
