"""The structure of the built pages, without a browser."""

import re

import pytest

from authoring import links
from tests.browsing import GENERATED, PAGES

FIRST_AND_LAST = 'index', 'changelog'
MAX_PAGE_BYTES = 300_000
CODE = 'code', 'pre'
# Within these, `header` and `footer` belong to them and not to the page.
SECTIONS = 'article', 'aside', 'main', 'nav', 'section'


def test_every_page_is_opened_in_a_browser(pages):
    # Of the pages that show a module, all of one make, one is.
    built = {name.removesuffix('.html') for name in pages}
    modules = {name for name in built if name.startswith('_modules/d2l_rw/')}
    assert built - modules == {*PAGES, *GENERATED} - modules


def test_every_internal_link_and_anchor_resolves(book, pages):
    assert links.broken(book, pages) == []


def test_pages_are_light(book, pages):
    for name, page in pages.items():
        folder = (book / name).parent
        images = {folder / image['src'] for image in page.find_all('img')}
        size = sum(file.stat().st_size for file in [book / name, *images])
        assert size <= MAX_PAGE_BYTES, name


@pytest.mark.parametrize('name', PAGES)
def test_page_has_neighbours(name, pages):
    neighbours = pages[f'{name}.html'].select('a.left-prev, a.right-next')
    assert len(neighbours) == (1 if name in FIRST_AND_LAST else 2)


def test_sections_and_references_are_numbered(pages):
    page = pages['read-write.html']
    assert page.select_one('article h1').get_text().startswith('1. ')
    headings = [h2.get_text() for h2 in page.select('article h2')]
    assert all(text.startswith('1.') for text in headings)
    references = [a.get_text() for a in page.select('article a.reference')]
    assert 'Section 2' in references
    assert 'Fig. 1.1' in references


def test_no_mark_of_code_is_left_on_a_page(pages):
    # Within emphasis the dialect knows no code.
    for name, page in pages.items():
        texts = page.article.find_all(string=True) if page.article else ()
        marked = [t for t in texts if '`' in t and not t.find_parent(CODE)]
        assert marked == [], name


def test_no_mark_of_the_dialect_is_left_on_a_page(pages):
    for name, page in pages.items():
        text = page.find('article').get_text() if page.article else ''
        assert not re.search(r':(label|numref|ref|cite|width):', text), name


def headings(page):
    """Return the headings on the screen; others are for print."""
    return [
        heading
        for heading in page.select('main :is(h1, h2, h3, h4, h5, h6)')
        if not heading.find_parent(class_='onlyprint')
    ]


def test_headings_begin_with_the_title_and_skip_no_level(pages):
    for name, page in pages.items():
        levels = [int(heading.name[1]) for heading in headings(page)]
        assert levels.count(1) == 1, name
        steps = zip([0, *levels], levels)
        assert all(level <= last + 1 for last, level in steps), name


def test_each_page_has_one_main_one_banner_and_one_foot(pages):
    for name, page in pages.items():
        mains = page.find_all('main')
        assert len(mains) == 1, name
        for kind in 'header', 'footer':
            of_the_page = [
                tag
                for tag in page.find_all(kind)
                if not tag.find_parent(SECTIONS)
            ]
            assert len(of_the_page) == 1, f'{name}: {kind}'


def test_navigations_are_told_apart_by_their_names(pages):
    for name, page in pages.items():
        names = [name_of_region(page, nav) for nav in page.find_all('nav')]
        assert all(names), name
        assert len(names) == len(set(names)), f'{name}: {names}'


def name_of_region(page, region):
    """Return the name that a screen reader tells a region by."""
    labelled = region.get('aria-labelledby')
    if labelled:
        return page.find(id=labelled).get_text(strip=True)
    return region.get('aria-label')


def test_every_image_says_how_much_room_it_takes(pages):
    for name, page in pages.items():
        for image in page.main.find_all('img'):
            assert int(image['width']) > 0, (name, image['src'])
            assert int(image['height']) > 0, (name, image['src'])


def test_identifiers_are_unique(pages):
    for name, page in pages.items():
        ids = [tag['id'] for tag in page.find_all(id=True)]
        assert len(ids) == len(set(ids)), name
