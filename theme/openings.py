"""Set the opening of a chapter apart, with what a run of it takes.

A chapter opens with a quotation that says what its reader will be able to do.
How long a run takes and what it needs are not written down, where they would
go out of date: the build reads them from the executed notebook.
"""

from datetime import datetime

from docutils import nodes

from theme.evaluated import code, executed
from theme.needs import packages

BEGINNING = 'After this chapter, you can'
# So coarse that the page stays the same from one run to the next.
TIMES = (
    (10, 'less than 10 seconds'),
    (30, 'less than half a minute'),
    (60, 'less than a minute'),
)
NAMES = {
    'distributed': 'Dask',
    'hypothesis': 'Hypothesis',
    'mxnet': 'MXNet',
    'numpy': 'NumPy',
    'onnx': 'ONNX',
    'onnxruntime': 'ONNX Runtime',
}
# The base first, the package of this book last.
ORDER = {'mxnet': 0, 'numpy': 0, 'd2l_rw': 2}


def setup(app):
    app.add_css_file('openings.css')
    app.connect('doctree-read', set_apart)


def set_apart(app, doctree):
    """Turn the quotation into a box, and add what a run takes."""
    for quotation in list(doctree.findall(nodes.block_quote)):
        if not quotation.astext().startswith(BEGINNING):
            continue
        box = nodes.container('', *quotation.children, classes=['opening'])
        notebook = executed(app, app.env.docname)
        if notebook is not None:
            text = f'{duration(notebook)} {needs(code(notebook))}'
            box += nodes.paragraph('', text, classes=['run'])
        quotation.replace_self(box)


def duration(notebook):
    """Say how long the cells of an executed notebook took."""
    moments = [
        datetime.fromisoformat(moment.rstrip('Z'))
        for cell in notebook.cells
        for moment in cell.metadata.get('execution', {}).values()
    ]
    seconds = (max(moments) - min(moments)).total_seconds()
    return f'The code runs in {in_words(seconds)}.'


def in_words(seconds):
    """Return a coarse bound of a time."""
    for limit, words in TIMES:
        if seconds < limit:
            return words
    return f'about {max(2, round(seconds / 60))} minutes'


def needs(source):
    """Say which packages code needs."""
    found = packages(source)
    if 'mxnet' in found:
        found -= {'numpy'}  # which MXNet brings along
    names = [
        NAMES.get(name, name)
        for name in sorted(found, key=lambda name: (ORDER.get(name, 1), name))
    ]
    if 'mxnet' in found:
        return f'It needs {listed(names)}.'
    return f'It needs {listed(names or ["Python"])}, but no MXNet.'


def listed(names):
    """Return 'a, b and c'."""
    *most, last = names
    return f'{", ".join(most)} and {last}' if most else last
