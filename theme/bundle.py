"""Offer all notebooks of the book as one zip file.

Its bytes depend on the notebooks alone: no times, no order of a folder.
"""

import zipfile
from pathlib import Path

from theme.evaluated import is_executed

NAME = 'notebooks.zip'
LONG_AGO = 1980, 1, 1, 0, 0, 0  # the first time that a zip file can hold
READABLE = 0o644 << 16
README = """\
# {title}

The chapters of the book as notebooks, version {release}.
They hold their outputs and images, and lead to each other.
To run them you need the book's environment:
the README of its repository says how to make it.
Solutions of the exercises are in the folder `solutions`.

{contents}
"""


def setup(app):
    app.connect('html-page-context', add_button, priority=610)
    app.connect('build-finished', write_bundle, priority=600)


def add_button(app, pagename, templatename, context, doctree):
    """Put a link to the zip file into the page's header."""
    if doctree is None:
        return
    context['header_buttons'].insert(
        1 if is_executed(app, pagename) else 0,
        {
            'type': 'link',
            'url': context['pathto'](NAME, resource=True),
            'tooltip': 'Download all chapters as notebooks',
            'icon': 'fas fa-file-zipper',
            'label': 'download-all-notebooks-button',
        },
    )


def write_bundle(app, exception):
    """Write the zip file beside the pages."""
    if exception or app.builder.format != 'html':
        return
    outdir = Path(app.outdir)
    names = [n for n in in_order(app.env) if is_executed(app, n)]
    files = {f'{name}.ipynb': name for name in names}
    with zipfile.ZipFile(outdir / NAME, 'w') as bundle:
        add(bundle, 'README.md', readme(app, names).encode())
        for file in files:
            add(bundle, file, (outdir / file).read_bytes())


def add(bundle, name, data):
    """Add a file to a zip file, with nothing that changes by itself."""
    entry = zipfile.ZipInfo(name, LONG_AGO)
    entry.external_attr = READABLE
    bundle.writestr(entry, data, zipfile.ZIP_DEFLATED)


def in_order(env):
    """Return the names of all pages in the order of the contents."""
    names = []
    waiting = [env.config.root_doc]
    while waiting:
        name = waiting.pop()
        names.append(name)
        waiting += reversed(env.toctree_includes.get(name, []))
    return names


def readme(app, names):
    """Return the text that leads to the notebooks."""
    links = [
        f'- [{app.env.titles[name].astext()}]({name}.ipynb)' for name in names
    ]
    return README.format(
        title=app.config.html_title,
        release=app.config.release,
        contents='\n'.join(links),
    )
