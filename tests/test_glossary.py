"""Terms lead to the glossary, and the index to terms."""

from collections import Counter
from urllib.parse import urldefrag

import pytest
from docutils.core import publish_doctree
from sphinx import addnodes

from tests.browsing import WITH_CODE
from tests.chapters import CHAPTERS
from theme.glossary import ENTRY
from theme.terms import link_first_uses

NAMES = [name for name in WITH_CODE if '/' not in name]
TERMS = [
    term
    for term, _ in ENTRY.findall(
        (CHAPTERS / 'glossary.md').read_text('utf-8')
    )
]
FORMS = {
    'map': 'map', 'memory map': 'map', 'maps': 'map', 'array': 'array',
}  # fmt: skip


@pytest.fixture
def uses(pages):
    """How often each chapter links each entry of the glossary."""
    return {
        name: Counter(
            link['href']
            for link in pages[f'{name}.html'].select('article a')
            if link['href'].startswith('glossary.html#term-')
        )
        for name in NAMES
    }


def test_glossary_holds_its_terms_in_order(pages):
    shown = [
        ''.join(term.find_all(string=True, recursive=False))
        for term in pages['glossary.html'].select('dl.glossary > dt')
    ]
    assert shown == TERMS
    assert len(TERMS) >= 70
    assert sorted(TERMS, key=str.lower) == TERMS


def test_every_term_is_used_by_a_chapter(uses):
    used = set().union(*uses.values())
    entries = {
        f'glossary.html#term-{"-".join(term.lower().split())}'
        for term in TERMS
    }
    assert {use.lower() for use in used} == entries


def test_chapter_links_a_term_once(uses):
    for name, counts in uses.items():
        assert len(counts) >= 5, name
        assert set(counts.values()) == {1}, name


def test_index_leads_to_the_glossary_and_to_the_chapters(pages):
    index = pages['genindex.html'].article
    links = {
        link['href']: link.get_text().strip() for link in index.select('li a')
    }
    assert links['glossary.html#term-checkpoint'] == 'checkpoint'
    assert links['checkpoints.html#use-of-checkpoint'].startswith('Stopping')
    assert links['api.html#d2l_rw.load'].startswith('load()')
    assert not any(text.startswith('[') for text in links.values())


def test_index_lists_the_chapters_in_the_order_of_the_book(pages):
    index = pages['genindex.html'].article
    array = index.select_one('a[href="glossary.html#term-array"]').parent
    listed = [urldefrag(a['href']).url for a in array.select(':scope > ul a')]
    contents = pages['index.html'].select('nav.bd-links a')
    order = [a['href'] for a in contents]
    assert len(listed) >= 10
    assert sorted(listed, key=order.index) == listed


def test_contents_lead_to_glossary_and_index(pages):
    contents = pages['index.html'].select('nav.bd-links a')
    assert {'glossary.html', 'genindex.html'} <= {a['href'] for a in contents}


def linked(text):
    """Return the words of a text that are linked, with their terms."""
    document = publish_doctree(text)
    link_first_uses(document, FORMS, 'page')
    return [
        (link.astext(), link['reftarget'])
        for link in document.findall(addnodes.pending_xref)
    ]


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('An array, an array.', [('array', 'array')]),
        ('Maps and maps.', [('Maps', 'map')]),
        ('A memory\nmap and an *array*.',
         [('memory\nmap', 'map'), ('array', 'array')]),
        ('First.\n\n* An array.\n\nAn array.', [('array', 'array')]),
        ('Title of a Map\n==============\n\nA map.', [('map', 'map')]),
        ('``map``, `a map <http://localhost>`_ and "map".', []),
        ('Arrays, a bit-map, a map-maker, remaps.', []),
        ('Text.\n\n    A quoted map.', []),
    ],
)  # fmt: skip
def test_first_use_in_running_text_is_linked(text, expected):
    assert linked(text) == expected


def test_text_stays_the_same_but_for_links():
    text = 'A map of an array, and maps of arrays.'
    document = publish_doctree(text)
    link_first_uses(document, FORMS, 'page')
    assert document.astext() == text
