"""Every page of the built book, in each of the views that readers have."""

import pytest

from tests.barriers import barriers
from tests.browsing import GENERATED, NARROW, PAGES, PATIENCE, WIDE, watch

WIDER = 'document.documentElement.scrollWidth - window.innerWidth'
IMAGES = "[...document.images].map(i => [i.getAttribute('src'), i.alt])"
VIEWS = {
    'wide light': (WIDE, 'light'),
    'wide dark': (WIDE, 'dark'),
    'narrow light': (NARROW, 'light'),
    'narrow dark': (NARROW, 'dark'),
}
# What is done to an element of a page, by the rule that must tell of it.
BREAKS = {
    'summary-name': ('nav summary', "e => e.removeAttribute('aria-label')"),
    'image-alt': ('article img', "e => e.removeAttribute('alt')"),
    'heading-order': ('article h2', "e => e.outerHTML = '<h4>Deep</h4>'"),
    'color-contrast': ('article p', "e => e.style.color = '#999'"),
    'code': ('article pre .kn', "e => e.style.color = '#999'"),
}


@pytest.fixture(scope='module', params=VIEWS.values(), ids=VIEWS)
def view(request, browser, served):
    """A tab of one size in one colour scheme, for all pages."""
    viewport, scheme = request.param
    context = browser.new_context(
        viewport=viewport, color_scheme=scheme, reduced_motion='reduce'
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    watch(page, served)
    yield page
    context.close()


@pytest.mark.parametrize('name', [*PAGES, *GENERATED])
def test_page_opens_without_trouble_or_barrier(name, view, served):
    view.trouble.clear()
    view.goto(f'{served}/{name}.html')
    assert view.trouble == []
    assert view.evaluate(WIDER) <= 0
    assert barriers(view) == []
    for source, text in view.evaluate(IMAGES):
        assert len(text.split()) >= 4, f'{source} is not described: {text!r}'


@pytest.mark.parametrize(
    ('rule', 'selector', 'script'), [(key, *BREAKS[key]) for key in BREAKS]
)
def test_barrier_is_noticed(rule, selector, script, open_page):
    page = open_page('read-write')
    page.locator(selector).first.evaluate(script)
    assert rule in {line.partition(':')[0] for line in barriers(page)}


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


@pytest.mark.parametrize('name', ['params-format', 'which-call'])
def test_tables_scroll_inside_their_box_at_320_pixels(name, open_page):
    page = open_page(name, {'width': 320, 'height': 640})
    assert page.evaluate(WIDER) <= 0
    tables = page.locator('article .pst-scrollable-table-container')
    assert tables.count() == page.locator('article table').count() > 0
    assert any(
        box.evaluate('box => box.scrollWidth > box.clientWidth')
        for box in tables.all()
    )
