#!/bin/sh
# Run the tests of d2l_rw beside other programs, in the environment of these.
#
# The settings of pyproject.toml and of conftest.py are for the book's.
set -eu

unset VIRTUAL_ENV PYTHONPATH
PATH=$PWD/.venv-peers/bin:$PATH
export PATH
exec python -m pytest -q -ra --noconftest -c /dev/null --rootdir . \
    --import-mode=importlib -p no:cacheprovider tests/peers "$@"
