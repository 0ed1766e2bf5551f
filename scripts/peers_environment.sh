#!/bin/sh
# Make the environment of the peers in .venv-peers: other programs that read
# the files of d2l_rw or serve them, apart from the book's own environment.
#
# Run by make when what it installs changed.  PyTorch's CPU build takes most
# of a gigabyte, and PyPI does not hold it: where it is missing, the rest is
# installed.
set -eu

venv=.venv-peers
stamp=$venv/.complete

if command -v uv >/dev/null; then
    install() { uv pip install --quiet --python $venv/bin/python "$@"; }
else
    install() {
        $venv/bin/python -m pip install --quiet \
            --disable-pip-version-check "$@"
    }
fi

echo "Installing other programs into $venv: a minute or two ..."
rm -f $stamp
.venv/bin/python -m venv --clear $venv
install --require-hashes --requirement requirements-peers.txt
install --no-build-isolation --no-deps --editable .
UV_FIND_LINKS=${UV_FIND_LINKS:-${PIP_FIND_LINKS:-}}
export UV_FIND_LINKS
install --require-hashes --requirement requirements-torch.txt || {
    printf 'peers: %s\n' 'PyTorch is missing: PyPI does not hold its CPU' \
        'builds. Let PIP_EXTRA_INDEX_URL or PIP_FIND_LINKS say where they' \
        "are, delete $venv, and run this again." >&2
}
touch $stamp
