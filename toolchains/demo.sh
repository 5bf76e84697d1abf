#!/usr/bin/env bash
# Shows the camera's main job on this machine: draws a road scene, starts a back office on loopback over TLS, provisions
# a camera, replays the scene through waysided and shows every pass as it is delivered; then a summary and a page.
#
#   toolchains/demo.sh                     the embedded scene
#   toolchains/demo.sh --video FILE        your own clip (AVI, MP4, MOV, Matroska, WebM or MPEG-TS)
#   toolchains/demo.sh --preset night-ir   another scene: day dusk night-ir rain dense fast two-line empty
#   toolchains/demo.sh --seconds 60        a longer one (default 30)
#   toolchains/demo.sh --realtime          at the speed of the recording, not as fast as the machine can
#
# Everything it makes lies in build/demo; the next run takes seconds.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

video="" preset=day seconds=30 pace=fast
while [ $# -gt 0 ]; do
    case "$1" in
    -h | --help)
        sed -n '2,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        exit 0
        ;;
    --video | --preset | --seconds)
        [ $# -ge 2 ] || die "$1 needs a value; see --help"
        case "$1" in
        --video) video="$2" ;;
        --preset) preset="$2" ;;
        --seconds) seconds="$2" ;;
        esac
        shift 2
        ;;
    --realtime)
        pace=realtime
        shift
        ;;
    *) die "unknown word \"$1\": known are --video, --preset, --seconds, --realtime and --help" ;;
    esac
done
[[ "$seconds" =~ ^[1-9][0-9]{0,3}$ ]] && [ "$seconds" -le 3600 ] ||
    die "--seconds takes a whole number from 1 to 3600, not \"$seconds\""
case " day dusk night-ir rain dense fast two-line empty " in
*" $preset "*) ;;
*) die "--preset takes day, dusk, night-ir, rain, dense, fast, two-line or empty, not \"$preset\"" ;;
esac
demo="$root/build/demo"
if [ -n "$video" ]; then
    [ -f "$video" ] || die "there is no video \"$video\""
    video="$(realpath "$video")"
    case "$video" in
    *[\"\\]* | *[[:cntrl:]]*) die "the path of the video has a quote, a backslash or a control character (a tab, the end of a line), which a configuration cannot hold: rename it" ;;
    esac
    printf %s "$video" | iconv -f UTF-8 -t UTF-8 >/dev/null 2>&1 || die "the path of the video is not UTF-8, which a configuration has to be: rename it"
    case "$video" in "$(realpath -m "$demo")"/*) die "the video lies in build/demo, which this script empties: move it out of there" ;; esac
fi

install_packages
build release waysided wayside-roadsim wayside-eval wayside-backoffice wayside-verify
bin="$root/build/release/bin"
mkdir -p "$demo"

truth="" lanes=""
if [ -n "$video" ]; then
    # Before the last run's results make room for this one's.
    mkdir -p "$demo/probe"
    printf '[site]\nname = "probe"\nfeed_id = 1\nsource_id = 1\ncamera_id = 1\n[camera]\nsource = "replay:%s"\n[identity]\ndirectory = "identity"\n' \
        "$video" >"$demo/probe/wayside.toml"
    refused="$("$bin/waysided" --check-config --config "$demo/probe/wayside.toml" | sed -n 's/^  camera\.source: //p')"
    rm -r "$demo/probe"
    [ -z "$refused" ] || die "$refused"
else
    scene="$demo/scenes/$preset-$seconds"
    if [ ! -f "$scene.done" ] || [ "$bin/wayside-roadsim" -nt "$scene.done" ]; then
        step "Drawing a road scene ($preset, $seconds s)"
        mkdir -p "$demo/scenes"
        rm -f "$scene".*
        "$bin/wayside-roadsim" draw --preset "$preset" --seconds "$seconds" --seed 1 --site "$scene.lanes.toml" --out "$scene" ||
            die "the scene could not be drawn; the line above says why"
        touch "$scene.done"
    fi
    video="$scene.mp4"
    truth="$scene.truth.json"
    lanes="$scene.lanes.toml"
fi

step "Starting a back office on loopback, provisioning a camera"
office="$demo/back-office" camera="$demo/camera"
rm -rf "$office" "$camera"
rm -f "$demo/passes.html" "$demo/records.jsonl" "$demo/report.json"
mkdir -p "$camera"
install -m 600 /dev/null "$demo/passes.txt"
"$bin/wayside-backoffice" init "$office" --host localhost
"$bin/wayside-backoffice" serve "$office" --listen 127.0.0.1 --port 0 --port-file "$demo/port" --watch \
    >>"$demo/passes.txt" 2>"$demo/back-office.log" &
office_pid=$!
tail_pid=""
stop_all() {
    kill "$office_pid" 2>/dev/null || true
    wait "$office_pid" 2>/dev/null || true
    [ -z "$tail_pid" ] || kill "$tail_pid" 2>/dev/null || true
}
trap stop_all EXIT
rm -f "$demo/port"
for _ in $(seq 200); do
    [ ! -s "$demo/port" ] || break
    kill -0 "$office_pid" 2>/dev/null || die "the back office ended: $(tail -1 "$demo/back-office.log")"
    sleep 0.05
done
[ -s "$demo/port" ] || die "the back office did not start within 10 s; see build/demo/back-office.log"
"$bin/waysided" --make-identity "$camera/identity" >/dev/null
"$bin/wayside-backoffice" enrol "$office" --request "$camera/identity/device.csr" --out "$camera/identity"

cat >"$camera/wayside.toml" <<TOML
# Written by toolchains/demo.sh. waysided --print-config-template shows every key.
[camera]
source = "replay:$video"
pace = "$pace"

[site]
name = "Demonstration site"
feed_id = 1
source_id = 1
camera_id = 1
latitude = 51.5007
longitude = -0.1246

[queue]
directory = "queue"
segments = 16

[identity]
directory = "identity"

[upload]
url = "https://localhost:$(cat "$demo/port")"

[log]
level = "warning"
TOML
[ -z "$lanes" ] || cat "$lanes" >>"$camera/wayside.toml"
"$bin/waysided" --check-config --config "$camera/wayside.toml" >/dev/null

step "Replaying $(basename "$video") through waysided: each pass as the back office stores it"
tail -n +1 -f "$demo/passes.txt" 2>/dev/null &
tail_pid=$!
"$bin/waysided" --config "$camera/wayside.toml" --until-delivered 60 --report "$demo/report.json" ||
    die "waysided ended with an error; the lines above say which"
kill "$office_pid"
wait "$office_pid" 2>/dev/null || true
sleep 0.2
kill "$tail_pid" 2>/dev/null || true
wait "$tail_pid" 2>/dev/null || true
tail_pid=""

step "Summary"
"$bin/wayside-backoffice" export "$office" --jsonl "$demo/records.jsonl" >/dev/null
"$bin/wayside-backoffice" export "$office" --html "$demo/passes.html" >/dev/null
if [ -n "$truth" ]; then
    "$bin/wayside-eval" records --truth "$truth" --records "$demo/records.jsonl"
else
    say "records delivered  $(wc -l <"$demo/records.jsonl")"
fi
in_address() { # a path as browsers take it
    local LC_ALL=C out="" c i
    for ((i = 0; i < ${#1}; ++i)); do
        c="${1:i:1}"
        case "$c" in
        [a-zA-Z0-9/._~-]) out+="$c" ;;
        *) out+="$(printf '%%%02X' "$(printf '%d' "'$c")")" ;;
        esac
    done
    printf '%s' "$out"
}
figure() { sed -n "s/^ *\"$1\": \([0-9.]*\),\{0,1\}\$/\1/p" "$demo/report.json" | head -1; }
say "$(figure frames) frames at $(printf '%.1f' "$(figure frames_per_s)") frames/s on $(nproc) cores, peak memory $(($(figure peak_memory_bytes) / 1048576)) MiB"
say ""
say "What the back office can prove: $("$bin/wayside-backoffice" check "$office")"
say "What the camera's flash says to anybody, without a secret:"
# Where no vehicle passed there is nothing to prove, and it says so with exit code 1.
{ "$bin/wayside-verify" queue "$camera/queue" --device "$camera/identity/device.crt" || true; } | sed -n '/^numbers/,$s/^/   /p'
say ""
say "All passes with their pictures: file://$(in_address "$demo/passes.html")"
