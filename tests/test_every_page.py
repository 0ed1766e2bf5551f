"""Every page of the built book, in each of the views that readers have."""

import pytest

from tests.browsing import NARROW, PAGES, WIDE

WIDER = 'document.documentElement.scrollWidth - window.innerWidth'
IMAGES = "[...document.images].map(i => [i.getAttribute('src'), i.alt])"


@pytest.mark.parametrize('scheme', ['light', 'dark'])
@pytest.mark.parametrize('viewport', [WIDE, NARROW], ids=['wide', 'narrow'])
@pytest.mark.parametrize('name', PAGES)
def test_page_opens_without_trouble(name, viewport, scheme, open_page):
    page = open_page(name, viewport, scheme)
    assert page.trouble == []
    assert page.evaluate(WIDER) <= 0
    for source, text in page.evaluate(IMAGES):
        assert len(text.split()) >= 4, f'{source} is not described: {text!r}'


def test_trouble_is_noticed(open_page, served):
    page = open_page('index')
    page.evaluate("console.error('oops')")
    page.evaluate("fetch('nowhere.html')")
    page.evaluate("fetch('http://127.0.0.1:9/').catch(() => {})")
    page.wait_for_timeout(500)
    trouble = '\n'.join(page.trouble)
    assert 'oops' in trouble
    assert '404' in trouble
    assert 'leaves the server: http://127.0.0.1:9/' in trouble
