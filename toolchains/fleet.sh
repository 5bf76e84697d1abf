#!/usr/bin/env bash
# Starts a broker of three nodes on loopback: a NATS JetStream cluster that speaks MQTT 3.1.1 over TLS and keeps
# every message on all three, so that any one of them may fail. Runs until Ctrl-C; its folder goes with it.
#
#   wayside-backoffice broker-certificate OFFICE --host localhost --host 127.0.0.1 --out CERTIFICATES
#   toolchains/fleet.sh [--port FIRST] CERTIFICATES DEVICE_ID...
#
# Each device may use its own topics, "office" all; others are not let in. The MQTT ports are FIRST (default 8883) and
# the two after it; FIRST + 10 to FIRST + 25 are the nodes' own.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

first=8883
while [ $# -gt 0 ]; do
    case "$1" in
    -h | --help)
        sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        exit 0
        ;;
    --port)
        [ $# -ge 2 ] && [[ "$2" =~ ^[1-9][0-9]{3,4}$ ]] && [ "$2" -le 65500 ] || die "--port takes a number from 1000 to 65500"
        first="$2"
        shift 2
        ;;
    --*) die "there is no option $1: use --port FIRST or none" ;;
    *) break ;;
    esac
done
[ $# -ge 2 ] || die "give the folder of the broker's certificate and at least one device id; see --help"
[ -d "$1" ] || die "there is no folder $1: make it with wayside-backoffice broker-certificate"
certificates="$(realpath "$1")"
shift
for file in ca.crt broker.crt broker.key; do
    [ -r "$certificates/$file" ] || die "$certificates/$file is missing: make it with wayside-backoffice broker-certificate"
done
for device in "$@"; do
    [[ "$device" =~ ^[0-9a-f]{16}$ ]] || die "\"$device\" is no device id of 16 hex digits"
done
server="$(PATH="$PATH:/usr/sbin" command -v nats-server)" || die "there is no nats-server: apt-get install nats-server"

folder="$(mktemp -d)"
nodes=()
stop_all() {
    [ ${#nodes[@]} -eq 0 ] || kill "${nodes[@]}" 2>/dev/null || true
    wait
    rm -rf "$folder"
}
trap stop_all EXIT
trap 'exit 0' INT TERM

# $MQTT.sub.>: where NATS puts what a QoS 1 subscription gets.
users() {
    printf '{ user: "CN=office", permissions: { publish: ["wayside.v2.*.receipts", "wayside.v2.*.heartbeat-answer"], subscribe: ["wayside.v2.*.batch", "wayside.v2.*.heartbeat", "$MQTT.sub.>"] } }\n'
    for device in "$@"; do
        printf '{ user: "CN=%s", permissions: { publish: ["wayside.v2.%s.batch", "wayside.v2.%s.heartbeat"], subscribe: ["wayside.v2.%s.receipts", "wayside.v2.%s.heartbeat-answer"] } }\n' \
            "$device" "$device" "$device" "$device" "$device"
    done
}
# Any camera's certificate would pass for a node's, and a node reads and writes every topic.
between_nodes="$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')"
route="nats://node:$between_nodes@127.0.0.1"
tls="cert_file: \"$certificates/broker.crt\", key_file: \"$certificates/broker.key\", ca_file: \"$certificates/ca.crt\""
for node in 0 1 2; do
    cat >"$folder/$node.conf" <<CONF
server_name: node$node
listen: "127.0.0.1:$((first + 10 + node))"
tls { $tls, verify_and_map: true }
jetstream { store_dir: "$folder/$node" }
cluster {
  name: wayside
  listen: "127.0.0.1:$((first + 20 + node))"
  tls { $tls, verify: true }
  authorization { user: node, password: "$between_nodes", timeout: 10 }
  routes: [ "$route:$((first + 20))", "$route:$((first + 21))", "$route:$((first + 22))" ]
}
mqtt {
  listen: "127.0.0.1:$((first + node))"
  stream_replicas: 3
  tls { $tls, verify_and_map: true }
}
authorization { users: [
$(users "$@")
] }
CONF
    "$server" -c "$folder/$node.conf" -l "$folder/$node.log" &
    nodes+=($!)
done
leader=""
for _ in $(seq 300); do
    for node in 0 1 2; do
        kill -0 "${nodes[$node]}" 2>/dev/null || die "node $node ended: $(tail -1 "$folder/$node.log" 2>/dev/null)"
        ! grep -q "Self is new JetStream cluster metadata leader" "$folder/$node.log" 2>/dev/null || leader="$node"
    done
    [ -z "$leader" ] || break
    sleep 0.1
done
[ -n "$leader" ] || die "the three nodes elected no leader within 30 s: $(tail -1 "$folder/0.log")"
for node in 0 1 2; do
    role=""
    [ "$node" != "$leader" ] || role=" leader"
    say "mqtts://127.0.0.1:$((first + node)) process ${nodes[$node]}$role"
done
wait || true
say "all nodes have ended"
