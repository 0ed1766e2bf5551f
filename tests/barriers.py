"""What keeps readers from a page that is open in a browser.

axe-core looks at everything, but takes milliseconds for each coloured word of
code; the few pairs of colours that code has are compared here instead.
"""

from axe_playwright_python.sync_playwright import Axe

from tests.contrast import LEAST, colour, ratio

AXE = Axe()
CONTRAST = 'color-contrast'
RULES = {
    'runOnly': ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],
    'rules': {CONTRAST: {'enabled': False}},
    'resultTypes': ['violations'],
    'preload': False,
}
CONTRAST_OF_TEXT = {
    'runOnly': {'type': 'rule', 'values': [CONTRAST]},
    'resultTypes': ['violations'],
    'preload': False,
}
CODE_COLOURS = """() => {
  const pairs = new Map();
  const background = (element) => {
    const colour = getComputedStyle(element).backgroundColor;
    return colour === 'rgba(0, 0, 0, 0)'
      ? background(element.parentElement)
      : colour;
  };
  for (const pre of document.querySelectorAll('pre')) {
    const texts = document.createTreeWalker(pre, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const text = texts.currentNode;
      if (!text.data.trim()) continue;
      const { color } = getComputedStyle(text.parentElement);
      const behind = background(text.parentElement);
      pairs.set(color + behind, [color, behind, text.data]);
    }
  }
  return [...pairs.values()];
}"""


def barriers(page):
    """Return a line for each fault that axe-core finds or code shows."""
    found = AXE.run(page, options=RULES).response['violations']
    found += AXE.run(
        page, context={'exclude': ['pre']}, options=CONTRAST_OF_TEXT
    ).response['violations']
    return [
        *(
            f'{fault["id"]}: {node["html"]}'
            for fault in found
            for node in fault['nodes']
        ),
        *faint_code(page),
    ]


def faint_code(page):
    """Return a line for each pair of colours that code is hard to read in."""
    return [
        f'code: {text!r} in {front} on {back}'
        for front, back, text in page.evaluate(CODE_COLOURS)
        if ratio(colour(front), colour(back)) < LEAST
    ]
