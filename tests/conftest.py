"""What several tests share: building a book, and a browser to read it."""

import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from authoring.links import read_pages
from tests.browsing import PATIENCE, WIDE, watch
from tests.chapters import ROOT

# They run in an environment of their own: `make peers`.
collect_ignore = ['peers']

# A test that asks for one of these builds the book, or reads the built one.
BUILDERS = {'book', 'browser', 'paper'}
SMALL_BOOK = Path(__file__).parent / 'small_book'
CHROMIUM_ARGUMENTS = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--disable-sync',
    '--disable-component-update',
    '--disable-background-networking',
]


def pytest_collection_modifyitems(items):
    """Mark the tests that build the book or read it: `-m pages`."""
    for item in items:
        if BUILDERS & set(getattr(item, 'fixturenames', ())):
            item.add_marker('pages')


def d2lbook_build(folder):
    """Run `d2lbook build html` as in an activated environment."""
    scripts = Path(sys.executable).parent
    environment = {**os.environ, 'PATH': f'{scripts}:{os.environ["PATH"]}'}
    return subprocess.run(
        [scripts / 'd2lbook', 'build', 'html'],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.fixture(scope='session')
def book():
    """The folder of the built book."""
    built = d2lbook_build(ROOT)
    assert built.returncode == 0, built.stdout
    return ROOT / '_build' / 'html'


@pytest.fixture(scope='session')
def pages(book):
    """Every page of the built book, parsed, by its path; to be left as is."""
    return read_pages(book)


@pytest.fixture(scope='session')
def built_small_book(tmp_path_factory):
    """A book of two short chapters, built with the project's settings."""
    folder = tmp_path_factory.mktemp('small_book') / 'book'
    shutil.copytree(SMALL_BOOK, folder)
    shutil.copytree(ROOT / 'theme', folder / 'theme')
    shutil.copy(ROOT / 'config.ini', folder)
    built = d2lbook_build(folder)
    assert built.returncode == 0, built.stdout
    return folder


@pytest.fixture
def small_book(built_small_book, tmp_path):
    """A copy of the small book that a test may change and build again."""
    return Path(shutil.copytree(built_small_book, tmp_path / 'book'))


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope='session')
def served(book):
    """The address of the built book on loopback."""
    handler = functools.partial(QuietHandler, directory=str(book))
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f'http://127.0.0.1:{server.server_port}'
    server.shutdown()


@pytest.fixture(scope='session')
def browser():
    """The system's Chromium; its absence is a failure in CI."""
    names = 'chromium', 'chromium-browser', 'google-chrome'
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        missing = 'no Chromium on this machine'
        if os.environ.get('CI'):
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=CHROMIUM_ARGUMENTS
        )
        yield browser
        browser.close()


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
        watch(page, served)
        page.goto(f'{served}/{name}.html', wait_until='networkidle')
        return page

    yield open_page
    for context in contexts:
        context.close()
