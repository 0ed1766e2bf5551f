"""The environment is what pyproject.toml asks for, and says what it lacks."""

import os
import platform
import re
import shutil
import subprocess
import sys
from importlib.metadata import distribution

import pytest

if sys.version_info < (3, 11):
    pytest.skip('the book needs Python 3.11', allow_module_level=True)

import tomllib
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.chapters import ROOT

PIN = re.compile(r'^([A-Za-z0-9].*?)( \\\n +--hash=\S+)+$', re.M)


def direct_requirements(pyproject):
    """Return what the project's table, its extras and the book ask for."""
    tables = tomllib.loads(pyproject)
    lists = [
        tables['project']['dependencies'],
        *tables['project']['optional-dependencies'].values(),
        tables['dependency-groups']['book'],
    ]
    return [Requirement(text) for texts in lists for text in texts]


def pins(requirements):
    """Return the pins that apply to this system: versions by name."""
    found = {}
    for match in PIN.finditer(requirements):
        requirement = Requirement(match[1])
        if requirement.marker is None or requirement.marker.evaluate():
            (specifier,) = requirement.specifier
            found[canonicalize_name(requirement.name)] = specifier.version
    return found


def closure(direct):
    """Return the names of everything that is needed, as installed here."""
    names, queue = set(), list(direct)
    while queue:
        requirement = queue.pop()
        name = canonicalize_name(requirement.name)
        key = name, frozenset(requirement.extras)
        if key in names:
            continue
        names.add(key)
        for text in distribution(requirement.name).requires or ():
            needed = Requirement(text)
            if applies(needed, requirement.extras):
                queue.append(needed)
    return {name for name, _ in names}


def applies(requirement, extras):
    """Tell whether a requirement holds here under any of the extras."""
    return requirement.marker is None or any(
        requirement.marker.evaluate({**default_environment(), 'extra': extra})
        for extra in (*extras, '')
    )


def drift(pyproject, requirements):
    """Return every way in which the pins are not what was asked for."""
    direct, pinned = direct_requirements(pyproject), pins(requirements)
    found = []
    for requirement in direct:
        version = pinned.get(canonicalize_name(requirement.name))
        if version is None:
            found.append(f'{requirement.name}: not pinned')
        elif not requirement.specifier.contains(version):
            found.append(f'{requirement}: pinned at {version}')
    if not found:
        needed = closure(direct)
        found += [f'{name}: not pinned' for name in needed - set(pinned)]
        found += [f'{name}: not needed' for name in set(pinned) - needed]
    for name, version in pinned.items():
        if installed(name) != version:
            found.append(f'{name}: installed is {installed(name)}')
    return found + faulty_lines(requirements)


def faulty_lines(requirements):
    """Return every line of the pins that is no name, version or hash."""
    found = [
        f'an address or option: {line}'
        for line in requirements.splitlines()
        if '://' in line or line.startswith('-')
    ]
    unhashed = re.findall(r'^(\S+==\S+)(?! \\| ;)$', requirements, re.M)
    return found + [f'{pin}: no hash' for pin in unhashed]


def installed(name):
    try:
        return distribution(name).version
    except ModuleNotFoundError:
        return None


PYPROJECT = (ROOT / 'pyproject.toml').read_text()
REQUIREMENTS = (ROOT / 'requirements.txt').read_text()


def test_pins_are_what_pyproject_asks_for():
    assert drift(PYPROJECT, REQUIREMENTS) == []


@pytest.mark.parametrize(
    ('old', 'new', 'caught'),
    [
        ("'pillow>=10'", "'pillow>=10', 'absent'", 'absent: not pinned'),
        ("'pillow>=10'", "'pillow<3'", 'pillow<3: pinned at'),
        ("  'segno>=1.6',\n", '', 'segno: not needed'),
    ],
)
def test_drift_of_pyproject_is_caught(old, new, caught):
    assert old in PYPROJECT
    found = drift(PYPROJECT.replace(old, new), REQUIREMENTS)
    assert caught in '\n'.join(found)


@pytest.mark.parametrize(
    ('pattern', 'new', 'caught'),
    [
        (r'^segno==.*', 'segno==0.1 \\\\', 'segno>=1.6: pinned at 0.1'),
        (r'^segno==.*\n( .*\n)*', '', 'segno: not pinned'),
        (r'^six==.*\n( .*\n)*', '', 'six: not pinned'),
        (r'^(segno==\S+).*\n( .*\n)*', r'\1\n', 'no hash'),
        (r'\A', '--index-url x://y\n', 'an address or option'),
    ],
)
def test_drift_of_the_pins_is_caught(pattern, new, caught):
    changed, count = re.subn(pattern, new, REQUIREMENTS, count=1, flags=re.M)
    assert count == 1
    assert caught in '\n'.join(drift(PYPROJECT, changed))


def peer_pins(group):
    """Return the text of the pins of other programs, and the pins."""
    requirements = (ROOT / f'requirements-{group}.txt').read_text()
    return requirements, pins(requirements)


@pytest.mark.parametrize('group', ['peers', 'torch'])
def test_pins_of_other_programs_are_what_pyproject_asks_for(group):
    requirements, pinned = peer_pins(group)
    asked = tomllib.loads(PYPROJECT)['dependency-groups'][group]
    for requirement in map(Requirement, asked):
        assert pinned[canonicalize_name(requirement.name)] in (
            requirement.specifier
        )
    assert faulty_lines(requirements) == []


def test_pins_of_pytorch_and_of_other_programs_agree():
    (_, torch), (_, peers) = peer_pins('torch'), peer_pins('peers')
    assert torch['torch'].endswith('+cpu')
    shared = torch.keys() & peers.keys()
    assert 'fsspec' in shared
    assert all(torch[name] == peers[name] for name in shared)


def test_conda_and_binder_use_the_same_pins_and_python():
    text = (ROOT / 'environment.yml').read_text()
    assert 'python=3.11\n' in text
    assert '-r requirements.txt' in text
    assert platform.python_version().startswith('3.11.')


def test_installed_packages_agree():
    command = [sys.executable, '-m', 'uv', 'pip', 'check']
    subprocess.run(
        [*command, '--python', sys.executable], check=True, cwd=ROOT
    )


# What scripts/environment.sh says where the environment cannot be made.

UNAME = 'case $1 in -m) echo {};; *) echo {};; esac'
TOOLS = 'sh', 'rm', 'ln', 'touch', 'printf', 'cat', 'env'


@pytest.fixture
def bare_machine(tmp_path):
    """A folder of commands: a shell's tools, no Python, a Linux `uname`."""
    commands = tmp_path / 'bin'
    commands.mkdir()
    for tool in TOOLS:
        (commands / tool).symlink_to(shutil.which(tool))
    stub(commands / 'uname', UNAME.format('x86_64', 'Linux'))
    return commands


def stub(path, script):
    """Put a shell script in a command's place."""
    path.unlink(missing_ok=True)
    path.write_text(f'#!/bin/sh\n{script}\n')
    path.chmod(0o755)


def make_environment(commands):
    """Run the script in an empty folder with these commands alone."""
    return subprocess.run(
        [shutil.which('sh'), ROOT / 'scripts' / 'environment.sh'],
        cwd=commands.parent,
        env={'PATH': str(commands)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_missing_python_is_told(bare_machine):
    run = make_environment(bare_machine)
    assert run.returncode == 1
    assert 'Python 3.11 is missing' in run.stderr
    assert not (bare_machine.parent / '.venv').exists()


def test_other_python_is_not_taken(bare_machine):
    stub(bare_machine / 'python3', 'exit 1')
    assert 'Python 3.11 is missing' in make_environment(bare_machine).stderr


def test_windows_is_told_where_to_go(bare_machine):
    stub(bare_machine / 'uname', 'echo MINGW64_NT-10.0')
    run = make_environment(bare_machine)
    assert run.returncode == 1
    assert 'MXNet has no wheel for this system' in run.stderr
    assert 'Binder' in run.stderr


def test_windows_without_a_shell_is_told_by_make():
    run = subprocess.run(
        ['make', 'html'],
        cwd=ROOT,
        env={**os.environ, 'OS': 'Windows_NT'},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert 'MXNet has no wheel for Windows' in run.stderr


@pytest.mark.parametrize('with_python', [False, True])
def test_apple_silicon_is_told_where_to_go(with_python, bare_machine):
    stub(bare_machine / 'uname', UNAME.format('arm64', 'Darwin'))
    if with_python:
        says_version = 'case $2 in *version_info*) exit 0;; esac'
        stub(
            bare_machine / 'python3.11', f'{says_version}\necho Darwin arm64'
        )
    run = make_environment(bare_machine)
    assert run.returncode == 1
    assert 'Apple silicon' in run.stderr
    assert 'pip install .' in run.stderr
