#!/bin/sh
# Run all tests in two processes at once: those that build the book, most of
# which then read it in a browser, and the rest, with those of the peers.
#
# The rest writes to _build/tests.log, which is shown when both are done.
set -u

mkdir -p _build
log=_build/tests.log
echo "Two processes: this one, and one that writes to $log."
{
    python -m pytest -m 'not pages' -p no:cacheprovider
    rest=$?
    sh scripts/peers_tests.sh && exit $rest
} >"$log" 2>&1 &
rest=$!
trap 'kill $rest 2>/dev/null; exit 130' INT TERM

python -m pytest -m pages
pages=$?
echo 'Waiting for the other process ...'
wait $rest
others=$?
cat "$log"
[ $pages -eq 0 ] && [ $others -eq 0 ] || {
    echo "tests: something failed: see above" >&2
    exit 1
}
