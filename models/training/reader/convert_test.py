"""python3 -m unittest reader.convert_test, from models/training. Needs Debian's tesseract-ocr; half a minute."""
import contextlib
import io
import math
import os
import pathlib
import tempfile
import unittest
from unittest import mock

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as convert.py does, and before anything loads it
import cv2
import numpy as np
import torch
import torch.nn.functional as F

from reader import convert
from reader.net import BLANK, CHARACTERS, CLASSES, CODE, COLUMNS, SPEC, STACKED, TALL, UNSEEN, Reader, normalise

LINES, ITERATIONS = 20, 110


def small_reader(lines, texts, middles):
    """A reader that knows these lines by heart: trained above layers that stay random, but are made strong.

    All of its weights matter: whatever is changed below, what lies above no longer understands.
    """
    torch.manual_seed(5)
    net = Reader()
    with torch.no_grad():
        for name, value in net.named_parameters():
            if name.startswith(("conv", "mix")):
                value.mul_(2)
            if "bias" in name:
                value.add_(torch.randn_like(value) * 0.1)
    below = []
    hook = net.along1.register_forward_hook(lambda _, inputs, __: below.append(inputs[0]))
    with torch.no_grad():
        for how in 4 * [normalise, convert.unclipped]:  # each with other noise at the borders
            net(torch.from_numpy(np.stack([how(line) for line in lines]).astype(np.float32))[:, None])
    hook.remove()
    labels = torch.full((COLUMNS, len(lines)), BLANK)
    columns = np.arange(COLUMNS) + 0.5
    for k, (text, where) in enumerate(zip(texts, middles)):
        for character, middle in zip(text, where):
            labels[np.abs(columns - middle * COLUMNS) < 1, k] = CODE[character]
    weight = torch.ones(CLASSES)
    weight[BLANK] = 0.3
    above = [*net.along1.parameters(), *net.along2.parameters(), *net.out.parameters()]
    optimiser = torch.optim.Adam(above, lr=2e-2)
    for iteration in range(ITERATIONS):
        seen = below[iteration % len(below)]
        seen = seen + 0.02 * torch.randn_like(seen)  # so that int8's rounding does not matter much
        out = F.log_softmax(net.out(net.along2(net.along1(seen)[0])[0]), 2)
        optimiser.zero_grad()
        F.nll_loss(out.reshape(-1, CLASSES), labels.reshape(-1), weight=weight).backward()
        torch.nn.utils.clip_grad_norm_(above, 1)
        optimiser.step()
    return net.eval()


def exchange(weights, *pairs):
    """The weights with the matrices of pairs of names exchanged."""
    matrices = {name: matrix for _, name, matrix in weights}
    for first, second in pairs:
        matrices[first], matrices[second] = matrices[second], matrices[first]
    return [(place, name, matrices[name]) for place, name, _ in weights]


def change(weights, wanted, how):
    """The weights with how() applied to the matrix of one name."""
    return [(place, name, how(matrix.copy()) if name == wanted else matrix) for place, name, matrix in weights]


def reorder(matrix, shape, axes):
    """A convolution's matrix with its inputs in another order."""
    flat = matrix[:, :-1].reshape(len(matrix), *shape).transpose(0, *axes).reshape(len(matrix), -1)
    return np.hstack([flat, matrix[:, -1:]])


class ConvertTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cv2.setNumThreads(1)
        torch.set_num_threads(1)
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = pathlib.Path(temporary.name)
        cls.template = convert.make_template(cls.folder / "template")
        cls.lines, cls.texts, middles = convert.drawn_lines(LINES, seed=2)
        cls.net = small_reader(cls.lines, cls.texts, middles)
        cls.weights = convert.weights_of(cls.net)
        cls.float_path, cls.int_path = cls.folder / "float.traineddata", cls.folder / "int8.traineddata"
        convert.write(cls.template, cls.weights, cls.float_path, cls.int_path)
        cls.read = convert.read_by_torch(cls.net, convert.components(cls.int_path)["lstm"], cls.lines)

    def spoilt(self, weights):
        """An int8 .traineddata of other weights than the net's."""
        path = self.folder / "spoilt.traineddata"
        convert.write(self.template, weights, self.folder / "spoilt_float.traineddata", path)
        return path

    def test_the_net_reads_enough_for_the_comparison_to_mean_anything(self):
        self.assertGreaterEqual(sum(read == text for read, text in zip(self.read, self.texts)), 0.75 * LINES, self.read)
        self.assertEqual(len(set(self.texts)), LINES)

    def test_tesseract_reads_as_torch_does(self):
        for path in (self.float_path, self.int_path):
            with self.subTest(path.name):
                print(f"{path.name}: {convert.check(self.net, path, self.lines)}")

    def test_the_check_notices_a_wrong_transfer(self):
        spoilt = {
            "channels before places in mix": change(self.weights, "mix", lambda m: reorder(m, (TALL, -1), (2, 1))),
            "x and y of the stacked pixels": change(
                self.weights, "conv1", lambda m: reorder(m, (9, STACKED, STACKED), (1, 3, 2))),
            "two gates of along1": exchange(self.weights, ("along1.i", "along1.f")),
            "two gates of along2, reversed": exchange(self.weights, ("along2_reverse.f", "along2_reverse.o")),
            "the directions of along1": exchange(self.weights, *(
                (f"along1.{gate}", f"along1_reverse.{gate}") for gate in "gifo")),
            "x and y of conv1": change(self.weights, "conv1", lambda m: reorder(m, (3, 3, -1), (2, 1, 3))),
            "channels before places in conv2": change(
                self.weights, "conv2", lambda m: reorder(m, (3, 3, -1), (3, 1, 2))),
            "characters off by one": change(self.weights, "out", lambda m: np.vstack([m[:3], np.roll(m[3:], 1, 0)])),
        }
        for name, weights in spoilt.items():
            with self.subTest(name), mock.patch.object(convert, "read_by_torch", lambda *_: self.read), \
                    self.assertRaisesRegex(SystemExit, "the transfer is wrong"):
                convert.check(self.net, self.spoilt(weights), self.lines)

    def test_the_check_refuses_a_net_that_reads_nothing(self):
        net = Reader().eval()
        with torch.no_grad():
            net.out.bias[BLANK] = 100
        with self.assertRaisesRegex(SystemExit, "too few to tell"):
            convert.check(net, self.spoilt(convert.weights_of(net)), self.lines)

    def test_the_float_file_holds_the_weights(self):
        network = convert.components(self.float_path)["lstm"]
        layout = convert.Layout(network)
        self.assertEqual((layout.spec, layout.blank), (SPEC, BLANK))
        self.assertEqual(len(layout.matrices), len(self.weights))
        for found, (place, name, matrix) in zip(layout.matrices, self.weights):
            there = np.frombuffer(network, "<f8", found.rows * found.columns, found.at)
            self.assertTrue(np.array_equal(there.reshape(found.rows, found.columns), matrix), name)

    def test_what_does_not_fit_is_refused(self):
        network = convert.components(self.template)["lstm"]
        for weights, message in (
                (self.weights[:-1], "weight matrices, the net"),
                (self.weights + self.weights[-1:], "weight matrices, the net"),
                (change(self.weights, "along1.g", lambda m: m[:, 1:]), "where the net has along1.g"),
                (self.weights[:2] + self.weights[3:] + self.weights[2:3], "where the net has along1.g")):
            with self.subTest(message), self.assertRaisesRegex(SystemExit, message):
                convert.put(network, weights)
        for data, message in ((network[:-1], "goes astray"), (network + b"\0", "has 1 bytes after its end"),
                              (network.replace(b"Reconfig", b"Reconfix"), "unknown kind, 'Reconfix'")):
            with self.subTest(message), self.assertRaisesRegex(SystemExit, message):
                convert.put(data, self.weights)
        with self.assertRaisesRegex(SystemExit, "is of int8: take a float model"):
            convert.put(convert.components(self.int_path)["lstm"], self.weights)

    def test_a_net_takes_up_what_a_file_holds(self):
        for path in (self.float_path, self.int_path):
            with self.subTest(path.name):
                net = Reader()
                convert.take_up(net, path)
                for (_, name, wanted), (_, _, got) in zip(self.weights, convert.weights_of(net)):
                    step = np.abs(wanted).max(1, keepdims=True) / (127 if path == self.int_path else 1e6)
                    seen = slice(0, CLASSES)  # of the last matrix: what is never seen is not taken up
                    self.assertTrue((np.abs(wanted - got)[seen] <= 0.51 * step[seen] + 1e-9).all(), name)
                lstm = convert.components(path)["lstm"]
                self.assertEqual(convert.read_by_torch(net.eval(), lstm, self.lines),
                                 convert.read_by_tesseract(path, self.lines))

    def test_a_template_of_another_network_or_other_codes_is_refused(self):
        other = convert.make_template(self.folder / "narrow", spec=SPEC.replace("Ct1,1,96", "Ct1,1,32"))
        with self.assertRaisesRegex(SystemExit, "Ct1,1,32"):
            convert.write(other, self.weights, self.folder / "none", self.folder / "none")
        other = convert.make_template(self.folder / "swapped", characters=CHARACTERS[1::-1] + CHARACTERS[2:] + UNSEEN)
        with self.assertRaisesRegex(SystemExit, "Tesseract's characters from 3 on are 10234"):
            convert.write(other, self.weights, self.folder / "none", self.folder / "none")

    def test_weights_that_cannot_be_transferred_are_refused(self):
        net = Reader()
        net.more = torch.nn.Linear(2, 2)
        with self.assertRaisesRegex(SystemExit, "more.weight, more.bias"):
            convert.weights_of(net)
        net = Reader()
        del net.out
        with self.assertRaisesRegex(SystemExit, "has no out.weight"):
            convert.weights_of(net)
        net = Reader()
        with torch.no_grad():
            net.along1.weight_hh_l0[0, 0] = math.nan
        with self.assertRaisesRegex(SystemExit, "along1.i has weights that are not finite"):
            convert.weights_of(net)

    def test_from_a_run_to_files(self):
        run, out = self.folder / "run", self.folder / "models" / "plate.traineddata"
        float_out = out.with_name("plate_float.traineddata")
        arguments = ["convert", "--run", str(run), "--out", str(out), "--float", str(float_out)]

        def main():
            printed = io.StringIO()
            with mock.patch("sys.argv", arguments), mock.patch.object(convert, "CHECKED", LINES), \
                    contextlib.redirect_stdout(printed):
                convert.main()
            return printed.getvalue()

        with self.assertRaisesRegex(SystemExit, "checkpoint.pt is missing"):
            main()
        run.mkdir()
        (run / "checkpoint.pt").write_bytes(b"nothing")
        with self.assertRaisesRegex(SystemExit, "is not a reader's checkpoint"):
            main()
        torch.save({"net": {}}, run / "checkpoint.pt")
        with self.assertRaisesRegex(SystemExit, "is of another network"):
            main()
        torch.save({"net": self.net.state_dict()}, run / "checkpoint.pt")
        with mock.patch.object(convert, "GATES", "igfo"), self.assertRaisesRegex(SystemExit, "the transfer is wrong"):
            main()
        self.assertFalse(out.exists())
        self.assertRegex(main(), f"int8: torch and Tesseract read [0-9]+ of {LINES} lines alike")
        self.assertEqual(out.read_bytes(), self.int_path.read_bytes())
        self.assertEqual(float_out.read_bytes(), self.float_path.read_bytes())


if __name__ == "__main__":
    unittest.main()
