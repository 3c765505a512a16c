#!/usr/bin/env bash
# install.sh - puts the Debian packages of scripts/packages.txt on this machine, if any is missing.
# Asks for root only when there is something to install; says what it did.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

# A program that is already here by other means (npm beside a vendor's node) counts as installed.
have() {
    dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q '^install ok installed$' ||
        { [ "$1" = npm ] && command -v npm >/dev/null; }
}

missing=()
while read -r package; do
    case "$package" in ''|'#'*) continue ;; esac
    have "$package" || missing+=("$package")
done <"$here/packages.txt"
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "install.sh: these packages are missing and need root to install: ${missing[*]}" >&2
        exit 1
    }
    as_root=(sudo)
fi
echo "installing: ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >/dev/null
