"""python3 -m unittest start_test, from models/training; a few seconds."""
import pathlib
import tempfile
import unittest

import numpy as np
import torch

import export
from localiser.net import Localiser
from refiner.net import Refiner
from start import take_up


class StartTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        torch.set_num_threads(1)
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = pathlib.Path(temporary.name)

    def exported(self, kind, name):
        """A network with weights and statistics as training leaves them, and its file."""
        torch.manual_seed(3)
        net = kind()
        with torch.no_grad():
            for name_of, value in net.state_dict().items():
                if name_of.endswith("running_var"):
                    value.mul_(0.8 + 0.4 * torch.rand_like(value))
                elif value.is_floating_point():
                    value.add_(0.03 * torch.randn_like(value))
        run = self.folder / name
        run.mkdir(exist_ok=True)
        torch.save({"net": net.state_dict()}, run / "checkpoint.pt")
        export.write(name, run, run / "model.onnx")
        return net.eval(), run / "model.onnx"

    def test_a_network_computes_what_the_file_did_and_can_learn_on(self):
        for kind, name, size in ((Localiser, "localiser", (64, 96)), (Refiner, "refiner", (80, 160))):
            with self.subTest(name), torch.no_grad():
                wanted, file = self.exported(kind, name)
                net = kind()
                torch.manual_seed(4)
                take_up(net, file, torch.rand(8, 1, *size))
                self.assertTrue(net.training)
                other = torch.rand(4, 1, *size)
                np.testing.assert_allclose(net.eval()(other), wanted(other), atol=1e-3 * wanted(other).abs().max().item())
                # Its normalisations know what they see: in training they do nearly what they do in use.
                net.train()
                off = (net(other) - wanted(other)).abs().mean() / wanted(other).abs().mean()
                self.assertLess(off, 0.2)

    def test_the_file_of_another_network_is_refused(self):
        _, file = self.exported(Refiner, "refiner")
        with self.assertRaisesRegex(SystemExit, "it is of another one"):
            take_up(Localiser(), file, torch.rand(2, 1, 64, 96))


if __name__ == "__main__":
    unittest.main()
