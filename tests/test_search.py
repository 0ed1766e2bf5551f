"""The search of the built book, as a reader uses it."""

import pytest

# What a reader might type, and the chapter about it.
SEARCHES = {
    'save_parameters': 'read-write',
    'dictionary': 'read-write',
    'deferred': 'deferred-init',
    'kMXAPINDArrayListMagic': 'errors',
    'unpack': 'errors',
    'shape semantics': 'errors',
    'SymbolBlock': 'architectures',
    'fix_gamma': 'leaving-mxnet',
    'renamed': 'changed-models',
}


@pytest.mark.parametrize(('word', 'name'), SEARCHES.items())
def test_search_finds_the_chapter_and_shows_where(word, name, open_page):
    page = open_page('index')
    page.keyboard.press('Control+k')
    page.keyboard.type(word)
    page.keyboard.press('Enter')
    page.wait_for_load_state()
    hit = page.locator(f'#search-results li:has(a[href^="{name}.html"])')
    hit.first.wait_for()
    excerpt = hit.locator('p.context').first
    excerpt.wait_for()
    assert word.lower() in excerpt.inner_text().lower()
    hit.locator('a').first.click()
    page.wait_for_load_state()
    assert page.locator('.highlighted').count() > 0
    assert page.trouble == []
