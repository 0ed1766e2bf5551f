#!/bin/sh
# Make the environment of the example for PyTorch in .venv-torch, beside the
# book's own, which has no PyTorch: its CPU build takes most of a gigabyte.
set -eu

venv=.venv-torch
stamp=$venv/.complete

if [ "$stamp" -nt requirements-torch.txt ] && [ "$stamp" -nt "$0" ]; then
    exit 0
fi
echo "Installing PyTorch into $venv: a minute or two ..."
.venv/bin/python -m venv --clear "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --require-hashes --requirement requirements-torch.txt || {
    printf 'torch: %s\n' 'PyPI does not hold the CPU builds of PyTorch. Let' \
        'PIP_EXTRA_INDEX_URL or PIP_FIND_LINKS say where they are.' >&2
    exit 1
}
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --no-deps --no-build-isolation --editable .
touch "$stamp"
