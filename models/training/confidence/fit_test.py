"""python3 -m unittest confidence.fit_test, from models/training; a second."""
import contextlib
import io
import json
import pathlib
import tempfile
import unittest
from unittest import mock

import numpy as np

from confidence import fit


class FitTest(unittest.TestCase):
    def sample(self, count, weights, seed=1):
        rng = np.random.default_rng(seed)
        features = np.column_stack([np.ones(count), rng.uniform(-3, 9, count), rng.uniform(-8, 0, count),
                                    rng.normal(1, 2, count), *(rng.random((3, count)) < 0.3)])
        fixed = np.where(rng.random(count) < 0.1, -fit.NO_DIGIT, 0.0)
        right = rng.random(count) < fit.stated(features, fixed, np.array(weights))
        return features, fixed, right.astype(float)

    def test_it_finds_the_numbers_that_made_the_data(self):
        weights = [0.4, 0.6, 0.9, 0.5, -1.5, -0.8, -1.0]
        np.testing.assert_allclose(fit.fit(*self.sample(60000, weights)), weights, atol=0.12)

    def test_no_gain_is_negative_and_no_deduction_a_bonus(self):
        got = fit.fit(*self.sample(20000, [0.4, 0.6, -0.3, 0.5, 0.7, -0.8, -1.0]))
        self.assertTrue((got * fit.SIGNS >= 0).all(), got)
        self.assertEqual((got[2], got[4]), (0, 0))
        self.assertGreater(got[1], 0.4)

    def test_reads_are_judged_as_the_evaluation_judges_them(self):
        def plate(x, vrm, confidence=0.5):
            return {"box": [x, 10, 50, 10], "vrm": vrm, "confidence": confidence,
                    "grounds": {"log_odds": 20.0, "line": -9.0, "plate": 1.0, "known_form": False}}

        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(temporary)
            reads, labels = folder / "reads.jsonl", folder / "labels.csv"
            pictures = {"one": [plate(10, "AB12CDE", 0.9), plate(12, "AB12CDF"), plate(300, "NOBODY1")],
                        "two": [plate(10, "XY1")], "street": [plate(5, "SIGN"), plate(90, "1234")]}
            reads.write_text("".join(json.dumps({"file": f, "plates": p, "cpu_ms": 1}) + "\n" for f, p in pictures.items()))
            labels.write_text("file,x,y,w,h,text,tags\none,10,10,50,10,AB12 CDE,\ntwo,12,9,50,10,XY2,\n")
            got = fit.reads_of(str(reads), str(labels))
            self.assertEqual([read.right for read in got], [True, False, False, False])
            self.assertEqual([read.fixed for read in got], [0, 0, -fit.NO_DIGIT, -fit.NO_LETTER])
            self.assertEqual(got[0].features[1:3], [fit.MOST_LOG_ODDS, fit.LEAST_LINE])
            self.assertEqual(got[1].features[4:], [1, 0, 1])

            printed = io.StringIO()
            with mock.patch("sys.argv", ["fit", f"{reads}:{labels}"]), contextlib.redirect_stdout(printed):
                fit.main()
            self.assertIn("4 reads, 1 right", printed.getvalue())
            self.assertIn("constexpr double odds_gain = ", printed.getvalue())
            self.assertIn("cross-validated: expected calibration error", printed.getvalue())


if __name__ == "__main__":
    unittest.main()
