"""The reader's network, as Tesseract 5 computes it: trained here, then written into a .traineddata by convert.py.

Tesseract's specification of it is SPEC. Input: the plate's line, grey, HEIGHT x WIDTH, normalised by normalise(), -1 to 1.
Output: COLUMNS columns of CLASSES log probabilities; class 2 is CTC's blank, characters begin at 3 in the order of
CHARACTERS. O is folded into 0 and I into 1: the prescribed typeface draws them alike, only the place can tell.

What Tesseract does and torch's own layers do not: a convolution's border is uniform noise, its activation tanh; what its
"S" stacks is ordered by x, then y, then channel. Tesseract's time goes by places more than by sums, so that 3 x 3 pixels are
stacked before the first convolution, and a column's places before the sequence: less than half the time of convolutions over
every pixel and an LSTM down each column.
"""
import cv2
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

HEIGHT, WIDTH = 36, 240
CHARACTERS = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
FIRST, BLANK = 3, 2
CLASSES = FIRST + len(CHARACTERS)
UNSEEN = "-."  # behind them in Tesseract's model alone; src/anpr/read/text_engine.cpp says why
CODE = {c: i + FIRST for i, c in enumerate(CHARACTERS)}
FOLD = str.maketrans("OI", "01")
EVEN_WINDOW = (61, 37)  # pixels across and down
CONV1, CONV2, MIXED, ALONG1, ALONG2 = 40, 48, 96, 96, 96
STACKED, TALL = 3, HEIGHT // 6  # pixels a side; places of a column
COLUMNS = WIDTH // 6
SPEC = (f"[1,{HEIGHT},0,1 S{STACKED},{STACKED} Ct3,3,{CONV1} Ct3,3,{CONV2} Mp2,2 S{TALL},1 Ct1,1,{MIXED} "
        f"Lbx{ALONG1} Lbx{ALONG2} O1c{CLASSES + len(UNSEEN)}]")


def even_out(line):
    """Takes shadows and slopes of light out of a line: every pixel against the mean and spread of its quarter of it.

    uint8 to uint8. src/anpr/read does the same, in the same arithmetic, before it asks Tesseract.
    """
    grey = line.astype(np.float32)
    mean = cv2.blur(grey, EVEN_WINDOW, borderType=cv2.BORDER_REFLECT)
    spread = np.sqrt(np.maximum(cv2.blur(grey * grey, EVEN_WINDOW, borderType=cv2.BORDER_REFLECT) - mean * mean, 0) + 16)
    return np.clip(np.round(128 + 52 * (grey - mean) / spread), 0, 255).astype(np.uint8)


def black_and_white(line):
    """The grey of ink and of field, as Tesseract judges them: from the extremes along the middle row alone."""
    row = line[line.shape[0] // 2].astype(int)
    before, here, after = row[:-2], row[1:-1], row[2:]
    low = here[((here < before) & (here <= after)) | ((here <= before) & (here < after))]
    high = here[((here > before) & (here >= after)) | ((here >= before) & (here > after))]
    black = np.quantile(low, 0.25) if len(low) else 0
    white = np.quantile(high, 0.75) if len(high) else 255
    return black, white


def normalise(line):
    """HEIGHT x WIDTH, uint8, to float32 from -1 (ink) to 1 (field)."""
    black, white = black_and_white(line)
    contrast = (white - black) / 2
    if contrast <= 0:
        contrast = 1
    return np.clip((line.astype(np.float32) - black) / contrast - 1, -1, 1)


def stack(x, down, across):
    """Tesseract's S: down x across places become channels of one."""
    b, c, h, w = x.shape
    x = x.reshape(b, c, h // down, down, w // across, across).permute(0, 5, 3, 1, 2, 4)
    return x.reshape(b, across * down * c, h // down, w // across)


class Convolution(nn.Module):
    """Convolution, max pooling and tanh."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.c = nn.Conv2d(inputs, outputs, 3)

    def forward(self, x, pool=1):
        b, c, h, w = x.shape
        bordered = torch.empty(b, c, h + 2, w + 2, device=x.device)
        bordered[:, :, 0].uniform_(-1, 1)
        bordered[:, :, -1].uniform_(-1, 1)
        bordered[:, :, :, 0].uniform_(-1, 1)
        bordered[:, :, :, -1].uniform_(-1, 1)
        bordered[:, :, 1:-1, 1:-1] = x
        return torch.tanh(F.max_pool2d(self.c(bordered), pool))  # tanh grows: pooling first is the same and cheaper


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = Convolution(STACKED * STACKED, CONV1)
        self.conv2 = Convolution(CONV1, CONV2)
        self.mix = nn.Conv2d(TALL * CONV2, MIXED, 1)
        self.along1 = nn.LSTM(MIXED, ALONG1, bidirectional=True)
        self.along2 = nn.LSTM(2 * ALONG1, ALONG2, bidirectional=True)
        self.out = nn.Linear(2 * ALONG2, CLASSES)
        for lstm in (self.along1, self.along2):
            for name, value in lstm.named_parameters():
                if "bias" in name:  # remember at first: the forget gate starts half open
                    value.data.zero_()
                    if "ih" in name:
                        value.data[value.numel() // 4:value.numel() // 2] = 0.5

    def forward(self, x):
        """B x 1 x HEIGHT x WIDTH to columns x B x CLASSES, log probabilities."""
        x = self.conv2(self.conv1(stack(x, STACKED, STACKED)), 2)
        x = torch.tanh(self.mix(stack(x, TALL, 1)))[:, :, 0].permute(2, 0, 1)
        return F.log_softmax(self.out(self.along2(self.along1(x)[0])[0]), 2)


def best_path(log_probabilities):
    """The texts of a batch, by the likeliest class of each column."""
    texts = []
    for row in log_probabilities.argmax(2).cpu().numpy().T:
        text, previous = "", -1
        for code in row:
            if code != previous and code >= FIRST:
                text += CHARACTERS[code - FIRST]
            previous = code
        texts.append(text)
    return texts
