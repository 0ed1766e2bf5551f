"""A chapter is begun by one command, as the guide shows it."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from authoring import new_chapter
from tests.chapters import ROOT

NOT_COPIED = shutil.ignore_patterns(
    '.*', '_build', 'chapters', 'references', '__pycache__'
)
SOLUTIONS = """# Solutions

```toc
:maxdepth: 1

first
```
"""


def commands(heading):
    """Return the commands in a section of the guide."""
    guide = (ROOT / 'CONTRIBUTING.md').read_text('utf-8')
    section = guide.split(f'\n## {heading}\n')[1].split('\n## ')[0]
    return '\n'.join(re.findall(r'^```bash\n(.*?)^```', section, re.M | re.S))


@pytest.fixture
def chapters(small_book, monkeypatch):
    """The small book's chapters, with solutions, in the current folder."""
    monkeypatch.chdir(small_book)
    chapters = small_book / 'chapters'
    (chapters / 'solutions').mkdir()
    (chapters / 'solutions/index.md').write_text(SOLUTIONS)
    (chapters / 'solutions/first.md').write_text('# First: Solutions\n')
    index = chapters / 'index.md'
    text = index.read_text()
    index.write_text(f'{text}\n```toc\nsolutions/index\n```\n')
    return chapters


@pytest.fixture
def project(chapters, tmp_path):
    """A copy of the project with the small book in place of its own."""
    project = tmp_path / 'project'
    shutil.copytree(ROOT, project, ignore=NOT_COPIED)
    shutil.copytree(chapters, project / 'chapters')
    shutil.copytree(chapters.parent / '_build', project / '_build')
    (project / 'tests' / 'references').mkdir()
    (project / '.venv').symlink_to(sys.prefix)
    return project


def test_the_guide_leads_to_a_chapter_that_passes_its_checks(project):
    environment = {**os.environ, 'MAKEFLAGS': '-o .venv/.complete'}
    done = subprocess.run(
        ['bash', '-ec', commands('A new chapter')],
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    html, stored = project / '_build/html', project / 'tests/references'
    assert '42' in (html / 'loading-faster.html').read_text()
    for name in 'loading-faster', 'solutions/loading-faster':
        assert (html / f'{name}.html').is_file()
        assert (stored / f'{name}.ipynb').is_file()
    assert (html / '_images/qr_loading-faster.svg').is_file()


@pytest.fixture
def stored(monkeypatch):
    """The chapters whose outputs would be stored, which takes its time."""
    stored = []

    def run(command, **options):
        stored.extend(command[3:])
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(new_chapter.subprocess, 'run', run)
    return stored


def test_chapter_is_listed_where_it_belongs(chapters, stored):
    assert new_chapter.main(['third', 'Third', '--part', 'Part I']) == 0
    index = (chapters / 'index.md').read_text()
    assert 'first\nsecond\nthird\n```' in index
    solutions = (chapters / 'solutions/index.md').read_text()
    assert 'first\nthird\n```' in solutions
    assert stored == ['third', 'solutions/third']


def test_chapter_goes_to_the_last_numbered_part_by_default(chapters, stored):
    new_chapter.main(['third', 'Third'])
    assert 'second\nthird\n```' in (chapters / 'index.md').read_text()


def test_discussion_adds_an_address_and_its_code(chapters, stored):
    address = 'https://example.org/7'
    new_chapter.main(['third', 'Third', '--discussion', address])
    table = (chapters / 'discussions.ini').read_text()
    assert table.endswith(f'third = {address}\n')
    assert address in (chapters / 'img/qr_third.svg').read_text()
    assert f']({address})' in (chapters / 'third.md').read_text()


def test_chapter_without_discussion_has_no_such_section(chapters, stored):
    new_chapter.main(['third', 'Third'])
    assert '## Discussions' not in (chapters / 'third.md').read_text()
    assert not (chapters / 'discussions.ini').exists()


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['Third', 'Third'], 'NAME is words like-these'),
        (['a/b', 'Third'], 'NAME is words like-these'),
        (['', 'Third'], 'NAME is words like-these'),
        (['first', 'First'], 'chapters/first.md is there already'),
        (['third', ' '], 'TITLE is missing'),
        (['third', 'Third', '--part', 'Part'], "no numbered part 'Part'"),
        (
            ['third', 'Third', '--part', 'Part II'],
            "no numbered part 'Part II",
        ),
        (['third', 'Third', '--discussion', 'forum'], 'begins with https://'),
    ],
)
def test_wrong_argument_is_told_and_writes_nothing(
    arguments, message, chapters, stored
):
    def contents():
        return {p: p.read_bytes() for p in chapters.rglob('*') if p.is_file()}

    before = contents()
    with pytest.raises(SystemExit, match=message):
        new_chapter.main(arguments)
    assert contents() == before
    assert stored == []
