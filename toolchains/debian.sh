# Trees of Debian packages for another processor than this machine's, unpacked and not installed: no program of theirs runs.
# What a script made of them is used again for as long as what it was made of stays the same. Sourced after common.sh, not run.
# shellcheck shell=bash

need_files() {
    local file
    for file in "$@"; do
        [ -r "$file" ] || die "there is no $file: restore it (git checkout $file)"
    done
}

# names_in <file>...: what lists of packages, paths or kernel modules name, one a line, without comments.
names_in() {
    sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$@"
}

# debian_sources: where this machine takes Debian 12 from, as apt itself reads it; other archives are left out.
debian_sources() {
    apt-get indextargets --format '$(RELEASE) deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        sed -n 's/^bookworm\(-updates\|-security\)\? deb /deb /p'
}

need_space() { # <folder> <MB>
    local free
    free="$(df --output=avail -BM "$1" | sed -n '2s/[^0-9]//gp')"
    [ "$free" -ge "$2" ] || die "$1 has $free MB free and $2 are needed: make room, or put the build folder on a larger disk"
}

# key_of <words>...: names what a thing is made of.
key_of() { printf '%s\n' "$@" | sha256sum | cut -c1-16; }

# unpack_arm64 <target> <packages> [options of mmdebstrap]...: a folder, or an archive where the name ends with .tar. Nothing
# has the target's name before it is whole. What was unpacked stands in unpacked.txt: package, version, architecture, source
# package and its version.
unpacked=usr/share/wayside/unpacked.txt
unpack_arm64() {
    local target="$1" packages="$2" sources log
    shift 2
    log="$(dirname "$target")/$(basename "$target").log"
    sources="$(debian_sources)"
    [ -n "$sources" ] || cannot "apt knows no packages of Debian 12 (bookworm): check /etc/apt/sources.list and run apt-get update"
    as_root rm -rf "$target.part" "$target.part.tar"
    local part="$target.part"
    [ "$target" = "${target%.tar}" ] || part="$target.part.tar"
    local list_hook='d="$1/'"${unpacked%/*}"'"; mkdir -p "$d"; for deb in "$1"/var/cache/apt/archives/*.deb; do dpkg-deb -W --showformat="\${Package} \${Version} \${Architecture} \${source:Package} \${source:Version}\n" "$deb"; done | LC_ALL=C sort >"$d/unpacked.txt"'
    as_root mmdebstrap --variant=extract --architectures=arm64 --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        --extract-hook="$list_hook" "$@" --include="$(tr '\n' ',' <<<"$packages")" bookworm "$part" - <<<"$sources" >"$log" 2>&1 || {
        as_root rm -rf "$part"
        grep -E '^(E|W|Err):? ' "$log" | tail -n 5 >&2 || tail -n 5 "$log" >&2
        cannot "could not fetch and unpack the packages for arm64: check the network and the free space of $(dirname "$target"); all that was said is in $log"
    }
}

# begin_fetching <folder> [yes]: sets $fetch_anew, which counts until end_fetching, be it another run's: what is
# fetched anew and what was here before have nothing to do in one image.
begin_fetching() {
    mkdir -p "$1"
    export fetch_anew="${2:-}"
    if [ -n "$fetch_anew" ]; then
        : >"$1/fetching-anew"
    elif [ -e "$1/fetching-anew" ]; then
        export fetch_anew=yes
        say "all of Debian's packages are fetched anew, since a run with --fresh did not come so far (unless you remove $1/fetching-anew)"
    fi
}
end_fetching() { rm -f "$1/fetching-anew"; } # <folder>

# cached_arm64 <folder> <name> <packages> [options]...: $archived is an archive of their files then, fetched where there is none
# that is whole, or where $fetch_anew says so; what was there is kept until then.
cached_arm64() {
    local folder="$1" name="$2" packages="$3"
    shift 3
    archived="$folder/$name-$(key_of "$packages" "$*" "$(declare -f unpack_arm64)").tar"
    if [ -z "${fetch_anew:-}" ] && [ -f "$archived.sha256" ]; then
        if (cd "$folder" && sha256sum --status -c "$archived.sha256"); then
            say "$name: Debian's packages as fetched on $(date -r "$archived" +%F); --fresh fetches them anew"
            return 0
        fi
        say "$archived is damaged, and fetched again"
    fi
    step "Fetching Debian's packages for the $name"
    mkdir -p "$folder"
    need_space "$folder" 1500
    unpack_arm64 "$archived" "$packages" "$@"
    mv "$archived.part.tar" "$archived"
    (cd "$folder" && sha256sum "$(basename "$archived")" >"$archived.sha256.part")
    mv "$archived.sha256.part" "$archived.sha256"
    # Those that it takes the place of.
    find "$folder" -name "$name-*.tar*" ! -name "$(basename "$archived")*" -delete
}
