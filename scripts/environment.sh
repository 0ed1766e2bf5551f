#!/bin/sh
# Make the book's environment in .venv: Python 3.11 with every pin.
#
# Run by make when requirements.txt or pyproject.toml changed.  A run that
# fails or is interrupted leaves no stamp, so that the next one starts again.
set -eu

venv=.venv
stamp=$venv/.complete

fail() {
    printf 'environment: %s\n' "$@" >&2
    exit 1
}

elsewhere='Read the book in Binder, which makes its environment from
environment.yml, or use d2l_rw without MXNet: pip install .'

# The environment may be the activated one: it cannot make itself.
others=
IFS=:
for folder in $PATH; do
    [ "$folder" = "$PWD/$venv/bin" ] || others=${others:+$others:}$folder
done
unset IFS
PATH=$others

find_python() {
    for candidate in "${PYTHON:-}" python3.11 python3 python; do
        if [ -n "$candidate" ] && "$candidate" -c \
            'import sys, venv; sys.exit(sys.version_info[:2] != (3, 11))' \
            2>/dev/null; then
            printf '%s\n' "$candidate"
            return
        fi
    done
}

case $(uname -s) in
Linux | Darwin) ;;
*) fail "MXNet has no wheel for this system, $(uname -s)." "$elsewhere" ;;
esac

python=$(find_python)
if [ -n "$python" ]; then
    system=$("$python" -c 'import platform
print(platform.system(), platform.machine())')
else
    system="$(uname -s) $(uname -m)"
fi
if [ "$system" = 'Darwin arm64' ]; then
    fail 'MXNet has no wheel for Macs with Apple silicon.' "$elsewhere"
fi

rm -f "$stamp"
if command -v uv >/dev/null; then
    echo 'Installing the environment into .venv with uv ...'
    uv venv --quiet --clear --python "${python:-3.11}" $venv ||
        fail 'Python 3.11 is missing. Install it, or let uv fetch it:' \
            'uv python install 3.11'
    uv pip install --quiet --python $venv/bin/python --require-hashes \
        --requirements requirements.txt
    uv pip install --quiet --python $venv/bin/python --no-deps \
        --no-build-isolation --editable .
else
    [ -n "$python" ] || fail 'Python 3.11 is missing.' \
        'Install it, from python.org or with your package manager, so that' \
        'python3.11 runs it; or set PYTHON to the path of its executable.'
    echo 'Installing the environment into .venv: a minute or two ...'
    "$python" -m venv --clear $venv
    $venv/bin/python -m pip install --quiet --disable-pip-version-check \
        --require-hashes --requirement requirements.txt
    $venv/bin/python -m pip install --quiet --disable-pip-version-check \
        --no-deps --no-build-isolation --editable .
fi

# nbconvert looks for pandoc on the PATH, which an activated environment has.
pandoc=$($venv/bin/python -c 'import pypandoc; print(pypandoc.get_pandoc_path())')
ln -sf "$pandoc" $venv/bin/pandoc
touch "$stamp"
