#!/usr/bin/env bash
# Lists what an image is made of: sbom.sh <list of packages> <folder of Debian's copyright files> <folder>. Run by root.sh, with
# board, commit and product in its environment. <folder> gets wayside.spdx.json (SPDX 2.3) and licences.txt: the licences that
# each package's copyright file names; the files themselves are in the image, in /usr/share/doc.
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"
list="$1" doc="$2" out="$3"
created="$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)"

while read -r package _; do
    licences=""
    [ ! -r "$doc/$package/copyright" ] || licences="$(sed -n 's/^License: *\([^ ].*\)$/\1/p' "$doc/$package/copyright" | LC_ALL=C sort -u | paste -sd';' | sed 's/;/; /g')"
    printf '%s\t%s\n' "$package" "${licences:-as its copyright file says}"
done <"$list" >"$out/licences.txt"

# Names and versions of Debian's packages hold nothing that JSON would escape; a package URL escapes + and :.
awk -v created="$created" -v board="$board" -v commit="$commit" -v product="$product" '
    function entry(id, name, version, source, purl) {
        printf "%s\n    {\"SPDXID\": \"SPDXRef-%s\", \"name\": \"%s\", \"versionInfo\": \"%s\", \"downloadLocation\": \"NOASSERTION\", \"filesAnalyzed\": false, " \
            "\"licenseConcluded\": \"NOASSERTION\", \"licenseDeclared\": \"NOASSERTION\", \"copyrightText\": \"NOASSERTION\"", comma, id, name, version
        if (source != "") printf ", \"sourceInfo\": \"%s\"", source
        if (purl != "") printf ", \"externalRefs\": [{\"referenceCategory\": \"PACKAGE-MANAGER\", \"referenceType\": \"purl\", \"referenceLocator\": \"%s\"}]", purl
        printf "}"
        comma = ","
    }
    BEGIN {
        printf "{\n  \"spdxVersion\": \"SPDX-2.3\", \"dataLicense\": \"CC0-1.0\", \"SPDXID\": \"SPDXRef-DOCUMENT\", \"name\": \"wayside-%s-%s\",\n" \
            "  \"documentNamespace\": \"urn:wayside:image:%s:%s\",\n  \"creationInfo\": {\"created\": \"%s\", \"creators\": [\"Tool: toolchains/image.sh\"]},\n" \
            "  \"packages\": [", board, product, board, commit, created
        entry("wayside", "wayside", product, "commit " commit, "")
    }
    {
        url = $2
        gsub(/\+/, "%2B", url)
        gsub(/:/, "%3A", url)
        entry("deb-" NR, $1, $2, "source package " $4 " " $5, "pkg:deb/debian/" $1 "@" url "?arch=" $3 "&distro=bookworm")
        related = related sprintf(",\n    {\"spdxElementId\": \"SPDXRef-wayside\", \"relationshipType\": \"DEPENDS_ON\", \"relatedSpdxElement\": \"SPDXRef-deb-%d\"}", NR)
    }
    END {
        printf "\n  ],\n  \"relationships\": [\n    {\"spdxElementId\": \"SPDXRef-DOCUMENT\", \"relationshipType\": \"DESCRIBES\", \"relatedSpdxElement\": \"SPDXRef-wayside\"}%s\n  ]\n}\n", related
    }' "$list" >"$out/wayside.spdx.json"
