"""Each trap of the dialect is found where it stands, with advice."""

import pytest

from authoring import lint
from authoring.dialect import blocks, read_book
from authoring.rules import RULES
from tests.chapters import CHAPTERS

CELL = '```{.python .input}'
# A rule, a text with its mistake, and the line where it is found.
PLANTED = [
    ('dead_link', 'See [the next](second.md).', 3),
    ('dead_link', 'One.\nSee [a section](second.md#here).', 4),
    ('reference_in_table', '| a |\n|---|\n| :numref:`sec_a` |', 5),
    ('reference_in_table', '| a |\n|---|\n| :ref:`sec_a` |', 5),
    ('lonely_numref', 'It is told in\n:numref:`sec_a`\nand later.', 4),
    ('missing_image', '![A cat](img/cat.svg)', 3),
    ('missing_description', '![A dumb image](img/dumb.svg)', 3),
    ('width_without_caption', '![](img/square.svg)\n:width:`9px`', 4),
    ('stored_output', '```{.json .output n=1}\n[]\n```', 3),
    ('stored_output', f'{CELL}\n1\n```\n\n```{{.output}}\n1\n```', 7),
    ('long_line', f'{CELL}\n1\nx = "{"a" * 74}"\n```', 5),
    ('long_line', f'```bash\nmake {"a" * 74}\n```', 4),
    ('long_cell', CELL + '\nx = 1' * 13 + '\n```', 4),
    ('unsorted_imports', f'{CELL}\nimport os\nimport ast\n```', 4),
    ('unsorted_imports', f'{CELL}\nx = 1\nimport sys, os\n```', 5),
    ('quotation_after_cell', f'{CELL}\n1\n```\n\n> A question?', 7),
    ('gpu_words', f'{CELL}\ntext = "gpu(0)"\n```', 4),
    ('ignored_tag', '```{.python .input tags="raises-exception"}\n1\n```', 3),
    ('code_in_emphasis', 'This is *the `code` of* a book.', 3),
    ('code_in_emphasis', 'This is **`code`**.', 3),
    ('label_form', '## Section\n:label:`somewhere`', 4),
    ('label_form', '## Section\n:label:`sec_a b`', 4),
    ('duplicate_label', '## Section\n:label:`sec_a`', 4),
    ('duplicate_label', '## Section\n:label:`sec_b`', 4),
    ('unknown_label', 'See :numref:`sec_none`.', 3),
    ('unknown_label', 'One.\n\nSee :ref:`sec_none`.', 5),
    ('unknown_mark', 'See :nmuref:`sec_a`.', 3),
    ('unknown_citation', 'After :cite:`nobody_1900`.', 3),
    ('unknown_citation', 'After :cite:`known_2000,nobody_1900`.', 3),
]
HARMLESS = [
    'See :numref:`sec_a`, :ref:`sec_b` and :cite:`known_2000`.',
    'A link to `[x](a.md)` in code, and [one](https://a.b/c.md?d) outside.',
    '![A square](img/square.svg)\n:width:`9px`\n:label:`fig_b`',
    '![](img/square.svg)',
    'Emphasis *without* code, `code * without` emphasis `3 * 4`.',
    '2 * 3 `x` 4 * 5, and `a` * `b` * `c`.',
    f'{CELL}\nimport ast\nimport os\n\ndef f():\n    pass\n```',
    CELL + '\nimport os' * 1 + '\n\nx = 1' * 12 + '\n```',
    f'```bash\nmake {"a" * 73}\n```',
    f'{CELL}\n1\n```\n\nNow this.\n\n> A question?',
    '```bash\nmake\n```\n\n> A question?',
    '| `a` |\n|---|\n| $b$ |',
]


@pytest.fixture
def book(tmp_path):
    """Return a function that makes a book whose chapter `b` holds a text."""
    folder = tmp_path / 'chapters'
    (folder / 'img').mkdir(parents=True)
    svg = '<svg xmlns="http://www.w3.org/2000/svg">{}</svg>'
    (folder / 'img/square.svg').write_text(svg.format('<desc>A.</desc>'))
    (folder / 'img/dumb.svg').write_text(svg.format(''))
    (folder / 'refs.bib').write_text('@book{known_2000,\n}\n')
    (folder / 'index.md').write_text('# Book\n\n```toc\na\nb\n```\n')
    (folder / 'a.md').write_text('# A\n:label:`sec_a`\n')

    def book(text):
        (folder / 'b.md').write_text(f'# B\n:label:`sec_b`\n{text}\n')
        return folder

    return book


def found(folder, capsys):
    """Return the status of the command and what it prints."""
    status = lint.main(['--book', str(folder)])
    return status, capsys.readouterr().out.splitlines()


def test_every_rule_has_a_planted_mistake():
    planted = {name for name, _, _ in PLANTED} | {'unlisted_chapter'}
    assert planted == {rule.__name__ for rule in RULES}


@pytest.mark.parametrize(('rule', 'text', 'line'), PLANTED)
def test_planted_mistake_is_found_at_its_line(rule, text, line, book, capsys):
    folder = book(text)
    status, lines = found(folder, capsys)
    mine = [text for text in lines if text.endswith(f'({rule})')]
    assert status == 1
    assert len(mine) == 1
    assert mine[0].startswith(f'{folder / "b.md"}:{line}: ')


@pytest.mark.parametrize('text', HARMLESS)
def test_harmless_text_is_no_finding(text, book, capsys):
    assert found(book(text), capsys) == (0, [])


def test_chapter_outside_the_contents_is_found(book, capsys):
    folder = book('')
    (folder / 'third.md').write_text('# Third\n')
    status, lines = found(folder, capsys)
    assert status == 1
    assert lines == [
        f'{folder / "third.md"}:1: in no contents: list it in index.md '
        '(unlisted_chapter)'
    ]


def test_named_file_alone_is_checked(book, tmp_path, capsys):
    folder = book('See [x](y.md).')
    draft = tmp_path / 'draft.md'
    draft.write_text('See :numref:`sec_a` and [x](y.md).\n')
    assert lint.main(['--book', str(folder), str(draft)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(' ')[0] for line in lines] == [f'{draft}:1:']


def test_blocks_hold_every_line_but_the_fences():
    text = 'a\n```toc\nb\n```\n````x\n```\nc\n````\nd'
    pairs = [pair for block in blocks(text) for pair in block.numbered()]
    assert pairs == [(1, 'a'), (3, 'b'), (6, '```'), (7, 'c'), (9, 'd')]
    infos = [block.info for block in blocks(text)]
    assert infos == [None, 'toc', None, 'x', None]


def test_the_chapters_have_no_finding():
    book = read_book(CHAPTERS)
    assert len(book.chapters) > 20
    findings = [lint.check(c, book) for c in book.chapters.values()]
    assert [str(f) for found in findings for f in found] == []
