"""The built book, read in a real browser."""

import re
from urllib.parse import urldefrag, urljoin

import nbformat
import pytest
import zxingcpp
from bs4 import BeautifulSoup
from PIL import Image

from tests.chapters import CHAPTERS, executable, name_of

PAGES = sorted(map(name_of, CHAPTERS.rglob('*.md')))
FIRST_AND_LAST = 'index', 'references'
WITH_CODE = sorted(map(name_of, executable()))
WIDE, NARROW = {'width': 1400, 'height': 1000}, {'width': 400, 'height': 800}
MAX_PAGE_BYTES = 300_000
CODE = 'code', 'pre'
PATIENCE = 120_000  # milliseconds, for machines with other work
FORUM = {
    'read-write': 'https://discuss.gluon.ai/t/topic/1255',
    'deferred-init': 'https://discuss.gluon.ai/t/topic/6320',
}
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
WIDER = 'document.documentElement.scrollWidth - window.innerWidth'
IMAGES = "[...document.images].map(i => [i.getAttribute('src'), i.alt])"


@pytest.fixture
def open_page(browser, served):
    """Return a function that opens a page, noting what goes wrong."""
    contexts = []

    def open_page(name, viewport=WIDE, scheme='light'):
        context = browser.new_context(
            viewport=viewport, color_scheme=scheme, accept_downloads=True
        )
        context.grant_permissions(['clipboard-read', 'clipboard-write'])
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.trouble = []
        watch(page, served)
        page.goto(f'{served}/{name}.html', wait_until='networkidle')
        return page

    yield open_page
    for context in contexts:
        context.close()


def watch(page, served):
    """Collect console errors, failed requests and requests to elsewhere."""
    trouble = page.trouble
    page.on(
        'console',
        lambda message: (
            trouble.append(message.text)
            if message.type in ('error', 'warning')
            else None
        ),
    )
    page.on('pageerror', lambda error: trouble.append(str(error)))
    page.on(
        'requestfailed',
        # What leaving a page breaks off has not failed.
        lambda request: (
            None
            if request.failure == 'net::ERR_ABORTED'
            else trouble.append(request.url)
        ),
    )
    page.on(
        'response',
        lambda response: (
            trouble.append(f'{response.status} {response.url}')
            if response.status >= 400
            else None
        ),
    )
    page.on(
        'request',
        lambda request: (
            None
            if request.url.startswith((served, 'data:'))
            else trouble.append(f'leaves the server: {request.url}')
        ),
    )


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


def test_contents_lead_to_every_page(open_page):
    page = open_page('index')
    links = page.locator('nav.bd-links a.reference.internal')
    reached = {link.get_attribute('href') for link in links.all()}
    expected = {f'{name}.html' for name in PAGES if '/' not in name}
    assert expected - {'index.html'} <= reached


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


def test_copy_button_copies_the_code(open_page):
    page = open_page('read-write')
    cell = page.locator('div.highlight-python').first
    cell.hover()
    cell.locator('button.copybtn').click()
    copied = page.evaluate('navigator.clipboard.readText()')
    assert copied.strip() == cell.locator('pre').inner_text().strip()
    assert copied.strip().startswith('import')


def test_outputs_have_no_copy_button(open_page):
    page = open_page('read-write')
    assert page.locator('div.output').count() > 0
    assert page.locator('div.output button.copybtn').count() == 0


def test_dark_mode_switches_and_stays(open_page):
    page = open_page('read-write')
    background = 'getComputedStyle(document.body).backgroundColor'
    light = page.evaluate(background)
    button = page.locator('button.theme-switch-button:visible').first
    for _ in range(3):
        button.click()
        if page.evaluate('document.documentElement.dataset.theme') == 'dark':
            break
    dark = page.evaluate(background)
    assert dark != light
    page.reload()
    assert page.evaluate(background) == dark


def test_menu_leads_to_a_chapter_on_a_small_screen(open_page):
    page = open_page('index', NARROW)
    link = page.locator('nav.bd-links a[href="deferred-init.html"]')
    assert not link.is_visible()
    page.locator(
        'button.primary-toggle:visible, '
        'label.sidebar-toggle.primary-toggle:visible'
    ).first.click()
    link.click()
    page.wait_for_url('**/deferred-init.html')
    title = page.locator('article h1').inner_text()
    assert 'Deferred Initialization' in title


@pytest.mark.parametrize('name', WITH_CODE)
def test_notebook_downloads_and_is_valid(name, open_page, tmp_path):
    page = open_page(name)
    with page.expect_download() as download:
        page.locator('a[href$=".ipynb"]:visible').first.click()
    path = tmp_path / 'chapter.ipynb'
    download.value.save_as(path)
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    text = '\n'.join(
        cell.source for cell in notebook.cells if cell.cell_type == 'markdown'
    )
    assert not re.search(r':(label|numref|ref|cite|width):`', text)
    assert not re.search(r'\]\(img/', text)
    assert any(
        cell.outputs for cell in notebook.cells if cell.cell_type == 'code'
    )


@pytest.mark.parametrize('name', PAGES)
def test_page_has_neighbours(name, open_page):
    page = open_page(name)
    neighbours = page.locator('a.left-prev, a.right-next').count()
    assert neighbours == (1 if name in FIRST_AND_LAST else 2)


@pytest.mark.parametrize('scheme', ['light', 'dark'])
@pytest.mark.parametrize(('name', 'address'), FORUM.items())
def test_qr_code_is_read_from_the_page(
    name, address, scheme, open_page, tmp_path
):
    page = open_page(name, scheme=scheme)
    picture = tmp_path / 'qr.png'
    page.locator(f'img[src*="qr_{name}"]').screenshot(path=picture)
    with Image.open(picture) as image:
        codes = zxingcpp.read_barcodes(image)
    assert [code.text for code in codes] == [address]
    assert page.locator(f'a[href="{address}"]').count() >= 1


def parsed(book):
    """Return every page of the book, parsed, by its path."""
    return {
        path.relative_to(book).as_posix(): BeautifulSoup(
            path.read_text('utf-8'), 'html.parser'
        )
        for path in book.rglob('*.html')
        if '_static' not in path.parts
    }


def test_every_internal_link_and_anchor_resolves(book):
    pages = parsed(book)
    broken = []
    for name, page in pages.items():
        for tag in page.find_all(href=True):
            target, anchor = urldefrag(urljoin(name, tag['href']))
            target = target.partition('?')[0]
            if re.match(r'[a-z]+:', target):
                continue
            if not (book / target.lstrip('/')).is_file():
                broken.append(f'{name}: {target}')
            elif anchor and pages[target].find(id=anchor) is None:
                broken.append(f'{name}: {target}#{anchor}')
    assert broken == []


def test_pages_are_light(book):
    for name, page in parsed(book).items():
        folder = (book / name).parent
        images = {folder / image['src'] for image in page.find_all('img')}
        size = sum(file.stat().st_size for file in [book / name, *images])
        assert size <= MAX_PAGE_BYTES, name


def test_sections_and_references_are_numbered(book):
    page = parsed(book)['read-write.html']
    assert page.select_one('article h1').get_text().startswith('1. ')
    headings = [h2.get_text() for h2 in page.select('article h2')]
    assert all(text.startswith('1.') for text in headings)
    references = [a.get_text() for a in page.select('article a.reference')]
    assert 'Section 2' in references
    assert 'Fig. 1.1' in references


def test_no_mark_of_code_is_left_on_a_page(book):
    # Within emphasis the dialect knows no code.
    for name, page in parsed(book).items():
        texts = page.article.find_all(string=True) if page.article else ()
        marked = [t for t in texts if '`' in t and not t.find_parent(CODE)]
        assert marked == [], name


def test_no_mark_of_the_dialect_is_left_on_a_page(book):
    for name, page in parsed(book).items():
        text = page.find('article').get_text() if page.article else ''
        assert not re.search(r':(label|numref|ref|cite|width):', text), name
