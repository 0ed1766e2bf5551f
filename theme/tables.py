"""Write empty cells in the head of a table as plain cells.

A header announces what stands below it; the corner above the names of rows
has nothing to say.
"""

from docutils import nodes
from sphinx.writers.html5 import HTML5Translator


def setup(app):
    app.add_node(nodes.entry, override=True, html=(visit_cell, depart_cell))


def visit_cell(translator, node):
    """Open a cell, as `td` where docutils would write an empty `th`."""
    HTML5Translator.visit_entry(translator, node)
    if not node.astext():
        translator.body[-1] = '<td>'
        translator.context[-1] = '</td>\n'


def depart_cell(translator, node):
    HTML5Translator.depart_entry(translator, node)
