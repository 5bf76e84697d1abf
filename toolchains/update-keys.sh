#!/usr/bin/env bash
# Makes and keeps the keys that updates and images are signed with: toolchains/update-keys.sh [what] FOLDER, where [what] is
#   (nothing)      make a root and a first signer: a new FOLDER, or one that is empty
#   --new-signer   add a signer, which signs from now on (rotation); cameras take what any signer signed that is not revoked
#   --revoke NAME  put a signer (signer-01) on the list of the revoked; cameras know of it with their next update or image
#   --list         show the root's fingerprint and the signers
# --passphrase-file FILE holds the root key's passphrase in its first line; without it you are asked. image.sh --keys FOLDER
# signs with them, and needs neither root.key nor the passphrase: keep root.key offline.
#
#   root.key        the root's key, encrypted (AES-256): signs signers and the list, nothing else
#   root.pem        its certificate
#   signer-NN.*   each signer's key, not encrypted, and certificate; the file "signs" names the one that signs
#   crl.pem         the list of the revoked
#   keyring.pem     what a camera gets: root.pem and crl.pem
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

what="" name="" passphrase_file="" folders=()
one_at_a_time() { # <what>
    [ -z "$what" ] || die "--$what and --$1 are two things: do one, then the other"
    what="$1"
}
while [ $# -gt 0 ]; do
    case "$1" in
    -h | --help)
        sed -n '2,15s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        exit 0
        ;;
    --new-signer | --list) one_at_a_time "${1#--}" ;;
    --revoke)
        one_at_a_time revoke
        name="${2:-}"
        [ -n "$name" ] || die "--revoke wants a signer's name: see --list"
        shift
        ;;
    --passphrase-file)
        [ -z "$passphrase_file" ] || die "--passphrase-file is there twice: give one"
        passphrase_file="${2:-}"
        [ ! -d "$passphrase_file" ] && [ -r "$passphrase_file" ] || die "there is no file $passphrase_file that can be read: give --passphrase-file the one with the passphrase"
        shift
        ;;
    --*) die "there is no option $1: use --new-signer, --revoke NAME, --list or --passphrase-file FILE" ;;
    *) folders+=("$1") ;;
    esac
    shift
done
what="${what:-make}"
[ ${#folders[@]} = 1 ] || die "which folder? Give one: toolchains/update-keys.sh FOLDER"
# A folder's name may end with a slash, or be "."; it is replaced whole, and so cannot be where something is mounted.
keys="$(realpath -m -- "${folders[0]}")"
if mountpoint -q "$keys"; then die "$keys is where a disk is mounted: name a folder in it"; fi
# Git is not asked: it would run what somebody else's checkout has it run. Our own build folder it leaves alone.
above="$keys"
while [ ! -e "$above/.git" ] && [ "$above" != / ]; do above="$(dirname "$above")"; done
if [ "$above" != / ] && [[ "$keys" != "$(realpath -m "$root/build")"/* ]]; then
    die "$keys lies in the git checkout $above, and a key that is there is published sooner or later: name a folder elsewhere"
fi
replaced="$keys.replaced-by-update-keys" part="$keys.part-of-update-keys"
command -v openssl >/dev/null || die "there is no program openssl: install the package openssl"
umask 077

# A camera's clock may be years behind, so nothing here begins late or ends soon: what shall end is revoked.
begin=20200101000000Z end=21191231235959Z

work="$(mktemp -d)"
new=""
trap 'rm -rf "$work" ${new:+"$new"}' EXIT

ask_passphrase() { # [twice]
    local again
    if [ -n "$passphrase_file" ]; then
        IFS= read -r passphrase <"$passphrase_file" || true
    else
        [ -t 0 ] || die "nobody is there to be asked for the passphrase: use --passphrase-file FILE"
        IFS= read -rsp "Passphrase of the root key: " passphrase && echo >&2
        if [ -n "${1:-}" ]; then
            IFS= read -rsp "The same again: " again && echo >&2
            [ "$again" = "$passphrase" ] || die "that was another passphrase: run this again"
        fi
    fi
    [ "$(printf %s "$passphrase" | wc -c)" -ge 12 ] || die "a passphrase has 12 bytes or more: use a longer one"
    export passphrase # to openssl; it is in no file
}

# Whatever is changed is changed in a copy, which takes the folder's place when it is whole. What openssl reads of its
# configuration is named from within, so that no letter of a folder's name means anything to it.
begin_change() {
    new="$part"
    if [ -d "$keys" ]; then cp -a "$keys" "$new"; else mkdir -p "$new"; fi
    cd "$new"
    cat >"$work/ca.cnf" <<END
[ca]
default_ca = update
[update]
database = ./index.txt
serial = ./serial
crlnumber = ./crlnumber
new_certs_dir = $work
certificate = ./root.pem
private_key = ./root.key
default_md = sha256
unique_subject = no
policy = any
crl_extensions = list
[any]
commonName = supplied
[root]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[signer]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[list]
authorityKeyIdentifier = keyid
[req]
distinguished_name = none
[none]
END
}

run_openssl() { # <what cannot be done> <arguments>...
    local cannot="$1"
    shift
    openssl "$@" 2>"$work/said" || die "$cannot: $(grep -v '^Using configuration' "$work/said" | tail -n 1)"
}

new_signer() {
    local number signer
    number="$(cat "$new/serial")"
    signer="signer-$number"
    run_openssl "no key can be made" genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$new/$signer.key"
    run_openssl "no certificate can be asked for" req -new -config "$work/ca.cnf" -key "$new/$signer.key" -subj "/CN=Wayside update $signer" -out "$work/request"
    run_openssl "the root's key does not sign (is the passphrase right?)" ca -batch -notext -config "$work/ca.cnf" -extensions signer -startdate "$begin" -enddate "$end" \
        -passin "env:passphrase" -in "$work/request" -out "$new/$signer.pem"
    echo "$signer" >"$new/signs"
}

finish_change() {
    run_openssl "the list of the revoked cannot be signed (is the passphrase right?)" ca -gencrl -config "$work/ca.cnf" -crl_lastupdate "$begin" -crl_nextupdate "$end" \
        -passin "env:passphrase" -out "$new/crl.pem"
    cat "$new/root.pem" "$new/crl.pem" >"$new/keyring.pem"
    rm -f "$new"/*.old "$new"/*.attr
    cd /
    # A stick that is pulled out, or a power cut, behind the renames finds whole files.
    sync -f "$new"
    if [ -d "$keys" ]; then
        mv -T "$keys" "$replaced"
        sync -f "$new"
    fi
    mv -T "$new" "$keys"
    sync -f "$keys"
    rm -rf "$replaced"
}

# What two who hold copies of the keys compare.
fingerprint() {
    openssl x509 -in "$keys/root.pem" -noout -fingerprint -sha256 | sed 's/.*=//'
}

revoked() { # <signer>
    awk -F '\t' -v number="${1#signer-}" '$1 == "R" && $4 == number { found = 1 } END { exit !found }' "$keys/index.txt"
}

# One at a time: what another one is about to put in the folder's place is not what a power cut left.
above="$(dirname "$keys")"
until [ -d "$above" ]; do above="$(dirname "$above")"; done
exec 8<"$above"
flock -w 60 8 || die "another toolchains/update-keys.sh is at work in $above: run this again once it has ended"

# A power cut in finish_change: between the two renames, behind them, or before.
if [ ! -d "$keys" ] && [ -d "$replaced" ]; then mv -T "$replaced" "$keys"; fi
for left in "$replaced" "$part"; do
    [ -e "$keys/root.pem" ] || [ ! -e "$left/keyring.pem" ] ||
        die "$keys holds no keys, and $left does, since a run was cut off: rename it to $keys if they are the ones, or remove it"
    # It may hold a key that was about to go.
    rm -rf "$left"
done
if [ "$what" != make ]; then
    [ -r "$keys/root.pem" ] && [ -r "$keys/index.txt" ] && [ -r "$keys/signs" ] || die "$keys holds no keys: make them with toolchains/update-keys.sh $keys"
fi

case "$what" in
new-signer | revoke) [ -r "$keys/root.key" ] || die "$keys has no root.key: do this where the root's key is kept" ;;
esac

case "$what" in
make)
    [ -z "$(ls -A "$keys" 2>/dev/null)" ] || die "$keys is not empty: name another folder, or see --new-signer and --revoke"
    ask_passphrase twice
    begin_change
    : >"$new/index.txt"
    echo 01 >"$new/serial"
    echo 01 >"$new/crlnumber"
    run_openssl "no key can be made" genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes-256-cbc -pass "env:passphrase" -out "$new/root.key"
    run_openssl "no certificate can be asked for" req -new -config "$work/ca.cnf" -key "$new/root.key" -passin "env:passphrase" -subj "/CN=Wayside updates" -out "$work/request"
    # Its number is no signer's.
    echo "00$(openssl rand -hex 8)" >"$work/serial"
    sed -e "s#^serial = .*#serial = $work/serial#; s#^database = .*#database = $work/index.txt#" "$work/ca.cnf" >"$work/root.cnf"
    : >"$work/index.txt"
    run_openssl "the root cannot sign itself" ca -batch -notext -selfsign -config "$work/root.cnf" -extensions root -startdate "$begin" -enddate "$end" -keyfile "$new/root.key" \
        -passin "env:passphrase" -in "$work/request" -out "$new/root.pem"
    new_signer
    finish_change
    say "$keys: a root and signer-01; keep root.key offline, and a copy of it elsewhere"
    say "the root's fingerprint (SHA-256), to be written down: $(fingerprint)"
    ;;
new-signer)
    ask_passphrase
    begin_change
    new_signer
    finish_change
    say "$keys: $(cat "$keys/signs") signs from now on"
    ;;
revoke)
    [ -r "$keys/$name.pem" ] && [ "${name#signer-}" != "$name" ] || die "$keys has no signer $name: see --list"
    ! revoked "$name" || die "$name is revoked already"
    [ "$(cat "$keys/signs")" != "$name" ] || die "$name is the one that signs: add another first (--new-signer)"
    ask_passphrase
    begin_change
    run_openssl "$name cannot be revoked (is the passphrase right?)" ca -config "$work/ca.cnf" -revoke "$new/$name.pem" -passin "env:passphrase"
    rm -f "$new/$name.key"
    finish_change
    say "$keys: $name is revoked; cameras know of it with the next update or image that is made with --keys $keys"
    ;;
list)
    say "root $(fingerprint)"
    for certificate in "$keys"/signer-*.pem; do
        signer="$(basename "$certificate" .pem)"
        state=good
        [ "$(cat "$keys/signs")" != "$signer" ] || state=signs
        if revoked "$signer"; then state=revoked; fi
        say "$signer $state"
    done
    ;;
esac
