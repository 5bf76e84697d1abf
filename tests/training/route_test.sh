#!/usr/bin/env bash
# Does the way from nothing to a model still work? Run by ctest: route_test.sh converter | localiser | refiner | reader.
# Leaves with 77, which ctest shows as skipped, where what it needs is not there, and says what that is.
set -euo pipefail
training="$(cd "$(dirname "$0")/../../models/training" && pwd)"

skip() {
    echo "skipped: $*"
    exit 77
}
/usr/bin/python3 -c 'import torch, cv2, onnx, PIL' 2>/dev/null || skip "the packages of toolchains/packages-training.txt are not installed"
command -v lstmtraining >/dev/null || skip "Debian's tesseract-ocr is not installed"
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
if [ "$1" = converter ]; then
    cd "$training"
    exec /usr/bin/python3 -m unittest reader.convert_test start_test confidence.fit_test
fi
[ -d "$WAYSIDE_SHARED_DATA/negatives-free" ] || skip "the pictures that models may learn from are not in $WAYSIDE_SHARED_DATA"
exec "$training/make.sh" "$1" --smoke
