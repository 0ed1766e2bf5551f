"""Keep short cells whole, each with its output, on one page.

Also style the code that d2lbook has not styled: it marks cells alone, and
what follows a cell without a mark would look like that cell's output.
"""

from docutils import nodes

SHORT = 24  # lines

STYLE = r'\diilbookstyleinputcell'


def setup(app):
    app.connect('doctree-resolved', prepare_blocks)


def prepare_blocks(app, doctree, docname):
    if app.builder.format != 'latex':
        return
    blocks = [
        node
        for node in doctree.findall(nodes.FixedTextElement)
        if isinstance(node, (nodes.literal_block, nodes.doctest_block))
    ]
    for block in blocks:
        if not is_output(block):
            block.parent.insert(block.parent.index(block), marks(block))


def marks(block):
    """Return what LaTeX is to know before a block of code."""
    lines = height(block)
    output = output_of(block)
    if output and lines + height(output) <= SHORT:
        lines += height(output)
    keep = rf'\bookkeep{{{lines}}}' if lines <= SHORT else ''
    return nodes.raw('', f'{STYLE}{keep}\n', format='latex')


def is_output(block):
    return 'output' in block['classes']


def output_of(block):
    """Return the output that directly follows a block of code, or None."""
    after = block.next_node(descend=False, siblings=True)
    while isinstance(after, nodes.raw):
        after = after.next_node(descend=False, siblings=True)
    if isinstance(after, nodes.literal_block) and is_output(after):
        return after
    return None


def height(block):
    return block.astext().count('\n') + 2
