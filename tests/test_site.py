"""What the book needs on a public server: settings, cards, sitemap, 404."""

import re
import shutil
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from sphinx.errors import ConfigError

from tests.browsing import PAGES
from tests.chapters import CHAPTERS, ROOT
from tests.conftest import d2lbook_build
from theme import cards, settings

ADDRESS = 'https://example.org/book/'
SETTINGS = {
    'address': ADDRESS,
    'repository': 'someone/book',
    'pages_branch': 'gh-pages',
}
LOC = '{http://www.sitemaps.org/schemas/sitemap/0.9}loc'


@pytest.fixture(scope='module')
def published(built_small_book, tmp_path_factory):
    """The pages of the small book, built for a public address."""
    folder = tmp_path_factory.mktemp('published') / 'book'
    shutil.copytree(built_small_book, folder)
    ini = folder / 'config.ini'
    text = ini.read_text()
    for name, value in SETTINGS.items():
        text, changes = re.subn(rf'(?m)^{name} =$', f'{name} = {value}', text)
        assert changes == 1
    ini.write_text(text)
    built = d2lbook_build(folder)
    assert built.returncode == 0, built.stdout
    return folder / '_build' / 'html'


def parsed(path):
    return BeautifulSoup(path.read_text('utf-8'), 'html.parser')


def meta(page):
    """Return the contents of a page's meta tags by name or property."""
    tags = page.head.find_all('meta', content=True)
    return {
        tag.get('name', tag.get('property')): tag['content'] for tag in tags
    }


def links(page):
    """Return every address that a page leads to or loads."""
    tags = page.find_all(['a', 'link', 'script', 'img', 'form'])
    names = 'href', 'src', 'action'
    return {tag[name] for tag in tags for name in names if tag.get(name)}


def test_every_page_describes_itself(pages):
    seen = {}
    for name in PAGES:
        found = meta(pages[f'{name}.html'])
        text = found['description']
        assert 20 <= len(text) <= cards.MAX_LENGTH, name
        assert found['og:description'] == text
        assert (
            found['og:title'] in pages[f'{name}.html'].article.h1.get_text()
        )
        assert found['twitter:card'] == 'summary'
        assert seen.setdefault(text, name) == name


def test_nothing_is_promised_without_an_address(book, pages):
    assert not (book / 'sitemap.xml').exists()
    for page in pages.values():
        assert not {'og:url', 'og:image'} & set(meta(page))
        assert page.head.find('link', rel='canonical') is None


def test_page_names_its_public_address(published):
    page = parsed(published / 'first.html')
    whole = f'{ADDRESS}first.html'
    assert page.head.find('link', rel='canonical')['href'] == whole
    assert meta(page)['og:url'] == whole
    image = meta(page)['og:image'].removeprefix(ADDRESS)
    assert (published / image).is_file()


def test_published_chapter_can_be_launched(published):
    found = links(parsed(published / 'first.html'))
    (binder,) = [link for link in found if 'mybinder.org' in link]
    assert binder.startswith('https://mybinder.org/v2/gh/someone/book/main?')
    (colab,) = [link for link in found if 'colab.research' in link]
    assert colab.endswith('/someone/book/blob/gh-pages/first.ipynb')
    page = parsed(published / 'index.html')
    assert not any('mybinder' in link for link in links(page))


def test_sitemap_lists_the_pages_to_be_found(published):
    tree = ElementTree.parse(published / 'sitemap.xml')
    names = 'first', 'genindex', 'index', 'references', 'second'
    expected = [f'{ADDRESS}{name}.html' for name in names]
    assert sorted(loc.text for loc in tree.iter(LOC)) == expected


def test_page_for_wrong_addresses_works_at_any_address(published):
    page = parsed(published / '404.html')
    for link in links(page) - {'#main-content'}:
        assert link.startswith('/book/'), link
        path = link.removeprefix('/book/').partition('?')[0]
        assert (published / path).is_file(), link
    assert page.head.find('link', rel='canonical') is None


def test_page_for_wrong_addresses_leads_back(pages):
    page = pages['404.html']
    assert 'Page not found' in page.article.get_text()
    assert 'read-write.html' in links(page)


@pytest.mark.parametrize(
    ('line', 'message'),
    [
        ('address = example.org', 'address: expected a value such as https'),
        ('address = https://example.org/book', "got 'https://example.org/b"),
        ('repository = https://github.com/a/b', 'repository: expected'),
        ('adress = https://example.org/', "no 'adress' among address, "),
    ],
)
def test_wrong_setting_is_refused(line, message, tmp_path):
    (tmp_path / 'config.ini').write_text(f'[site]\n{line}\n')
    with pytest.raises(ConfigError, match=re.escape(message)):
        settings.read(tmp_path)


def test_settings_are_empty_where_there_are_none(tmp_path):
    assert set(settings.read(tmp_path).values()) == {''}


@pytest.mark.parametrize(
    ('text', 'short'),
    [
        ('One. ' * 60, 'One. ' * 38 + 'One.'),
        ('words ' * 60, 'words ' * 32 + 'words…'),
    ],
)
def test_description_ends_with_a_sentence_or_a_word(text, short):
    assert cards.shortened(text) == short


def test_every_page_says_what_produced_its_outputs(pages):
    for page in pages.values():
        text = page.select_one('.colophon').get_text()
        assert re.search(r'Version \d+\.\d+\.\d+, built on \d', text)
        assert f'MXNet {version("mxnet")}' in text
        assert f'NumPy {version("numpy")}' in text


def test_changelog_of_the_book_is_that_of_the_repository(pages):
    source = CHAPTERS / 'changelog.md'
    assert Path(source).resolve() == ROOT / 'CHANGELOG.md'
    assert pages['changelog.html'].h1.get_text().startswith('Changelog')
