#!/bin/sh
# Build the book as one PDF in an activated environment, by `d2lbook build pdf`,
# and fail if a line does not fit, a character has no font, a reference no end.
set -eu

here=$(dirname "$0")
missing=$(sh "$here/paper_packages.sh" | tr '\n' ' ')
if [ -n "$missing" ]; then
    printf 'paper: %s\n' "not installed: $missing" \
        "on Debian: apt-get install --no-install-recommends $missing" >&2
    exit 1
fi

# The title page and the file tell the time of the last commit, not of the
# build.
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
    SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || date +%s)
fi
export SOURCE_DATE_EPOCH

# TeX does not stop to ask, and does not break the lines of its log.
export LATEXMKOPTS='-xelatex -halt-on-error -interaction=nonstopmode -silent'
export max_print_line=10000

d2lbook build pdf
python -m theme.paper.log _build/pdf/reading-and-storage.log
