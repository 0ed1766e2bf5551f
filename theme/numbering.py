"""Number the chapters through all parts of the contents.

Sphinx begins again with every list of contents.  The extension that goes on
counting does not say that it is safe to read sources in parallel, which it
is: it changes only how numbers are assigned after the reading.
"""

EXTENSION = 'sphinx_multitoc_numbering'


def setup(app):
    app.setup_extension(EXTENSION)
    app.extensions[EXTENSION].parallel_read_safe = True
    app.extensions[EXTENSION].parallel_write_safe = True
