"""Links that lead nowhere are found, within the book and outside."""

import functools
import http.server
import threading

import pytest

from authoring import links
from tests.conftest import QuietHandler


@pytest.fixture
def check(small_book, monkeypatch):
    """Return a function that checks the links of the small book."""
    monkeypatch.chdir(small_book)
    return links.main


def change(book, old, new):
    """Replace a text of a built page, which must hold it."""
    page = book / '_build/html/first.html'
    text = page.read_text('utf-8')
    assert old in text
    page.write_text(text.replace(old, new), 'utf-8')


def test_links_of_a_sound_book_resolve(check, capsys):
    assert check([]) == 0
    assert capsys.readouterr().out == ''


@pytest.mark.parametrize(
    ('old', 'new'),
    [
        ('href="second.html', 'href="third.html'),
        ('</article>', '<a href="#nowhere">x</a></article>'),
        ('</article>', '<a href="second.html#nowhere">x</a></article>'),
        ('</article>', '<a href="first.md">x</a></article>'),
        ('src="_images/square.svg"', 'src="_images/circle.svg"'),
    ],
)
def test_broken_link_within_the_book_is_found(
    old, new, check, small_book, capsys
):
    change(small_book, old, new)
    assert check([]) == 1
    link = new.split('"')[1]
    assert f'chapters/first.md: first.html links to {link}' in (
        capsys.readouterr().out
    )


def test_finding_names_the_line_of_the_source(check, small_book, capsys):
    source = small_book / 'chapters/first.md'
    lines = [*source.read_text().splitlines(), '', 'See [x](second.md).', '']
    source.write_text('\n'.join(lines))
    change(small_book, '</article>', '<a href="second.md">x</a></article>')
    assert check([]) == 1
    place = f'chapters/first.md:{len(lines) - 1}: '
    assert capsys.readouterr().out.startswith(place)


@pytest.fixture
def server(tmp_path):
    """The address of a server on loopback that has the page `here.html`."""
    folder = tmp_path / 'served'
    folder.mkdir()
    (folder / 'here.html').write_text('<p>Here.</p>')
    handler = functools.partial(QuietHandler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f'http://127.0.0.1:{server.server_port}'
    server.shutdown()


def test_broken_link_to_a_server_is_found_when_asked_for(
    server, check, small_book, capsys
):
    source = small_book / 'chapters/second.md'
    there, gone = f'{server}/here.html', f'{server}/gone.html'
    text = f'{source.read_text()}\nSee [a]({there}),\nand [b]({gone}).\n'
    source.write_text(text)
    assert check([]) == 0
    assert check(['--external']) == 1
    line = len(text.splitlines())
    ((place, found),) = [
        finding.split(': ', 1)
        for finding in capsys.readouterr().out.splitlines()
    ]
    assert place == f'chapters/second.md:{line}'
    assert found.startswith(gone)
