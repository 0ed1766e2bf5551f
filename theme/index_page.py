"""Make the page of the index one of the book's.

It stands in the contents, but no source is behind it: on paper, where the
index is made by other means, Sphinx would look for one.  And Sphinx numbers
the places of a term: [1], [2].  A reader, and a screen reader even more so,
wants to know where such a link leads.
"""

from pathlib import PurePosixPath
from urllib.parse import urldefrag

from sphinx import addnodes

PAGE = 'genindex'


def setup(app):
    # Before Sphinx collects which pages a list of contents includes.
    app.connect('doctree-read', list_without_including, priority=400)
    app.connect('html-page-context', name_chapters)


def list_without_including(app, doctree):
    """Keep the index in the contents, and out of what they include."""
    for contents in doctree.findall(addnodes.toctree):
        included = contents['includefiles']
        contents['includefiles'] = [n for n in included if n != PAGE]


def name_chapters(app, pagename, templatename, context, doctree):
    """List the places of each entry below it, by the titles of pages."""
    if pagename == PAGE:
        for _, entries in context['genindexentries']:
            for _, found in entries:
                move_places(found, app.env)


def move_places(found, env):
    """Move all links of an entry but the first to entries below it."""
    links, below = found[0], found[1]
    for link in sorted(links[1:], key=lambda link: number(link, env)):
        title = env.titles[page_of(link)].astext()
        below.append((title, [('', link[1])]))
    del links[1:]


def number(link, env):
    """Return the number of the page that a link of the index leads to."""
    return env.toc_secnumbers.get(page_of(link), {}).get('', ())


def page_of(link):
    """Return the name of the page that a link of the index leads to."""
    _, address = link
    return str(PurePosixPath(urldefrag(address).url).with_suffix(''))
