"""The structure of the built pages, without a browser."""

import re

from authoring import links

MAX_PAGE_BYTES = 300_000
CODE = 'code', 'pre'


def test_every_internal_link_and_anchor_resolves(book, pages):
    assert links.broken(book, pages) == []


def test_pages_are_light(book, pages):
    for name, page in pages.items():
        folder = (book / name).parent
        images = {folder / image['src'] for image in page.find_all('img')}
        size = sum(file.stat().st_size for file in [book / name, *images])
        assert size <= MAX_PAGE_BYTES, name


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
