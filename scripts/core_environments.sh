#!/bin/sh
# Run the core's tests, which need NumPy alone, beside other NumPys and
# Pythons: the oldest supported NumPy, and the newest on every Python found.
#
# Each environment is kept in .venv-core/, so that only the first run installs.
# The tests sync thousands of small files: they work in memory where it can be.
set -eu

tests='tests/test_formats.py tests/test_files.py tests/test_cli.py
    tests/test_checkpoint_folder.py tests/test_conversion.py
    tests/test_safetensors.py tests/test_comparison.py
    tests/test_differences.py tests/test_shards.py tests/test_bulk.py'
pythons=${PYENV_ROOT:-$HOME/.pyenv}/versions
if [ -w /dev/shm ]; then
    TMPDIR=/dev/shm
    export TMPDIR
fi

core_tests() {
    python=$1 numpy=$2
    venv=.venv-core/$("$python" -c 'import sys
print("%d.%d" % sys.version_info[:2])')-$numpy
    if [ ! "$venv/.complete" -nt "$0" ]; then
        "$python" -m venv --clear "$venv"
        "$venv/bin/python" -m pip install --quiet \
            --disable-pip-version-check "$numpy" \
            pytest pytest-xdist hypothesis safetensors tqdm xxhash
        touch "$venv/.complete"
    fi
    "$venv/bin/python" -c 'import sys, numpy
print("Python", sys.version.split()[0], "with NumPy", numpy.__version__)'
    # The settings of pyproject.toml are for the book's environment.
    "$venv/bin/python" -m pytest -q -n auto --noconftest -c /dev/null --rootdir . \
        -p no:cacheprovider $tests
}

for minor in 9 10 11 12 13 14; do
    for python in "python3.$minor" "$pythons/3.$minor."*/bin/python; do
        "$python" -c 'import venv' 2>/dev/null || continue
        [ "$minor" != 11 ] || core_tests "$python" 'numpy==1.23.5'
        core_tests "$python" numpy
        break
    done
done
