"""Every chapter opens with what its reader will be able to do."""

import re

import nbformat
import pytest

from tests.browsing import WITH_CODE
from tests.chapters import CHAPTERS
from theme.openings import BEGINNING, duration, in_words, needs

NAMES = [name for name in WITH_CODE if '/' not in name]
WITHOUT_MXNET = 'many-files', 'memory-maps'
OPENING = re.compile(
    r'# [^\n]+\n:label:`sec_[a-z_]+`\n\n'  # the title
    r'(?:[^\n>]+\n)+\n'  # the question, in one paragraph
    rf'> {BEGINNING}\n>\n'
    r'(?:> - [^\n]+;\n){2,4}> - [^\n]+\.\n\n'
)


@pytest.mark.parametrize('name', NAMES)
def test_chapter_opens_with_three_to_five_points(name):
    assert OPENING.match((CHAPTERS / f'{name}.md').read_text('utf-8'))


@pytest.mark.parametrize('points', ['', 'a;\n> - b.', 'a\n> - b\n> - c.'])
def test_opening_of_another_form_is_caught(points):
    text = (
        f'# T\n:label:`sec_t`\n\nWhy?\n\n> {BEGINNING}\n>\n> - {points}\n\n'
    )
    assert not OPENING.match(text)


def test_page_tells_what_a_run_takes_and_needs(pages):
    for name in NAMES:
        (opening,) = pages[f'{name}.html'].select('article .opening')
        assert 3 <= len(opening.find_all('li')) <= 5, name
        run = opening.select_one('p.run').get_text()
        assert re.match(
            r'The code runs in (less than|about) .+ It needs', run
        )
        assert ('no MXNet' in run) == (name in WITHOUT_MXNET), name


@pytest.mark.parametrize(
    ('seconds', 'words'),
    [
        (0.5, 'less than 10 seconds'),
        (10, 'less than half a minute'),
        (30, 'less than a minute'),
        (60, 'about 2 minutes'),
        (170, 'about 3 minutes'),
    ],
)
def test_time_is_told_coarsely(seconds, words):
    assert in_words(seconds) == words


def test_time_is_that_of_the_run():
    cells = [nbformat.v4.new_code_cell('1'), nbformat.v4.new_code_cell('2')]
    for cell, minute in zip(cells, ('00', '04')):
        moment = f'2026-01-01T00:{minute}:00.000000Z'
        cell.metadata['execution'] = {'iopub.status.busy': moment}
    notebook = nbformat.v4.new_notebook(cells=cells)
    assert duration(notebook) == 'The code runs in about 4 minutes.'


@pytest.mark.parametrize(
    ('source', 'words'),
    [
        ('', 'It needs Python, but no MXNet.'),
        ('import numpy', 'It needs NumPy, but no MXNet.'),
        (
            'import numpy, d2l_rw',
            'It needs NumPy and d2l_rw, but no MXNet.',
        ),
        ('import mxnet, numpy', 'It needs MXNet.'),
        ('import d2l_rw; d2l_rw.MLP()', 'It needs MXNet and d2l_rw.'),
        (
            'import d2l_rw, mxnet, fickling, onnx',
            'It needs MXNet, fickling, ONNX and d2l_rw.',
        ),
    ],
)
def test_needs_are_told_from_the_imports(source, words):
    assert needs(source) == words
