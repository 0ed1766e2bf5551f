"""Offer each page that holds code as a notebook that stands alone.

The executed notebooks hold the dialect's marks, and images by relative path;
here the marks become words and links, and the images travel inside the
notebook.
"""

import base64
import posixpath
import re
from pathlib import Path

import nbformat
from docutils import nodes

from theme.evaluated import executed, is_executed
from theme.figures import description
from theme.launch import prepare

MARK = re.compile(r':(\w+):`([^`]+)`')
FORMULA = re.compile(r'(\$\$[^$]+)\$\$\s*:eqlabel:`([^`]+)`')
IMAGE = re.compile(r'!\[([^\]]*)\]\(([^)\s]+)\)')
FORMULAS = '(%s)'  # what Sphinx says of the others is in its settings
MIME_TYPES = {'.svg': 'image/svg+xml', '.png': 'image/png'}


def setup(app):
    app.connect('html-page-context', add_button, priority=600)
    app.connect('build-finished', write_notebooks)


def add_button(app, pagename, templatename, context, doctree):
    """Put a link to the page's notebook into the page's header."""
    if doctree is None or not is_executed(app, pagename):
        return
    name = pagename.split('/')[-1]
    context['header_buttons'].insert(
        0,
        {
            'type': 'link',
            'url': f'{name}.ipynb',
            'tooltip': 'Download this chapter as a notebook',
            'icon': 'fas fa-download',
            'label': 'download-notebook-button',
        },
    )


def write_notebooks(app, exception):
    """Write the notebooks beside their pages."""
    if exception or app.builder.format != 'html':
        return
    for docname in app.env.found_docs:
        notebook = executed(app, docname)
        if notebook is not None:
            make_readable(notebook, app.env, docname)
            prepare(notebook, app.config)
            make_repeatable(notebook)
            target = Path(app.outdir) / f'{docname}.ipynb'
            nbformat.write(notebook, target)


def make_readable(notebook, env, docname):
    """Rewrite the marks of a notebook and embed its images, in place."""
    notebook.metadata['kernelspec'] = {
        'name': 'python3',
        'display_name': 'Python 3',
        'language': 'python',
    }
    for cell in notebook.cells:
        if cell.cell_type == 'markdown':
            cell.source = FORMULA.sub(
                lambda formula: tagged(env, *formula.groups()), cell.source
            )
            cell.source = MARK.sub(
                lambda mark: words(env, docname, *mark.groups()), cell.source
            )
            embed_images(cell, Path(env.srcdir) / posixpath.dirname(docname))


def make_repeatable(notebook):
    """Replace what differs from run to run: names of cells, times."""
    for index, cell in enumerate(notebook.cells):
        cell.id = f'cell-{index}'
        cell.metadata = {}


def embed_images(cell, folder):
    """Write a cell's images into it, at its end.

    Not as attachments, of which JupyterLab shows no SVG.
    """
    for caption, name in IMAGE.findall(cell.source):
        path = folder / name
        text = caption or description(path)
        cell.source = cell.source.replace(
            f'![{caption}]({name})', f'![{text}][{path.name}]'
        )
        cell.source += f'\n\n[{path.name}]: {data_address(path)}'


def data_address(path):
    """Return an address that holds an image itself."""
    data = base64.b64encode(path.read_bytes()).decode()
    return f'data:{MIME_TYPES[path.suffix]};base64,{data}'


def words(env, docname, role, target):
    """Say a mark in words: a link for a reference, nothing for a label."""
    if role in ('ref', 'numref'):
        return reference(env, docname, target, numbered=role != 'ref')
    if role == 'eqref':
        return formula_number(env, target)
    if role in ('cite', 'citet', 'citep'):
        keys = [key.strip() for key in target.split(',')]
        return '(' + '; '.join(citation(env, key) for key in keys) + ')'
    return ''


def reference(env, docname, label, *, numbered):
    """Return a link to a label's notebook, or its words within the page."""
    labels = env.domaindata['std']
    target, anchor, title = labels['labels'].get(
        label, (*labels['anonlabels'][label], '')
    )
    text = number(env, target, anchor) if numbered else title
    address = place(env, docname, target)
    return f'[{text}]({address})' if address else text


def formula_number(env, label):
    """Return '(1.2)' for a numbered formula."""
    docname, _ = env.get_domain('math').equations[label]
    return number(env, docname, f'equation-{nodes.make_id(label)}')


def tagged(env, formula, label):
    """Return a formula that shows its number."""
    return f'{formula} \\tag{{{formula_number(env, label)[1:-1]}}}$$'


def place(env, docname, target):
    """Return where a page is to be found from a notebook, if anywhere."""
    if target == docname:
        return None
    if is_executed(env.app, target):
        start = posixpath.dirname(docname)
        return posixpath.relpath(target, start or '.') + '.ipynb'
    site = env.config.site_address
    return f'{site}{target}.html' if site else None


def number(env, docname, anchor):
    """Return 'Fig. 1.2', 'Section 1.2' or '(1.2)' for a numbered place."""
    for kind, numbers in env.toc_fignumbers.get(docname, {}).items():
        if anchor in numbers:
            digits = '.'.join(map(str, numbers[anchor]))
            return env.config.numfig_format.get(kind, FORMULAS) % digits
    numbers = env.toc_secnumbers[docname]
    digits = numbers.get(f'#{anchor}', numbers.get(''))
    return env.config.numfig_format['section'] % '.'.join(map(str, digits))


def citation(env, key):
    """Return 'Zhang et al., 2023' for an entry of the bibliography."""
    entry = env.get_domain('cite').bibdata.data.entries[key]
    people = entry.persons['author']
    names = [' '.join(person.last_names) for person in people]
    if len(names) > 2:
        names = [f'{names[0]} et al.']
    return f'{" and ".join(names)}, {entry.fields["year"]}'
