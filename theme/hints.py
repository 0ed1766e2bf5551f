"""Fold the hints of the exercises on the pages.

A hint is a paragraph that begins with "Hint:", emphasized.  On a page it
opens at a click; on paper and in a notebook it stays as it is.
"""

from docutils import nodes

MARK = 'Hint:'


class Hint(nodes.General, nodes.Element):
    """A paragraph that is hidden until the reader asks for it."""


def setup(app):
    app.add_css_file('hints.css')
    app.add_node(Hint, html=(open_details, close_details))
    app.connect('doctree-resolved', fold)


def fold(app, doctree, docname):
    """Put each hint into an element that folds, without its mark."""
    if app.builder.format != 'html':
        return
    for paragraph in list(doctree.findall(is_hint)):
        hint = Hint()
        paragraph.replace_self(hint)
        paragraph[:2] = [nodes.Text(paragraph[1].lstrip())]
        hint += paragraph


def is_hint(node):
    """Return whether a node is a paragraph that begins with the mark."""
    return (
        isinstance(node, nodes.paragraph)
        and isinstance(node.next_node(), nodes.emphasis)
        and node[0].astext() == MARK
    )


def open_details(translator, node):
    translator.body.append('<details class="hint"><summary>Hint</summary>\n')


def close_details(translator, node):
    translator.body.append('</details>\n')
