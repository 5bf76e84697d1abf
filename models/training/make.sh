#!/usr/bin/env bash
# Makes a model from nothing to the file that ships: models/training/make.sh localiser|refiner|reader [--smoke] [--out FOLDER]
# Draws the plates, trains (a run that was cut off goes on where it was), exports, checks, and writes the model into models/ and its
# hash into models/manifest.toml. --smoke trains a minute at most and leaves models/ alone: it shows that the route works.
# --out keeps the run elsewhere than in build/training. A GPU is used when there is one.
. "$(dirname "${BASH_SOURCE[0]}")/../../toolchains/common.sh"

case "${1:-}" in
localiser | refiner | reader) model="$1" ;;
-h | --help | "")
    sed -n '2,5s/^# //p' "${BASH_SOURCE[0]}"
    exit 0
    ;;
*) die "there is no model \"$1\": use localiser, refiner or reader" ;;
esac
shift
smoke=false
out="$root/build/training"
while [ $# -gt 0 ]; do
    case "$1" in
    --smoke) smoke=true ;;
    --out)
        out="$(realpath -m "${2:?--out needs a folder}")"
        shift
        ;;
    *) die "unknown option \"$1\": use --smoke or --out FOLDER" ;;
    esac
    shift
done

data="${WAYSIDE_SHARED_DATA:-$root/../shared/data}"
[ -d "$data/negatives-free" ] || die "the pictures that models may learn from are not in $data: set WAYSIDE_SHARED_DATA to their folder (models/README.md says what they are)"
install_packages packages-training.txt
build release wayside-roadsim

plates=3000 seed=1 iterations=()
[ "$model" = reader ] && plates=16000 seed=2
if $smoke; then
    plates=200 out="$(mktemp -d)"
    trap 'rm -rf "$out"' EXIT
    case "$model" in
    localiser) iterations=(--iterations 20) ;;
    refiner) iterations=(--iterations 40) ;;
    reader) iterations=(--iterations 40) ;;
    esac
fi
drawn="$out/plates-$plates-$seed"
if [ ! -f "$drawn/plates.csv" ]; then
    step "Drawing $plates plates"
    "$root/build/release/bin/wayside-roadsim" plates --count "$plates" --seed "$seed" --out "$drawn"
fi

export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 # a second thread of either only gets in the way
cd "$here/../models/training"
python=/usr/bin/python3
step "Training the $model"
train() { nice -n 10 $python -m "$model.train" --data "$data" --plates "$drawn" --out "$out/$model" "$@"; }
if [ "$model" = refiner ] && ! $smoke; then
    # Once it knows most of what is no plate, it is shown more of what it still takes for one.
    if [ ! -f "$out/refiner-judge.onnx" ]; then
        train --iterations 16000
        $python -m export refiner --run "$out/refiner" --out "$out/refiner-judge.onnx"
    fi
    train --judge "$out/refiner-judge.onnx"
else
    train "${iterations[@]}"
fi

step "Exporting"
if [ "$model" = reader ]; then
    file=reader.traineddata
    check=()
    $smoke && check=(--no-check) # after so little training nothing is read yet
    $python -m reader.convert --run "$out/reader" --out "$out/$file" "${check[@]}"
else
    file="$model.onnx"
    $python -m export "$model" --run "$out/$model" --out "$out/$file"
fi
if $smoke; then
    say "The route to the $model works."
    exit 0
fi
cp "$out/$file" "$root/models/$file"
hash="$(sha256sum "$root/models/$file" | cut -d ' ' -f 1)"
sed -i "/^file = \"$file\"/{n;s/^sha256 = .*/sha256 = \"$hash\"/}" "$root/models/manifest.toml"
say "models/$file is new. Measure it (README.md) and put the figures into models/manifest.toml."
