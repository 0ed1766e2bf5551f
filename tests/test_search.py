"""The search of the built book, as a reader uses it."""

import pytest

from tests.browsing import WITH_CODE

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


# Words, and the chapter that is about each.
FIRST = {
    'shard': 'many-files',
    'server': 'many-files',
    'cluster': 'many-files',
    'Dask': 'many-files',
    'bandwidth': 'many-files',
    's3': 'many-files',
    'array': 'read-write',
    'array list': 'read-write',
    'dictionary': 'read-write',
    'multilayer perceptron': 'read-write',
    'deferred': 'deferred-init',
    'initialize': 'deferred-init',
    'in_units': 'deferred-init',
    'force_reinit': 'deferred-init',
    'magic number': 'params-format',
    'record': 'params-format',
    'header': 'params-format',
    'sparse': 'params-format',
    'little-endian': 'params-format',
    'slice': 'reading-safely',
    'lies': 'reading-safely',
    'fuzzing': 'reading-safely',
    'Hypothesis': 'reading-safely',
    'memory map': 'memory-maps',
    'page fault': 'memory-maps',
    'alignment': 'memory-maps',
    'SIGBUS': 'memory-maps',
    'checkpoint': 'checkpoints',
    'resume': 'checkpoints',
    'shuffle': 'checkpoints',
    'seed': 'checkpoints',
    'learning rate schedule': 'checkpoints',
    'fsync': 'crash-safety',
    'killed': 'crash-safety',
    'full disk': 'crash-safety',
    'manifest': 'crash-safety',
    'checksum': 'crash-safety',
    'pickle': 'trust',
    'unpickler': 'trust',
    'fickling': 'trust',
    'renamed': 'changed-models',
    'tied': 'changed-models',
    'prefix': 'changed-models',
    'cast_dtype': 'changed-models',
    'allow_missing': 'changed-models',
    'export': 'architectures',
    'SymbolBlock': 'architectures',
    'hybridize': 'architectures',
    'tracing': 'architectures',
    'graph': 'architectures',
    'ONNX': 'leaving-mxnet',
    'PyTorch': 'leaving-mxnet',
    'convolution': 'leaving-mxnet',
    'fix_gamma': 'leaving-mxnet',
    'which call': 'which-call',
    'beware': 'which-call',
    'error message': 'errors',
    'no such file': 'errors',
}
NO_CHAPTERS = (
    'index',
    'glossary',
    'api',
    'references',
    'changelog',
    'solutions/',
)

# Search for a text on the open page of the search; return the pages found.
SEARCH = """async (text) => {
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
  document.getElementById('search-results').replaceChildren();
  Search.performSearch(text);
  const done = () => /finished|did not match/.test(Search.status.innerText);
  while (!done()) await new Promise((next) => setTimeout(next, 5));
  return [...Search.output.querySelectorAll('a')].map((a) => a.pathname);
}"""


@pytest.fixture(scope='module')
def found(browser, served):
    """What each search finds, in the order shown."""
    page = browser.new_page()
    page.goto(f'{served}/search.html')
    page.wait_for_function('Search.hasIndex()')
    found = {
        text: [
            path[1 : -len('.html')] for path in page.evaluate(SEARCH, text)
        ]
        for text in FIRST
    }
    page.close()
    return found


@pytest.mark.parametrize(('text', 'name'), FIRST.items())
def test_chapter_about_a_word_is_found_first(text, name, found):
    assert found[text][0] == name


def test_every_chapter_is_first_for_a_word():
    chapters = {name for name in WITH_CODE if '/' not in name}
    assert set(FIRST.values()) == chapters


def test_other_pages_come_behind_the_chapters(found):
    for text, names in found.items():
        behind = [name.startswith(NO_CHAPTERS) for name in names]
        assert behind == sorted(behind), text
    assert any(n.startswith('glossary') for n in found['checkpoint'])
