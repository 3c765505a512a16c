#!/usr/bin/env bash
# lint.sh [format] [scripts] [tidy] - is the code laid out, and clean to a second pair of eyes?
# Without words these three; `fix` lays the code out. The fuzz preset compiles the whole tree with
# clang, warnings as errors, so that is not done here.
set -euo pipefail
cd "$(dirname "$0")/.."

ours() { find . \( -name build -o -name node_modules \) -prune -o -name "$1" -print0; }

lint_format() {
    ours '*.[ch]' | xargs -0 clang-format --dry-run --Werror 2>&1 |
        { sed -n 's/: error: code should be clang-formatted.*/: not laid out; see make format/p'; }
}

lint_fix() {
    ours '*.[ch]' | xargs -0 scripts/wrap_comments.py # first: clang-format breaks the code instead
    ours '*.[ch]' | xargs -0 clang-format -i
    ours '*.[ch]' | xargs -0 scripts/wrap_comments.py
}

lint_scripts() {
    find scripts .ci -type f \( -name '*.sh' -o -path '.ci/*' \) -print0 | xargs -0 -n 1 bash -n
    ours '*.py' | xargs -0 python3 -c '
import sys
for path in sys.argv[1:]:
    compile(open(path).read(), path, "exec")  # a syntax check that leaves no .pyc behind'
}

# clang-tidy reads what the compiler reads, so the made headers have to be there: hence the build.
# Not the tests: the analyzer does not know that a failed cmocka assertion does not come back.
lint_tidy() {
    local build=build/release
    mkdir -p build
    { cmake --preset release && ninja -C $build; } >$build.txt || { tail -40 $build.txt; return 1; }
    run-clang-tidy -quiet -j2 -p $build "$PWD/(src|sim|bench)/.*(?<!_test)\.c\$" \
        >$build/tidy.txt 2>&1 || {
        grep -v '^clang-tidy\|warnings\? generated\|^$' $build/tidy.txt
        return 1
    }
}

[ $# -gt 0 ] || set -- format scripts tidy
for word in "$@"; do
    started=$SECONDS
    "lint_$word"
    echo "lint $word: done in $((SECONDS - started)) s"
done
