#!/usr/bin/env bash
# fuzz.sh [SECONDS] - looks for inputs that break a parser, so long (60) for each target of fuzz/.
# It goes on from what earlier runs found; what breaks one is kept in build/fuzz/, and fails.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60} build=build/fuzz
cmake --preset fuzz >/dev/null
ninja -C $build --quiet

for program in $build/fuzz_*; do
    name=${program##*/fuzz_}
    found=$build/fuzz/$name
    mkdir -p "$found"
    folders=("$found")
    [ ! -d "fuzz/corpus/$name" ] || folders+=("fuzz/corpus/$name")
    echo "fuzz $name: $seconds s"
    "$program" -max_total_time="$seconds" -rss_limit_mb=512 -artifact_prefix="$found-" \
        -verbosity=0 -print_final_stats=1 "${folders[@]}" 2>&1 | grep -v '^stat::peak\|^$'
done
