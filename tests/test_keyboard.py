"""The built book, read with the keyboard alone."""

import pytest

from tests.browsing import NARROW, WIDE

# All that can be used and seen, numbered in the order of the page.
NUMBER = """() => {
  const usable = 'a[href], button, summary, input, [tabindex="0"]';
  return [...document.querySelectorAll(usable)]
    .filter((element) => element.checkVisibility({visibilityProperty: true}))
    .map((element, number) => {
      element.dataset.number = number;
      return element.outerHTML.slice(0, 200);
    });
}"""
# What has the focus: its number, and whether a reader sees that it has.
FOCUSED = """() => {
  const ringed = (element) => {
    const style = getComputedStyle(element);
    return (style.outlineStyle !== 'none'
        && parseFloat(style.outlineWidth) >= 1)
      || style.boxShadow !== 'none';
  };
  const element = document.activeElement;
  return {
    number: element.dataset.number,
    html: element.outerHTML.slice(0, 200),
    seen: element.checkVisibility({opacityProperty: true})
      && [element, ...element.children].some(ringed),
  };
}"""
STOPS = 1000  # more than any page has


def walk(page):
    """Press Tab through the page; return what had the focus, in order."""
    stops = []
    for _ in range(STOPS):
        page.keyboard.press('Tab')
        stop = page.evaluate(FOCUSED)
        if stop['html'].startswith('<body') or stop in stops:
            return stops
        stops.append(stop)
    raise AssertionError('the focus does not come to the end of the page')


def focus(page):
    """Return the element that has the focus."""
    return page.evaluate_handle('document.activeElement').as_element()


@pytest.mark.parametrize('scheme', ['light', 'dark'])
@pytest.mark.parametrize(
    ('name', 'viewport'),
    [('memory-maps', WIDE), ('which-call', NARROW)],
    ids=['wide', 'narrow'],
)
def test_tab_reaches_everything_and_shows_where_it_is(
    name, viewport, scheme, open_page
):
    page = open_page(name, viewport, scheme)
    missed, unseen = trip(page)
    assert missed == []
    assert unseen == []


def trip(page):
    """Tab through a page; return what is not reached, and what not shown."""
    usable = page.evaluate(NUMBER)
    stops = walk(page)
    reached = {stop['number'] for stop in stops}
    missed = [
        html
        for number, html in enumerate(usable)
        if str(number) not in reached
    ]
    return missed, [stop['html'] for stop in stops if not stop['seen']]


def test_what_tab_misses_or_hides_is_noticed(open_page):
    page = open_page('index', NARROW)
    links = page.locator('article a.reference')
    links.nth(0).evaluate('link => link.tabIndex = -1')
    links.nth(1).evaluate("link => link.style.outline = 'none'")
    missed, unseen = trip(page)
    assert len(missed) == len(unseen) == 1


def test_first_stop_skips_to_the_text(open_page):
    page = open_page('read-write')
    page.keyboard.press('Tab')
    assert focus(page).inner_text() == 'Skip to main content'
    page.keyboard.press('Enter')
    page.keyboard.press('Tab')
    assert focus(page).evaluate("e => e.closest('main') !== null")


def test_search_field_gives_the_focus_back(open_page):
    page = open_page('read-write')
    opener = page.locator('nav.bd-links a').first
    opener.focus()
    page.keyboard.press('Control+k')
    field = page.locator('.search-button__wrapper input')
    assert field.is_visible()
    assert focus(page).get_attribute('type') == 'search'
    page.keyboard.press('Escape')
    assert not field.is_visible()
    assert focus(page).inner_text() == opener.inner_text()


def test_tab_leaves_the_search_field_closed(open_page):
    page = open_page('read-write')
    links = page.locator('nav.bd-links a')
    links.first.focus()
    page.keyboard.press('Control+k')
    page.keyboard.press('Tab')
    assert not page.locator('.search-button__wrapper input').is_visible()
    assert focus(page).inner_text() == links.nth(1).inner_text()


def test_menu_opens_and_closes_on_a_small_screen(open_page):
    page = open_page('read-write', NARROW)
    toggle = page.locator('button.primary-toggle:visible')
    toggle.focus()
    page.keyboard.press('Enter')
    inside = '.bd-sidebar-primary :focus'
    page.wait_for_selector(inside)
    page.keyboard.press('Escape')
    assert page.locator(inside).count() == 0
    assert focus(page).evaluate("e => e.matches('.primary-toggle')")


def test_arrow_keys_scroll_a_wide_table(open_page):
    page = open_page('which-call', NARROW)
    box = page.locator('.pst-scrollable-table-container[tabindex="0"]').first
    assert box.get_attribute('aria-label') == 'Table, scrolls sideways'
    box.focus()
    page.keyboard.press('ArrowRight')
    page.wait_for_function(
        'box => box.scrollLeft > 0', arg=box.element_handle()
    )


def test_box_that_holds_all_is_no_stop(open_page):
    page = open_page('which-call', NARROW)
    boxes = page.locator('.pst-scrollable-table-container[role="group"]')
    assert boxes.count() > 0
    page.set_viewport_size(WIDE)
    page.wait_for_function(
        "() => !document.querySelector('div[role=group][tabindex]')"
    )
