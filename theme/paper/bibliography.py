"""Keep footnotes out of the list of references.

Sphinx prints the address of every link in a footnote.  In this list they
would repeat what each entry says: its DOI or its number at arXiv.
"""

from docutils import nodes
from sphinx.builders.latex.nodes import footnotemark, footnotetext

FOOTNOTES = (
    nodes.footnote,
    nodes.footnote_reference,
    footnotemark,
    footnotetext,
)


def setup(app):
    app.connect('doctree-resolved', drop_footnotes)


def drop_footnotes(app, doctree, docname):
    if app.builder.format != 'latex':
        return
    for citation in doctree.findall(nodes.citation):
        for node in list(citation.findall()):
            if isinstance(node, FOOTNOTES):
                node.parent.remove(node)
