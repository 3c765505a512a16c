#!/usr/bin/env bash
# fuzz.sh PROGRAM CORPUS - runs a libFuzzer target: the corpus, then a fixed number of new inputs.
# With PGL_FUZZ_SECONDS it goes on for so long, from what earlier runs found. An input that breaks
# the parser is printed (base64), kept beside the program, and fails.
set -euo pipefail
program=$1 corpus=$2 found=$1.found
if [ -n "${PGL_FUZZ_SECONDS:-}" ]; then
    limits=(-max_total_time="$PGL_FUZZ_SECONDS")
else
    rm -rf "$found" # the same inputs each time
    limits=(-runs=20000 -seed=1)
fi
mkdir -p "$found"
folders=("$found")
[ ! -d "$corpus" ] || folders+=("$corpus")
exec "$program" "${limits[@]}" -max_len=16384 -timeout=10 -rss_limit_mb=1024 \
    -artifact_prefix="$program." "${folders[@]}"
