"""The built book, used as a reader uses it."""

import pytest
import zxingcpp
from PIL import Image

from figures import qr_codes
from tests.browsing import NARROW, PAGES, WITH_CODE

DISCUSSIONS = qr_codes.addresses()
IN_THE_DARK = 'read-write', 'errors'
THEME = 'document.documentElement.dataset.theme'
MOVES = """() => new Promise(resolve => {
  let moved = 0;
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) moved += entry.value;
  }).observe({type: 'layout-shift', buffered: true});
  setTimeout(() => resolve(moved), 100);
})"""


def test_contents_lead_to_every_page(open_page):
    page = open_page('index')
    links = page.locator('nav.bd-links a.reference.internal')
    reached = {link.get_attribute('href') for link in links.all()}
    expected = {f'{name}.html' for name in PAGES if '/' not in name}
    assert expected - {'index.html'} <= reached


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
        if page.evaluate(THEME) == 'dark':
            break
    dark = page.evaluate(background)
    assert dark != light
    page.reload()
    assert page.evaluate(background) == dark


@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_theme_is_chosen_without_waiting_for_a_script(
    scheme, browser, served
):
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.route('**/*.js', lambda route: route.abort())
    page.goto(f'{served}/read-write.html')
    assert page.evaluate(THEME) == scheme
    context.close()


@pytest.mark.parametrize('name', [n for n in WITH_CODE if '/' not in n])
def test_nothing_moves_while_a_page_loads(name, open_page):
    page = open_page(name, NARROW)
    assert page.evaluate(MOVES) < 0.01


def test_contents_of_the_page_mark_the_section_that_is_read(open_page):
    page = open_page('read-write')
    marked = page.locator('.page-toc a.active')
    assert marked.count() == 0
    for section in 'a-list-of-arrays', 'exercises', 'one-array':
        page.locator(f'section#{section} p').first.evaluate(
            'element => element.scrollIntoView({block: "start"})'
        )
        page.locator(f'.page-toc a.active[href="#{section}"]').wait_for()
        assert marked.count() == 1


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


def test_every_chapter_has_a_discussion():
    chapters = [name for name in WITH_CODE if '/' not in name]
    assert sorted(DISCUSSIONS) == chapters


@pytest.mark.parametrize(
    ('name', 'scheme'),
    [(name, 'light') for name in DISCUSSIONS]
    + [(name, 'dark') for name in IN_THE_DARK],
)
def test_qr_code_is_read_from_the_page(name, scheme, open_page, tmp_path):
    page = open_page(name, scheme=scheme)
    picture = tmp_path / 'qr.png'
    page.locator(f'img[src*="qr_{name}"]').screenshot(path=picture)
    with Image.open(picture) as image:
        codes = zxingcpp.read_barcodes(image)
    address = DISCUSSIONS[name]
    assert [code.text for code in codes] == [address]
    assert page.locator(f'a[href="{address}"]').count() >= 1
