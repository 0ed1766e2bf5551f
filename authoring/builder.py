"""Build the pages again, as quickly as an edit allows.

What d2lbook does is done here within one process, with two differences: a
chapter whose cells are unchanged is not executed, and after a mistake Sphinx
goes on from the last build that was good.  The pages go to a folder of their
own, so that those of `make html` are what it has built itself.
"""

import contextlib
import multiprocessing
import os
import shutil
import sys
import traceback
from pathlib import Path

from d2lbook.build import Builder
from d2lbook.config import Config
from sphinx.application import Sphinx

from authoring import messages
from authoring.dialect import read_book
from authoring.findings import Finding
from authoring.reuse import reuse_outputs
from authoring.rules import STOPPING

CHAPTERS, BUILT = Path('chapters'), Path('_build')
READ = BUILT / 'rst'
FOLDER = BUILT / 'serve'
PAGES, DOCTREES = FOLDER / 'html', FOLDER / 'doctrees'
ENVIRONMENT = DOCTREES / 'environment.pickle'
LAST_GOOD = FOLDER / 'environment.pickle'
LOG, MISTAKE = FOLDER / 'log', FOLDER / 'mistake'
FORKED = multiprocessing.get_context('fork')


def start():
    """Begin with the pages that `make html` has built, if there are any."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    if (BUILT / 'doctrees-html').is_dir():
        shutil.copytree(BUILT / 'html', PAGES)
        shutil.copytree(BUILT / 'doctrees-html', DOCTREES)


def build():
    """Build what is out of date; return what keeps it from being built."""
    try:
        return broken_marks() or convert() or write_pages()
    except (Exception, SystemExit) as error:
        # A tool may fail in ways that nobody foresaw; the pages stay.
        LOG.write_text(traceback.format_exc(), 'utf-8')
        text = f'{type(error).__name__}: {error} (details: {LOG})'
        return [Finding(CHAPTERS, 0, text)]


def broken_marks():
    """Return what would stop the build, as the rules of the lint see it."""
    book = read_book(CHAPTERS)
    return [
        Finding(chapter.path, line, text)
        for chapter in book.chapters.values()
        for rule in STOPPING
        for line, text in rule(chapter, book)
    ]


def convert():
    """Execute and convert the chapters; return the cells that raise."""
    with logged():
        builder = Builder(Config())
        reuse_outputs(builder)
        try:
            builder.rst()
        except AssertionError as error:
            return messages.raising_cells(str(error))
    return []


def write_pages():
    """Let Sphinx write the pages; return what it warns about."""
    if ENVIRONMENT.is_file():
        shutil.copy2(ENVIRONMENT, LAST_GOOD)
    MISTAKE.unlink(missing_ok=True)
    # Sphinx registers its parts with the process: each build needs a new one.
    process = FORKED.Process(target=run_sphinx)
    process.start()
    process.join()
    if not MISTAKE.is_file():
        return []
    # Sphinx deletes its environment, and would read every page again.
    if LAST_GOOD.is_file():
        shutil.copy2(LAST_GOOD, ENVIRONMENT)
    text = MISTAKE.read_text('utf-8')
    return [messages.warning(text, READ.resolve(), CHAPTERS)]


def run_sphinx():
    """Write the pages; keep in a file the warning that stops the build."""
    with logged():
        try:
            app = Sphinx(
                READ,
                READ,
                PAGES,
                DOCTREES,
                'html',
                warningiserror=True,
                parallel=os.cpu_count(),
            )
            app.build()
        except Exception as error:
            traceback.print_exc()
            MISTAKE.write_text(str(error), 'utf-8')


@contextlib.contextmanager
def logged():
    """Send to a file what this process and its children print."""
    streams = sys.stdout, sys.stderr
    kept = [os.dup(stream.fileno()) for stream in streams]
    with open(LOG, 'a', encoding='utf-8') as log:
        for stream in streams:
            stream.flush()
            os.dup2(log.fileno(), stream.fileno())
        try:
            yield
        finally:
            for stream, number in zip(streams, kept):
                stream.flush()
                os.dup2(number, stream.fileno())
                os.close(number)
