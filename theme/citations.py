"""Write the list of references as a list.

For the first of several citations, docutils 0.19 finds the last one as its
previous sibling and so leaves the list's `<div>` unopened
(`docutils/nodes.py`, `Node.previous_sibling`).  It also gives them the role
`doc-biblioentry`, which DPUB-ARIA 1.1 has withdrawn.
"""

from docutils import nodes


def setup(app):
    app.add_node(
        nodes.citation, override=True, html=(visit_citation, depart_citation)
    )


def visit_citation(translator, node):
    """Open an item, and with the first one the list."""
    if not has_citation(node.parent, node.parent.index(node) - 1):
        translator.body.append('<div role="list" class="citation-list">\n')
    translator.body.append(
        translator.starttag(node, 'div', CLASS='citation', ROLE='listitem')
    )


def depart_citation(translator, node):
    """Close an item, and with the last one the list."""
    translator.body.append('</div>\n')
    if not has_citation(node.parent, node.parent.index(node) + 1):
        translator.body.append('</div>\n')


def has_citation(parent, index):
    """Tell whether there is a child at an index, and whether it cites."""
    return 0 <= index < len(parent) and isinstance(
        parent[index], nodes.citation
    )
