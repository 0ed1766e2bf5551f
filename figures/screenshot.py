"""Take the README's picture of the book: `python -m figures.screenshot`.

Needs the book, as `make html` builds it, and the system's Chromium.
"""

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parent.parent
PAGE = ROOT / '_build' / 'html' / 'read-write.html'
PICTURE = Path(__file__).parent / 'book.png'


def main():
    """Save a view of the first chapter, with its figure."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which('chromium'),
            args=['--no-sandbox', '--disable-gpu'],
        )
        page = browser.new_page(viewport={'width': 1280, 'height': 900})
        page.goto(PAGE.as_uri())
        page.locator('figure').first.evaluate(
            "figure => figure.scrollIntoView({behavior: 'instant'})"
        )
        page.wait_for_timeout(500)
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == '__main__':
    main()
