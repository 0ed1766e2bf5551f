"""Render formulas as MathML, which browsers show without a script."""

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.util.math import get_node_equation_number


def setup(app):
    app.add_html_math_renderer(
        'mathml', (visit_inline, None), (visit_display, None)
    )


def visit_inline(translator, node):
    translator.body.append(convert(node.astext()))
    raise nodes.SkipNode


def visit_display(translator, node):
    """Write a formula of its own line, with its number if it has one."""
    body = translator.body
    body.append(translator.starttag(node, 'div', CLASS='math'))
    if node['number']:
        number = get_node_equation_number(translator, node)
        body.append(f'<span class="eqno">({number})</span>')
    body.append(convert(node.astext(), display='block'))
    body.append('</div>\n')
    raise nodes.SkipNode
