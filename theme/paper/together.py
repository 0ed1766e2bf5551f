"""Begin a new page before what would otherwise be torn apart.

LaTeX moves a heading to the next page together with a table that does not fit
below it, but what leads to the heading stays behind: bookmarks and contents
would name the page before.  Below a figure at the top of a page this does not
help: there a sentence before the table does.
"""

from docutils import nodes
from sphinx import addnodes

APART = (
    nodes.Invisible,
    nodes.target,
    nodes.raw,
    nodes.section,
    addnodes.start_of_file,
)
HEADING = 4  # lines, with the space around it
QR_CODE = 14  # lines, with the text that it belongs to


def setup(app):
    app.connect('doctree-resolved', keep_together)


def keep_together(app, doctree, docname):
    """Ask for space before each section that has to begin whole."""
    if app.builder.format != 'latex':
        return
    for section in list(doctree.findall(nodes.section)):
        lines = height(section)
        if lines:
            need = rf'\needspace{{{lines}\baselineskip}}'
            raw = nodes.raw('', f'{need}\n', format='latex')
            section.parent.insert(section.parent.index(section), raw)


def height(section):
    """Return how many lines a section has to begin with; 0 if any will do."""
    content = [node for node in section if not isinstance(node, APART)]
    if len(content) > 1 and isinstance(content[1], nodes.table):
        rows = sum(1 for _ in content[1].findall(nodes.row))
        return HEADING + 2 * (rows + 1)
    if any(is_qr_code(node) for node in content):
        return HEADING + QR_CODE
    return 0


def is_qr_code(node):
    return any('qr_' in image['uri'] for image in node.findall(nodes.image))
