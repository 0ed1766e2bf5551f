"""`make serve` follows the sources, and tells what is to be mended."""

import os
import queue
import re
import shutil
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from authoring import messages, reuse, serve
from authoring.findings import Finding
from tests.browsing import PATIENCE
from tests.chapters import ROOT

SECONDS = PATIENCE / 1000
BUILT = r'built in \d+\.\d s'


@pytest.fixture(scope='module')
def server(built_small_book, tmp_path_factory):
    """A running `make serve` on a copy of the small book."""
    book = tmp_path_factory.mktemp('serve') / 'book'
    shutil.copytree(built_small_book, book)
    process = subprocess.Popen(
        [sys.executable, '-m', 'authoring.serve'],
        cwd=book,
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines = queue.Queue()
    reader = threading.Thread(
        target=lambda: [lines.put(line) for line in process.stdout]
    )
    reader.start()

    def said(pattern):
        """Return what is said until a line matches a pattern."""
        text = ''
        while not re.search(pattern, text):
            text += lines.get(timeout=SECONDS)
        return text

    address = re.search(r'http://\S+', said('The book: http'))[0]
    yield SimpleNamespace(book=book, said=said, address=address)
    process.terminate()
    assert process.wait(SECONDS) == 0
    reader.join(SECONDS)


@pytest.fixture
def edit(server):
    """Return a function that edits the first chapter; it is restored."""
    source = server.book / 'chapters/first.md'
    original = source.read_text()

    def edit(old, new):
        assert old in original
        source.write_text(original.replace(old, new))

    yield edit
    source.write_text(original)
    server.said(BUILT)


def page(server):
    """Return the page of the first chapter as it is served."""
    with urllib.request.urlopen(f'{server.address}first.html') as response:
        return response.read().decode()


def test_edited_text_is_shown_by_the_open_browser(server, edit, browser):
    opened = browser.new_page()
    opened.goto(f'{server.address}first.html')
    edit('A square of side', 'An even square of side')
    opened.get_by_text('An even square of side').wait_for(timeout=PATIENCE)
    opened.close()
    server.said(BUILT)


def test_edited_cell_is_executed(server, edit):
    edit('6 * 7', '6 * 8')
    server.said(BUILT)
    assert '>forty 48\n' in page(server)


@pytest.mark.parametrize(
    ('old', 'new', 'place', 'message'),
    [
        ('6 * 7', '6 / 0', 13, 'ZeroDivisionError: division by zero'),
        ('`sec_second`', '`sec_none`', 4, "no label 'sec_none' in the book"),
        ('euclid_1956', 'nobody_1956', 4, "no entry 'nobody_1956'"),
        ('img/square', 'img/circle', 6, 'no file img/circle.svg'),
        ('A square of', '```eval_rst\n.. nonsense::\n```\n\nA', 11,
         'Unknown directive type "nonsense"'),
    ],
)  # fmt: skip
def test_mistake_is_told_with_its_place_while_the_last_good_pages_stay(
    old, new, place, message, server, edit
):
    before = page(server)
    edit(old, new)
    text = server.said('not built')
    assert f'chapters/first.md:{place}: ' in text
    assert message in text
    assert 'Traceback' not in text
    assert page(server) == before


def test_taken_port_is_passed_over():
    with socket.socket() as taken:
        taken.bind((serve.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert serve.free_port(port) > port


@pytest.mark.parametrize(
    ('old', 'new', 'reused'),
    [
        ('A square of side', 'A square with side', True),
        ('6 * 7', '6 * 8', False),
        ('```{.python .input}', '```{.python .input}\n1\n```\n\n```{.python '
         '.input}', False),
    ],
)  # fmt: skip
def test_outputs_are_reused_if_the_cells_are_unchanged(
    old, new, reused, small_book
):
    source = small_book / 'chapters/first.md'
    target = small_book / '_build/eval/first.ipynb'
    before = target.read_bytes()
    source.write_text(source.read_text().replace(old, new))
    reuse.rewrite_text(source, target)
    assert (target.read_bytes() != before) is reused
    (cell,) = reuse.cells(nbformat.read(target, 4))
    assert cell.outputs[0].text == 'forty 42\n'


FAILED = """2 notebooks are failed to evaluate:

Task Evaluating {path} exited with error: An error occurred while \
executing the following cell:
------------------
{cell}
------------------


\x1b[31m-----\x1b[39m
\x1b[36mCell\x1b[39m \x1b[32mIn[1]\x1b[39m\x1b[32m, line {line}\x1b[39m

\x1b[31m{error}\x1b[39m: what is wrong


Traceback (most recent call last):
  File "task.py", line 69, in run
"""


def test_raising_cells_are_told_in_the_line_of_their_chapter(tmp_path):
    source = tmp_path / 'a.md'
    cell = '\n1\n\n2\n'
    source.write_text(f'# A\n```{{.python .input}}\n{cell}```\n')
    text = FAILED.format(path=source, cell='1\n\n2', line=3, error='KeyError')
    advice = 'mend the cell, or catch the exception'
    assert messages.raising_cells(text) == [
        Finding(source, 6, f'KeyError: what is wrong: {advice}')
    ]


def test_failure_without_a_cell_is_told_by_its_last_line():
    (finding,) = messages.raising_cells('Task x failed\n\nDead kernel\n\n')
    assert finding.text == 'Dead kernel'


@pytest.mark.parametrize(
    ('warning', 'line', 'text'),
    [
        ('{}/a.rst:3:Unknown thing "x9".', 4, 'Unknown thing "x9".'),
        ('{}/a.rst:2:What a line.', 2, 'What a line.'),
        ('{}/a.rst::What a page.', 0, 'What a page.'),
    ],
)
def test_warning_is_told_in_the_line_of_the_chapter(
    warning, line, text, tmp_path
):
    pages, chapters = tmp_path / 'rst', tmp_path / 'chapters'
    pages.mkdir()
    chapters.mkdir()
    (pages / 'a.rst').write_text('\nHow do you do?\nThen ``x9`` comes.')
    lines = ['# A', 'How do you do?', '', 'Then `x9` comes.']
    (chapters / 'a.md').write_text('\n'.join(lines))
    found = messages.warning(warning.format(pages), pages, chapters)
    assert found == Finding(chapters / 'a.md', line, text)


def test_warning_about_another_file_names_it():
    found = messages.warning(
        '/d2l_rw/a.py:docstring of d2l_rw.load:3:Odd.',
        Path('/rst'),
        Path('chapters'),
    )
    assert str(found) == '/d2l_rw/a.py:3: Odd.'
