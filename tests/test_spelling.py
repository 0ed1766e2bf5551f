"""Misspelt words are found, where they stand, and nothing else is."""

import pytest

from authoring import lint, spelling
from authoring.dialect import read_book, read_chapter
from tests.chapters import CHAPTERS, ROOT

MISTAKES = [
    'recieve', 'seperate', 'occured', 'definately', 'untill', 'wich', 'teh',
    'paramter', 'initalize', 'checkpiont', 'arrray', 'lenght', 'adress',
    'wierd', 'neccessary',
]  # fmt: skip
GUIDES = 'README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'
WITHOUT_WORDS = [
    'Call `recieve` and ``a `teh` b``.',
    'See :numref:`sec_wich` and :cite:`adress_2000`.',
    'The length is $lenght + 1$.',
    'A [link](img/adress.svg) and https://wierd.example/teh there.',
    'The files arrray_1, checkpiont.params and teh2 are of programs.',
    '```text\nuntill\n```',
]


@pytest.fixture
def chapter(tmp_path):
    """Return a function that reads a chapter which holds a text."""
    path = tmp_path / 'a.md'

    def chapter(text):
        path.write_text(text, 'utf-8')
        return read_chapter(path, 'a')

    return chapter


@pytest.mark.parametrize('word', MISTAKES)
def test_typical_mistake_is_found_at_its_line(word, chapter):
    text = f'# Title\n\n{word.capitalize()}, *good*\nor {word}.\n'
    found = spelling.misspelt(chapter(text))
    assert [line for line, _ in found] == [3, 4]
    assert repr(word.capitalize()) in found[0][1]
    assert repr(word) in found[1][1]


def test_finding_suggests_the_word_that_was_meant(chapter):
    ((line, text),) = spelling.misspelt(chapter('We recieve it.\n'))
    assert line == 1
    assert 'receive' in text
    assert 'authoring/words.txt' in text


@pytest.mark.parametrize('text', WITHOUT_WORDS)
def test_code_formulas_addresses_and_marks_are_passed_over(text, chapter):
    assert spelling.misspelt(chapter(text)) == []


def test_lint_fails_on_a_misspelt_word(tmp_path, capsys):
    (tmp_path / 'index.md').write_text('# Title\n\nAn arrray.\n')
    assert lint.main(['--book', str(tmp_path)]) == 1
    assert f'{tmp_path / "index.md"}:3: ' in capsys.readouterr().out


def test_command_fails_on_a_misspelt_word(tmp_path, capsys):
    path = tmp_path / 'GUIDE.md'
    path.write_text('# Teh Guide\n')
    assert spelling.main([str(path)]) == 1
    assert capsys.readouterr().out.startswith(f'{path}:1: ')


def test_own_words_are_sorted_and_used():
    own = spelling.OWN_WORDS.read_text('utf-8').splitlines()
    assert own == sorted(set(own), key=str.lower)
    chapters = [*read_book(CHAPTERS).chapters.values(), *guides()]
    lines = [line for chapter in chapters for _, line in chapter.text()]
    used = {word for line in lines for word in spelling.words(line)}
    used |= {spelling.POSSESSIVE.sub('', word) for word in used}
    used |= {word.lower() for word in used}
    assert set(own) <= used


def test_no_own_word_is_in_the_dictionary():
    own = spelling.OWN_WORDS.read_text('utf-8').split()
    assert [w for w in own if spelling.english().lookup(w)] == []


def test_guides_hold_no_misspelt_word(capsys):
    spelling.main([str(ROOT / name) for name in GUIDES])
    assert capsys.readouterr().out == ''


def guides():
    """Return the Markdown files that are no chapters."""
    return [read_chapter(ROOT / name, name) for name in GUIDES]
