"""The built folder asks nobody for anything, and weighs little.

It works from any static server, and opened from disk.
"""

import re
from urllib.parse import urljoin

import pytest

from tests.browsing import PATIENCE, WIDE, watch

FIRST_VISIT, NEXT_CHAPTER = 1_000_000, 300_000  # bytes, uncompressed
FROM_DISK = 'index', 'read-write', 'solutions/read-write'
LOADS = {'script': 'src', 'img': 'src', 'source': 'src', 'iframe': 'src'}
LOADING_LINKS = {'stylesheet', 'icon', 'preload', 'modulepreload', 'manifest'}
URL = re.compile(
    r'url\(\s*["\']?(?!data:)([^"\')]+)|@import\s+["\']([^"\']+)'
)


def loaded(page):
    """Return the addresses that a page makes a browser load."""
    found = [
        tag[name]
        for kind, name in LOADS.items()
        for tag in page.find_all(kind)
        if tag.has_attr(name)
    ]
    found += [
        link['href']
        for link in page.find_all('link')
        if LOADING_LINKS & set(link.get('rel', ()))
    ]
    return found


def named_in(stylesheet):
    """Return the addresses that a style sheet makes a browser load."""
    return [first or second for first, second in URL.findall(stylesheet)]


def resources(book, name, page):
    """Return the paths of what a page loads, and its style sheets load."""
    paths = {
        urljoin(name, address.partition('?')[0]) for address in loaded(page)
    }
    for path in [path for path in paths if path.endswith('.css')]:
        text = (book / path).read_text('utf-8')
        paths |= {urljoin(path, address) for address in named_in(text)}
    return paths


def size(book, paths):
    return sum((book / path).stat().st_size for path in paths)


def test_nothing_is_loaded_from_elsewhere(book, pages):
    for name, page in pages.items():
        for path in resources(book, name, page):
            assert (book / path).is_file(), f'{name} loads {path}'


def test_every_link_inside_the_book_is_relative(pages):
    # From the root of a server it could not be opened from disk.
    for name, page in pages.items():
        for tag in page.find_all(href=True):
            assert not tag['href'].startswith('/'), name


@pytest.mark.parametrize(
    'css',
    [
        '@import "https://elsewhere.example/a.css";',
        'a { background: url(https://elsewhere.example/a.png) }',
        "@font-face { src: url('//elsewhere.example/a.woff2') }",
    ],
)
def test_request_of_a_style_sheet_is_noticed(css):
    (address,) = named_in(css)
    assert 'elsewhere.example' in address


def test_first_visit_is_light(book, pages):
    for name, page in pages.items():
        total = size(book, {name} | resources(book, name, page))
        assert total <= FIRST_VISIT, f'{name}: {total}'


def test_next_chapter_is_lighter(book, pages):
    shared = resources(book, 'index.html', pages['index.html'])
    for name, page in pages.items():
        total = size(book, {name} | resources(book, name, page) - shared)
        assert total <= NEXT_CHAPTER, f'{name}: {total}'


def test_formulas_need_no_script(pages):
    assert any(page.find('math') for page in pages.values())
    for page in pages.values():
        for script in page.find_all('script'):
            text = f'{script.get("src")} {script.string}'
            assert not re.search(r'mathjax|katex', text, re.I)


def test_every_icon_is_drawn(book, pages):
    icons = (book / '_static' / 'icons.css').read_text()
    used = {
        name
        for page in pages.values()
        for tag in page.select('[class*="fa-"]')
        for name in tag['class']
        if name.startswith('fa-')
    }
    assert used - set(re.findall(r'\.(fa-[a-z-]+)', icons)) == set()


def test_assets_that_no_page_loads_are_not_published(book):
    names = {path.name for path in (book / '_static').rglob('*')}
    assert 'bootstrap.css' in names
    for unused in 'all.min.js', 'jquery.js', 'bootstrap.css.map':
        assert unused not in names


def test_browser_loads_what_is_counted(book, pages, open_page, served):
    page = open_page('index')
    seen = []
    page.on('response', lambda response: seen.append(response.url))
    page.goto(f'{served}/read-write.html', wait_until='networkidle')
    names = {url.removeprefix(f'{served}/').partition('?')[0] for url in seen}
    name = 'read-write.html'
    assert name in names
    assert names <= {name} | resources(book, name, pages[name])


@pytest.mark.parametrize('name', FROM_DISK)
def test_page_opens_from_disk(name, book, browser):
    page = browser.new_page(viewport=WIDE)
    page.set_default_timeout(PATIENCE)
    watch(page, book.as_uri())
    page.goto((book / f'{name}.html').as_uri())
    page.locator('nav.bd-links a').first.wait_for()
    assert page.trouble == []
    page.close()


def test_search_works_from_disk(book, browser):
    page = browser.new_page(viewport=WIDE)
    page.set_default_timeout(PATIENCE)
    watch(page, book.as_uri())
    page.goto((book / 'search.html').as_uri() + '?q=save_parameters')
    page.locator('#search-results li a[href^="read-write.html"]').wait_for()
    page.close()
