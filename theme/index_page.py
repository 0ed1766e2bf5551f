"""Name the chapters on the page of the index.

Sphinx numbers the places of a term: [1], [2].  A reader, and a screen reader
even more so, wants to know where such a link leads.
"""

from pathlib import PurePosixPath
from urllib.parse import urldefrag


def setup(app):
    app.connect('html-page-context', name_chapters)


def name_chapters(app, pagename, templatename, context, doctree):
    """List the places of each entry below it, by the titles of pages."""
    if pagename == 'genindex':
        for _, entries in context['genindexentries']:
            for _, found in entries:
                move_places(found, app.env.titles)


def move_places(found, titles):
    """Move all links of an entry but the first to entries below it."""
    links, below = found[0], found[1]
    for _, address in links[1:]:
        page = PurePosixPath(urldefrag(address).url).with_suffix('')
        below.append((titles[str(page)].astext(), [('', address)]))
    del links[1:]
