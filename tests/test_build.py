"""The build publishes what it should, and fails when it should.

Each test changes a copy of a small book that was built with the project's
own settings and theme, and builds it again.
"""

import re

import pytest

from tests.conftest import d2lbook_build

PUBLISHED = {
    '.html', '.ipynb', '.svg', '.js', '.css', '.inv', '.woff2', '.ttf',
    '.map', '.png', '.txt', '.scss', '.po', '.mo', '.gif',
}  # fmt: skip
CONVERTED = re.compile(r'Convert _build/eval/(\S+)\.ipynb')
EXECUTED = re.compile(r'Starting task "Evaluating chapters/(\S+)\.md"')


def pages(book):
    """Return the names of the published files that are not assets."""
    html = book / '_build' / 'html'
    return {
        path.relative_to(html).as_posix()
        for path in html.rglob('*')
        if path.is_file() and '_static' not in path.parts
    }


def rewrite(path, old, new):
    """Replace one text in a file, which must hold it."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_only_pages_notebooks_images_and_assets_are_published(small_book):
    assert pages(small_book) == {
        'index.html', 'first.html', 'second.html', 'references.html',
        'search.html', 'genindex.html', '404.html', 'first.ipynb',
        'second.ipynb', 'notebooks.zip',
        '_images/square.svg', 'objects.inv', 'searchindex.js', '.buildinfo',
    }  # fmt: skip
    static = (small_book / '_build/html/_static').rglob('*')
    assert {file.suffix for file in static if file.is_file()} <= PUBLISHED


def test_d2lbooks_own_script_and_style_are_not_published(small_book):
    html = small_book / '_build' / 'html'
    assert not list(html.rglob('d2l.*'))
    assert 'd2l.' not in (html / 'index.html').read_text()


def test_unchanged_book_executes_and_writes_nothing(small_book):
    d2lbook_build(small_book)
    again = d2lbook_build(small_book)
    assert again.returncode == 0
    assert not EXECUTED.findall(again.stdout)
    assert 'no targets are out of date' in again.stdout


def test_edited_chapter_alone_is_executed_and_written_again(small_book):
    d2lbook_build(small_book)
    other = small_book / '_build/html/first.html'
    before = other.stat().st_mtime_ns
    rewrite(small_book / 'chapters/second.md', 'leaves', 'still leaves')
    built = d2lbook_build(small_book)
    assert built.returncode == 0, built.stdout
    assert EXECUTED.findall(built.stdout) == ['second']
    assert CONVERTED.findall(built.stdout) == ['second']
    page = small_book / '_build/html/second.html'
    assert 'still leaves' in page.read_text()
    assert other.stat().st_mtime_ns == before


def test_changed_title_reaches_the_other_pages(small_book):
    rewrite(small_book / 'chapters/second.md', '# Second', '# Changed')
    assert d2lbook_build(small_book).returncode == 0
    page = small_book / '_build/html/first.html'
    assert 'Changed Chapter' in page.read_text()


def test_changed_theme_reaches_every_page(small_book):
    rewrite(small_book / 'theme/colophon.py', 'Version ', 'Edition ')
    assert d2lbook_build(small_book).returncode == 0
    html = small_book / '_build/html'
    for page in 'first.html', 'second.html', 'search.html':
        assert 'Edition 0' in (html / page).read_text()


def test_deleted_chapter_leaves_no_page(small_book):
    chapters = small_book / 'chapters'
    (chapters / 'first.md').unlink()
    rewrite(chapters / 'index.md', 'first\n', '')
    see = 'See :cite:`euclid_1956`.\n\n'
    rewrite(chapters / 'references.md', ':bib', f'{see}:bib')
    built = d2lbook_build(small_book)
    assert built.returncode == 0, built.stdout
    gone = {'first.html', 'first.ipynb', '_images/square.svg'}
    assert not gone & pages(small_book)
    assert 'second.html' in pages(small_book)


def a_raising_cell(chapters):
    rewrite(chapters / 'first.md', '6 * 7', '6 / 0')


def a_broken_reference(chapters):
    rewrite(chapters / 'first.md', ':numref:`sec_second`', ':ref:`sec_none`')


def a_broken_numbered_reference(chapters):
    rewrite(chapters / 'first.md', ':numref:`sec_second`', ':numref:`no`')


def a_broken_citation(chapters):
    rewrite(chapters / 'first.md', 'euclid_1956', 'euclid_1957')


def a_missing_image(chapters):
    (chapters / 'img' / 'square.svg').unlink()


def an_image_without_description(chapters):
    rewrite(chapters / 'img' / 'square.svg', 'desc>', 'metadata>')


def a_deleted_chapter_that_is_referred_to(chapters):
    (chapters / 'second.md').unlink()
    rewrite(chapters / 'index.md', 'second\n', '')


def a_chapter_outside_the_contents(chapters):
    rewrite(chapters / 'index.md', 'second\n', '')


@pytest.mark.parametrize(
    ('damage', 'message'),
    [
        (a_raising_cell, 'ZeroDivisionError'),
        (a_broken_reference, 'sec_none'),
        (a_broken_numbered_reference, "undefined label: 'no'"),
        (a_broken_citation, 'euclid_1957'),
        (a_missing_image, 'square.svg'),
        (an_image_without_description, 'add <desc> to img/square.svg'),
        (a_deleted_chapter_that_is_referred_to, 'sec_second'),
        (a_chapter_outside_the_contents, "isn't included in any toctree"),
    ],
)
def test_build_fails_and_fails_again_on(damage, message, small_book):
    damage(small_book / 'chapters')
    for _ in range(2):
        built = d2lbook_build(small_book)
        assert built.returncode != 0
        assert message in built.stdout
