"""Make the list of references valid HTML.

For the first entry of a list, docutils 0.19 finds the last one as its
previous sibling and so leaves the list's `<div>` unopened, while the last
entry closes it (`docutils/nodes.py`, `Node.previous_sibling`).
"""

from docutils import nodes


def setup(app):
    app.connect('doctree-resolved', separate_first_citation)


def separate_first_citation(app, doctree, docname):
    """Put an empty node before a list that begins its parent."""
    if app.builder.format != 'html':
        return
    for citation in list(doctree.findall(nodes.citation)):
        if citation.parent.index(citation) == 0:
            citation.parent.insert(0, nodes.raw('', '', format='html'))
