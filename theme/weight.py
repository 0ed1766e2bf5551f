"""Leave out what the theme loads or publishes without need.

Of 3 MB that a page of the theme loads, 2 MB are icon fonts and a script that
draws icons; `static/icons.css` has the few that the book shows.  jQuery and
Underscore are there for extensions that this book does not use.
"""

import re
from pathlib import Path

from sphinx.builders.html import JavaScript

UNUSED_SCRIPTS = {
    '_static/jquery.js',
    '_static/underscore.js',
    '_static/_sphinx_javascript_frameworks_compat.js',
}
# Lines in the pages write to the object that this script makes.
NEEDED_AT_ONCE = '_static/documentation_options.js'
# Its own scripts call the others while it is being read.
PAGE_IN_A_HURRY = 'search'
READS = '.css', '.html', '.js'
UNREAD = '.map', '.scss'


def setup(app):
    app.connect('html-page-context', lighten_scripts, priority=900)
    app.connect('build-finished', delete_unused, priority=900)


def lighten_scripts(app, pagename, templatename, context, doctree):
    """Drop scripts, and let the others run once the page is there."""
    files = context['script_files']
    kept = [file for file in files if file.filename not in UNUSED_SCRIPTS]
    if pagename != PAGE_IN_A_HURRY:
        kept = [deferred(file) for file in kept]
    context['script_files'] = kept


def deferred(file):
    """Return a script of the page as one that waits for the page."""
    if not file.filename or file.filename == NEEDED_AT_ONCE:
        return file
    return JavaScript(file.filename, **{**file.attributes, 'defer': 'defer'})


def delete_unused(app, exception):
    """Delete the assets that no page and no other asset names."""
    if exception or app.builder.format != 'html':
        return
    static = Path(app.outdir) / '_static'
    assets = {path for path in static.rglob('*') if path.is_file()}
    pages = set(Path(app.outdir).rglob('*.html')) - assets
    for path in assets - named(assets, pages):
        path.unlink()


def named(assets, readers):
    """Return the assets that are named in files, or in assets so named."""
    found = set()
    while readers:
        names = set().union(*(names_in(path) for path in readers))
        new = {path for path in assets - found if path.name in names}
        found |= new
        readers = {path for path in new if path.suffix in READS}
    return {path for path in found if path.suffix not in UNREAD}


def names_in(path):
    """Return what could be a file's name in the text of a file."""
    return set(re.findall(r'[\w.-]+', path.read_text('utf-8')))
