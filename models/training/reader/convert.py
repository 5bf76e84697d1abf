#!/usr/bin/env python3
"""Writes a trained reader into a Tesseract 5.3 .traineddata (int8, as shipped); checks that Tesseract reads the same.

  python3 -m reader.convert --run RUN --out FOLDER/plate.traineddata [--float FOLDER/plate_float.traineddata]

Run it from models/training; it needs Debian's tesseract-ocr. Tesseract's own trainer makes an untrained model of
net.SPEC; its weights are replaced by RUN/checkpoint.pt's. A file is written only when the check has passed.

A weight matrix in the file is outputs x (inputs + 1), the bias last. A convolution's inputs are ordered by x, then y,
then channel, which changes fastest. An LSTM has four matrices over [input, own output, bias]: cell input, input gate,
forget gate, output gate (torch's g, i, f, o). A bidirectional one has its forward LSTM before its reversed one.
"""
import argparse
import collections
import copy
import itertools
import json
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # torch.set_num_threads does not reach it; before anything loads it
import cv2
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from reader.net import (ALONG1, BLANK, CHARACTERS, CLASSES, CONV1, CONV2, FIRST, HEIGHT, MIXED, SPEC, STACKED, TALL, UNSEEN, WIDTH,
                        Reader, best_path, black_and_white, even_out, normalise)

GATES = "gifo"  # in Tesseract's order; torch's is ifgo
GLYPHS = pathlib.Path(__file__).resolve().parents[2] / "plates" / "glyphs.json"
PATTERNS = ("LLDD LLL", "LDDD LLL", "LLL DDDL", "LLL DDD", "DDDD LL")  # of the check's lines
CHECKED = 100  # lines
# Tesseract's rounding decides a line now and then, int8's more than float's: of 100 hard lines 1 and 3 differed, of
# these none. With x and y of conv1 or the places of mix exchanged all do; without conv2's or mix's bias none: what
# barely matters goes unseen.
MOST_DIFFERENT = 0.05
NEVER = -30.0  # activation of the characters that are not to be seen
TAIL = "<4i3f"  # of the network: flags, iterations of training, samples of training, blank, three rates
INT8 = 1  # flag

Matrix = collections.namedtuple("Matrix", "place rows columns at int8")  # at: where its numbers begin


def run(*command, folder):
    """Runs one of Tesseract's programs in a folder; what it printed, or an exit that says what went wrong."""
    environment = dict(os.environ, OMP_THREAD_LIMIT="1")
    try:
        done = subprocess.run([str(word) for word in command], cwd=folder, env=environment, capture_output=True,
                              text=True)
    except FileNotFoundError:
        raise SystemExit(f"{command[0]} is not installed: Debian's tesseract-ocr has it") from None
    if done.returncode:
        raise SystemExit(f"{command[0]} failed ({done.returncode}):\n{(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def rounded(path, closed):
    """A stroke's centre line with its corners rounded: [x, y] or [x, y, r] points to n x 2."""
    out = []
    for i, (x, y, *r) in enumerate(path):
        here = np.float64([x, y])
        if not r or (not closed and i in (0, len(path) - 1)):
            out.append(here)
            continue
        before, after = (np.float64(path[(i + k) % len(path)][:2]) - here for k in (-1, 1))
        start, end = (here + r[0] * side / np.linalg.norm(side) for side in (before, after))
        out.extend((1 - t) ** 2 * start + 2 * t * (1 - t) * here + t ** 2 * end for t in np.linspace(0, 1, 7))
    return np.array(out)


def paint(box, points, closed, width):
    """A stroke along points (pixels), its joints round and its ends square."""
    points = np.round(points).astype(int)
    for a, b in zip(points if closed else points[:-1], np.roll(points, -1, 0)):
        along = (b - a) / max(np.linalg.norm(b - a), 1)
        side = np.array([-along[1], along[0]]) * width / 2
        cv2.fillConvexPoly(box, np.int32(np.round([a + side, b + side, b - side, a - side])), 0)
    for x, y in points if closed else points[1:-1]:
        cv2.circle(box, (int(x), int(y)), int(width / 2), 0, -1)


def drawn_line(rng, glyphs, text):
    """A plate's line (uint8, HEIGHT x WIDTH) with the press's characters, and the middles of its characters, 0 to 1.

    Lengths are in mm: 79 x 50 characters, 11 apart, groups 33 apart, on a plate of 111 x 520 or more.
    """
    scale = 2  # pixels per mm
    width = sum(33 - 11 if c == " " else glyphs["glyphs"][c]["width"] + 11 for c in text) - 11
    plate_width = max(520, width + 2 * 22)
    plate = np.full((111 * scale, plate_width * scale), 255, np.uint8)
    x, middles = (plate_width - width) / 2, []
    for c in text:
        if c == " ":
            x += 33 - 11
            continue
        glyph = glyphs["glyphs"][c]
        box = np.full((glyphs["height"] * scale, glyph["width"] * scale), 255, np.uint8)
        for stroke in glyph["strokes"]:
            closed = stroke.get("closed", False)
            points = rounded(stroke["path"], closed) * scale
            paint(box, points, closed, glyphs["stroke"] * stroke.get("width", 1) * scale)
        left = int(x * scale)
        plate[16 * scale:16 * scale + box.shape[0], left:left + box.shape[1]] = box
        middles.append((x + glyph["width"] / 2) / plate_width)
        x += glyph["width"] + 11
    ink, field = rng.uniform(10, 70), rng.uniform(140, 250)
    line = cv2.resize(plate, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA) / 255 * (field - ink) + ink
    line = cv2.GaussianBlur(line, (0, 0), rng.uniform(0.4, 0.8)) + rng.normal(0, rng.uniform(0.5, 2), line.shape)
    return even_out(np.clip(line, 0, 255).astype(np.uint8)), middles


def drawn_lines(count, seed):
    """Three lists: lines, their texts, the middles of their characters."""
    glyphs = json.loads(GLYPHS.read_text())
    rng = np.random.default_rng(seed)
    choices = {"D": list(CHARACTERS[:10]), "L": list(CHARACTERS[10:]), " ": [" "]}
    texts = ["".join(rng.choice(choices[kind]) for kind in rng.choice(PATTERNS)) for _ in range(count)]
    lines, middles = zip(*(drawn_line(rng, glyphs, text) for text in texts))
    return list(lines), [text.replace(" ", "") for text in texts], list(middles)


def lstmf(lines, texts):
    """Tesseract's file of training lines: serialised pages of one line each."""
    def string(data):
        return struct.pack("<I", len(data)) + data

    pages = []
    for line, text in zip(lines, texts):
        picture, text = cv2.imencode(".png", line)[1].tobytes(), text.encode()
        box = struct.pack("<4h", 0, 0, line.shape[1], line.shape[0])
        pages.append(b"\1" + string(b"line") + struct.pack("<i", 0) + string(picture) + string(b"") + string(text)
                     + struct.pack("<I", 1) + box + struct.pack("<I", 1) + string(text) + struct.pack("<b", 0))
    return struct.pack("<I", len(pages)) + b"".join(pages)


def make_template(folder, spec=SPEC, characters=CHARACTERS + UNSEEN):
    """An untrained float model of a specification, made by Tesseract's own tools; the path of its .traineddata."""
    folder.mkdir()
    for name in ("script", "language", "model"):
        (folder / name).mkdir()
    (folder / "characters.txt").write_text("".join(c + "\n" for c in characters))
    (folder / "script" / "radical-stroke.txt").write_text("# none\n")  # combine_lang_model refuses an empty one
    run("unicharset_extractor", "--output_unicharset", "plate.unicharset", "--norm_mode", 1, "characters.txt",
        folder=folder)
    run("combine_lang_model", "--input_unicharset", "plate.unicharset", "--script_dir", "script",
        "--output_dir", "language", "--lang", "plate", "--pass_through_recoder", folder=folder)
    lines, texts, _ = drawn_lines(3, seed=1)
    (folder / "lines.lstmf").write_bytes(lstmf(lines, texts))
    (folder / "list.txt").write_text("lines.lstmf\n")
    language = "language/plate/plate.traineddata"
    run("lstmtraining", "--traineddata", language, "--net_spec", spec, "--model_output", "model/plate",
        "--train_listfile", "list.txt", "--max_iterations", 3, folder=folder)
    run("lstmtraining", "--traineddata", language, "--stop_training", "--continue_from", "model/plate_checkpoint",
        "--model_output", "template.traineddata", folder=folder)
    return folder / "template.traineddata"


def components(traineddata):
    """The parts of a .traineddata by name, e.g. "lstm"."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        run("combine_tessdata", "-u", traineddata.resolve(), folder / "part.", folder=folder)
        return {file.name.split(".", 1)[1]: file.read_bytes() for file in folder.iterdir()}


class Layout:
    """Walks through a serialised network, from its first byte to its last: where its weight matrices lie."""

    CONTAINERS = ("Series", "Parallel", "ParBidiLSTM", "RTLReversed")
    NUMBERS = {"Input": 5, "Reconfig": 2, "Convolve": 2, "Maxpool": 2, "LSTM": 1}  # of 32 bits, after the common head
    MATRICES = {"LSTM": 4, "Tanh": 1, "Softmax": 1}
    LAYER_RATES = 64  # flag: a container ends with its layers' learning rates

    def __init__(self, data):
        self.data, self.at, self.matrices = data, 0, []
        try:
            self._layer(())
            self.spec = self._string()
            _, _, _, self.blank, _, _, _ = self._take(TAIL)
        except (struct.error, UnicodeDecodeError):
            raise SystemExit(f"Tesseract's network ends or goes astray at byte {self.at}: another version?") from None
        if self.at != len(data):
            raise SystemExit(f"Tesseract's network has {len(data) - self.at} bytes after its end: another version?")

    def _take(self, form):
        values = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return values

    def _string(self):
        length, = self._take("<I")
        text, = self._take(f"<{length}s")
        return text.decode("ascii")

    def _layer(self, inside):
        self._take("<b")
        kind = self._string()
        training, _, flags, _, _, _ = self._take("<2b4i")
        self._string()
        place = (*inside, kind) if kind != "Series" else inside
        if training == 1:
            raise SystemExit(f"{kind} in Tesseract's network is still in training: it holds more than its weights")
        if kind in self.CONTAINERS:
            count, = self._take("<I")
            for _ in range(count):
                self._layer(place)
            if flags & self.LAYER_RATES:
                count, = self._take("<I")
                self._take(f"<{count}f")
        elif kind in self.NUMBERS or kind in self.MATRICES:
            self._take(f"<{self.NUMBERS.get(kind, 0)}i")
            for _ in range(self.MATRICES.get(kind, 0)):
                self._matrix(" ".join(place))
        else:
            raise SystemExit(f"Tesseract's network has a layer of an unknown kind, {kind!r}, at byte {self.at}")

    def _matrix(self, place):
        mode, rows, columns = self._take("<BII")
        if mode not in (0x80, 0x81, 0x84, 0x85):  # doubles, or int8 with a scale each row; the 4 says: trained with Adam
            raise SystemExit(f"a weight matrix of {place} is of an unknown kind (mode {mode:#x})")
        int8 = bool(mode & INT8)
        self._take("<b" if int8 else "<d")  # what an empty place holds
        self.matrices.append(Matrix(place, rows, columns, self.at, int8))
        self._take(f"<{rows * columns * (1 if int8 else 8)}x")
        if int8:
            count, = self._take("<I")
            self._take(f"<{count}d")

    def weights(self, matrix):
        """The numbers of one of the matrices, rows x columns."""
        size = matrix.rows * matrix.columns
        kind = "<i1" if matrix.int8 else "<f8"
        numbers = np.frombuffer(self.data, kind, size, matrix.at).reshape(matrix.rows, matrix.columns).astype(float)
        if matrix.int8:
            numbers *= np.frombuffer(self.data, "<f8", matrix.rows, matrix.at + size + 4)[:, None]
        return numbers


def check_codes(parts):
    """Demands that the files number the characters as net.py does; parts: see components()."""
    count, known = CLASSES + len(UNSEEN), CHARACTERS + UNSEEN
    rows = parts["lstm-unicharset"].decode().splitlines()
    if int(rows[0]) != count or len(rows) != count + 1:
        raise SystemExit(f"Tesseract's unicharset has {rows[0]} codes, net.py {count}")
    characters = [row.split(" ")[0] for row in rows[1:]]
    if "".join(characters[FIRST:]) != known:
        raise SystemExit(f"Tesseract's characters from {FIRST} on are {''.join(characters[FIRST:])}, "
                         f"net.py's {known}")
    if characters[0] != "NULL" or characters[BLANK] != "|Broken|0|1":
        raise SystemExit(f"Tesseract's codes below {FIRST} are {characters[:FIRST]}: not the known ones")
    # The recoder: a count, then for each character whether it stands for itself, the length of its code, the code.
    passed_through = struct.pack("<I", count) + b"".join(struct.pack("<bii", 1, 1, code) for code in range(count))
    if parts["lstm-recoder"] != passed_through:
        raise SystemExit("Tesseract's recoder changes the codes: they would not be net.py's")


def load(run_folder):
    checkpoint = run_folder / "checkpoint.pt"
    if not checkpoint.is_file():
        raise SystemExit(f"{checkpoint} is missing: train the reader first, with reader.train --out {run_folder}")
    try:
        saved = torch.load(checkpoint, map_location="cpu")["net"]
    except Exception as problem:  # pickle, zip and torch each raise their own kinds
        raise SystemExit(f"{checkpoint} is not a reader's checkpoint: {problem}") from None
    net = Reader()
    try:
        net.load_state_dict(saved)
    except RuntimeError as problem:
        raise SystemExit(f"{checkpoint} is of another network than net.py's: {problem}") from None
    return net.eval()


def weights_of(net):
    """The net's weights as Tesseract keeps them: (place, name, matrix) in the order of its file."""
    state = {name: value.detach().double().numpy() for name, value in net.state_dict().items()}
    out = []

    def take(name):
        if name not in state:
            raise SystemExit(f"net.py has no {name}, which convert.py transfers")
        return state.pop(name)

    def convolution(name, layer):
        weight = take(f"{layer}.weight")  # outputs, channels, y, x
        flat = weight.transpose(0, 3, 2, 1).reshape(len(weight), -1)
        out.append(("Tanh", name, np.hstack([flat, take(f"{layer}.bias")[:, None]])))

    def lstm(place, name, suffix=""):
        of_input, of_output, bias, more_bias = (
            take(f"{name}.{kind}_l0{suffix}") for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
        whole = np.hstack([of_input, of_output, (bias + more_bias)[:, None]])
        gates = dict(zip("ifgo", np.split(whole, 4)))
        out.extend((place, f"{name}{suffix}.{gate}", gates[gate]) for gate in GATES)

    convolution("conv1", "conv1.c")
    convolution("conv2", "conv2.c")
    convolution("mix", "mix")
    for name in ("along1", "along2"):
        lstm("ParBidiLSTM LSTM", name)
        lstm("ParBidiLSTM RTLReversed LSTM", name, "_reverse")
    last = np.hstack([take("out.weight"), take("out.bias")[:, None]])
    never = np.zeros((len(UNSEEN), last.shape[1]))
    never[:, -1] = NEVER
    out.append(("Softmax", "out", np.vstack([last, never])))
    if state:
        raise SystemExit(f"net.py has weights that convert.py does not transfer: {', '.join(state)}")
    for _, name, matrix in out:
        if not np.isfinite(matrix).all():
            raise SystemExit(f"{name} has weights that are not finite: the training went wrong")
    return out


def take_up(net, traineddata):
    """Gives a net the weights of a model that was written before: as exact as int8 is."""
    parts = components(traineddata)
    check_codes(parts)
    layout = known_layout(parts["lstm"])
    matrices = iter([layout.weights(matrix) for matrix in layout.matrices])
    state = {}

    def convolution(layer, channels, side):
        whole = next(matrices)
        weight = whole[:, :-1].reshape(len(whole), side, side, channels).transpose(0, 3, 2, 1)
        state[f"{layer}.weight"], state[f"{layer}.bias"] = weight, whole[:, -1]

    def lstm(name, inputs, suffix=""):
        gates = dict(zip(GATES, (next(matrices) for _ in GATES)))
        whole = np.vstack([gates[gate] for gate in "ifgo"])
        state[f"{name}.weight_ih_l0{suffix}"] = whole[:, :inputs]
        state[f"{name}.weight_hh_l0{suffix}"] = whole[:, inputs:-1]
        state[f"{name}.bias_ih_l0{suffix}"] = whole[:, -1]
        state[f"{name}.bias_hh_l0{suffix}"] = np.zeros(len(whole))

    convolution("conv1.c", STACKED ** 2, 3)
    convolution("conv2.c", CONV1, 3)
    convolution("mix", TALL * CONV2, 1)
    for name, inputs in (("along1", MIXED), ("along2", 2 * ALONG1)):
        lstm(name, inputs)
        lstm(name, inputs, "_reverse")
    last = next(matrices)[:CLASSES]
    state["out.weight"], state["out.bias"] = last[:, :-1], last[:, -1]
    net.load_state_dict({name: torch.tensor(value, dtype=torch.float32) for name, value in state.items()})


def known_layout(network):
    layout = Layout(network)
    if layout.spec != SPEC or layout.blank != BLANK:
        raise SystemExit(f"Tesseract's network is {layout.spec} with blank {layout.blank}, "
                         f"net.py's {SPEC} with {BLANK}")
    return layout


def put(network, weights):
    """A serialised float network with its weight matrices replaced; each has to be of the expected place and size."""
    layout = known_layout(network)
    data = bytearray(network)
    for found, (place, name, matrix) in zip(layout.matrices, weights):
        if found.int8:
            raise SystemExit(f"{found.place} of Tesseract's network is of int8: take a float model")
        if (found.place, found.rows, found.columns) != (place, *matrix.shape):
            raise SystemExit(f"Tesseract's network has a {found.rows} x {found.columns} matrix in {found.place} "
                             f"where the net has {name}, {matrix.shape[0]} x {matrix.shape[1]}, for {place}")
        data[found.at:found.at + 8 * matrix.size] = np.ascontiguousarray(matrix, "<f8").tobytes()
    if len(layout.matrices) != len(weights):
        raise SystemExit(f"Tesseract's network has {len(layout.matrices)} weight matrices, the net {len(weights)}")
    return bytes(data)


def write(template, weights, float_path, int_path):
    """The template with these weights as two .traineddata: in doubles and in int8."""
    parts = components(template)
    check_codes(parts)
    with tempfile.TemporaryDirectory() as temporary:  # combine_tessdata litters
        folder = pathlib.Path(temporary)
        (folder / "plate.lstm").write_bytes(put(parts["lstm"], weights))
        shutil.copyfile(template, folder / "plate.traineddata")
        run("combine_tessdata", "-o", "plate.traineddata", "plate.lstm", folder=folder)
        shutil.copyfile(folder / "plate.traineddata", float_path)
        run("combine_tessdata", "-c", "plate.traineddata", folder=folder)
        shutil.copyfile(folder / "plate.traineddata", int_path)
    for path, int8 in ((float_path, False), (int_path, True)):
        parts = components(path)
        check_codes(parts)
        if bool(tail_of(parts["lstm"])[0] & INT8) != int8:
            raise SystemExit(f"combine_tessdata made {path.name} {'float' if int8 else 'int8'}, which it should not be")


def tail_of(network):
    return struct.unpack(TAIL, network[-struct.calcsize(TAIL):])


class Noise:
    """Tesseract's random numbers, which lie around the picture and begin anew with every line: C++'s minstd_rand."""

    MODULUS = 2 ** 31 - 1

    def __init__(self, network):
        flags, _, samples, _, _, _, _ = tail_of(network)
        self.int8 = bool(flags & INT8)
        self.state = samples * 0x10000001 % self.MODULUS or 1
        self.next()

    def next(self):
        """From -1 to 1; in int8, rounded to 127ths."""
        self.state = self.state * 48271 % self.MODULUS
        value = 2 * self.state / self.MODULUS - 1
        return round(127 * value) / 127 if self.int8 else value

    def around(self, channels, rows, columns):
        """For the 3 x 3 windows of a picture, channels * 9 x rows * columns: numbers, and where they are to stand."""
        numbers = np.zeros((channels, 3, 3, rows, columns), np.float32)
        outside = np.zeros(numbers.shape, bool)
        for y, x, dx, dy in itertools.product(range(rows), range(columns), range(3), range(3)):
            if not (0 < x + dx <= columns and 0 < y + dy <= rows):
                numbers[:, dy, dx, y, x] = [self.next() for _ in range(channels)]
                outside[:, dy, dx, y, x] = True
        return tuple(torch.from_numpy(part.reshape(channels * 9, rows * columns)) for part in (numbers, outside))


class NoisyWindows(nn.Module):
    """A Conv2d whose windows hold given numbers where they reach beyond the picture."""

    def __init__(self, convolution, numbers, outside):
        super().__init__()
        self.convolution, self.numbers, self.outside = convolution, numbers, outside

    def forward(self, bordered):
        count, _, rows, columns = bordered.shape
        windows = torch.where(self.outside, self.numbers, F.unfold(bordered, 3))
        out = self.convolution.weight.flatten(1) @ windows + self.convolution.bias[:, None]
        return out.reshape(count, -1, rows - 2, columns - 2)


def unclipped(line):
    """normalise() without its clipping, which Tesseract does in int8 and leaves out in float."""
    black, white = black_and_white(line)
    return (line.astype(np.float32) - black) / ((white - black) / 2 if white > black else 1) - 1


def read_by_torch(net, network, lines):
    """The texts of lines (uint8, HEIGHT x WIDTH), with the noise that the serialised network gives Tesseract."""
    noise = Noise(network)
    mirror = copy.deepcopy(net).eval()
    mirror.conv1.c = NoisyWindows(mirror.conv1.c, *noise.around(STACKED ** 2, HEIGHT // STACKED, WIDTH // STACKED))
    mirror.conv2.c = NoisyWindows(mirror.conv2.c, *noise.around(CONV1, HEIGHT // STACKED, WIDTH // STACKED))
    prepare = normalise if noise.int8 else unclipped
    texts = []
    with torch.no_grad():
        for i in range(0, len(lines), 20):
            batch = np.stack([prepare(line) for line in lines[i:i + 20]]).astype(np.float32)
            texts += best_path(mirror(torch.from_numpy(batch)[:, None]))
    return texts


def read_by_tesseract(traineddata, lines):
    """The texts of lines, read by one start of the tesseract program, set as the product sets it."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        shutil.copyfile(traineddata, folder / "plate.traineddata")
        for i, line in enumerate(lines):
            cv2.imwrite(str(folder / f"{i:05}.png"), line)
        (folder / "list.txt").write_text("".join(f"{i:05}.png\n" for i in range(len(lines))))
        printed = run("tesseract", "list.txt", "stdout", "--tessdata-dir", folder, "-l", "plate", "--psm", 13,
                      "--oem", 1, "--dpi", 70, "-c", "invert_threshold=0", "-c", "page_separator=\f", folder=folder)
    texts = ["".join(page.split()) for page in printed.split("\f")]
    if len(texts) != len(lines):
        raise SystemExit(f"tesseract printed {len(texts)} pages for {len(lines)} lines")
    return texts


def check(net, traineddata, lines):
    """Demands that Tesseract and torch read lines (uint8, HEIGHT x WIDTH) alike; a sentence with the figures."""
    here = read_by_torch(net, components(traineddata)["lstm"], lines)
    different = len(set(here) - {""})
    if different < len(lines) / 2:
        raise SystemExit(f"the net reads {len(lines)} different lines as {different} different texts: "
                         "too few to tell whether Tesseract reads the same")
    unlike = [f"{a or '-'} / {b or '-'}" for a, b in zip(here, read_by_tesseract(traineddata, lines)) if a != b]
    result = f"torch and Tesseract read {len(lines) - len(unlike)} of {len(lines)} lines alike"
    if unlike:
        result += f", not {', '.join(unlike[:5])}{', ...' if len(unlike) > 5 else ''}"
    if len(unlike) > max(1, MOST_DIFFERENT * len(lines)):
        raise SystemExit(f"the transfer is wrong: {result}")
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", required=True, type=pathlib.Path)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--float", type=pathlib.Path)
    parser.add_argument("--no-check", action="store_true", help="of a net that has not learnt to read yet")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    net = load(args.run)
    lines, texts, _ = drawn_lines(CHECKED, seed=2)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        float_path, int_path = folder / "plate_float.traineddata", folder / "plate.traineddata"
        write(make_template(folder / "template"), weights_of(net), float_path, int_path)
        if not args.no_check:
            print(f"float: {check(net, float_path, lines)}")
            print(f"int8: {check(net, int_path, lines)}")
            right = sum(text == read for text, read in zip(texts, read_by_tesseract(int_path, lines)))
            print(f"int8: {right} of {len(lines)} lines right")
        for made, wanted in ((int_path, args.out), (float_path, args.float)):
            if wanted:
                wanted.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(made, wanted)
                print(f"{wanted}: {wanted.stat().st_size} bytes")


if __name__ == "__main__":
    main()
