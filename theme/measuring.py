"""Keep the theme's script from measuring every block of code.

To give those that overflow a stop of the Tab key, it has the browser lay out
the whole page, once for each block.  `static/boxes.js` does so when a block
is shown.
"""

from pathlib import Path

from sphinx.errors import ExtensionError

SCRIPT = '_static/scripts/pydata-sphinx-theme.js'
BLOCKS = (
    '"pre, .nboutput > .output_area, .cell_output > .output, '
    '.jp-RenderedHTMLCommon"'
)
NOTHING = '":not(*)"'


def setup(app):
    app.connect('build-finished', measure_nothing)


def measure_nothing(app, exception):
    """Have the theme's script look for blocks that are not there."""
    if exception or app.builder.format != 'html':
        return
    path = Path(app.outdir) / SCRIPT
    text = path.read_text('utf-8')
    if BLOCKS not in text and NOTHING not in text:
        raise ExtensionError(f'{SCRIPT}: expected {BLOCKS}')
    path.write_text(text.replace(BLOCKS, NOTHING), 'utf-8')
