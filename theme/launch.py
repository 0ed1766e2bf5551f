"""Open a chapter where it can be run without installing anything.

Binder builds the environment from the repository, and with it the notebooks
(`postBuild`).  Colab has no MXNet, and opens files of a repository: it gets
the chapters that need NumPy alone, from the branch that holds the pages.
"""

import nbformat

from theme.evaluated import code, executed
from theme.needs import needs_mxnet, packages

# Where `postBuild` and `make lab` unpack the notebooks.
FOLDER = '_build/notebooks'
BINDER = (
    'https://mybinder.org/v2/gh/{repository}/{branch}'
    '?urlpath=lab/tree/{folder}/{name}.ipynb'
)
COLAB = (
    'https://colab.research.google.com/github/{repository}/blob/'
    '{pages_branch}/{name}.ipynb'
)
INSTALL = """\
# Colab lacks the package of this book; elsewhere this cell does nothing.
import sys

if 'google.colab' in sys.modules:
    %pip install --quiet {requirements}"""
PACKAGE = 'git+https://github.com/{repository}@{branch}'
IN_COLAB = {'numpy'}


def setup(app):
    app.connect('html-page-context', add_buttons, priority=620)


def add_buttons(app, pagename, templatename, context, doctree):
    """Put the launch menu into the header of a page with code."""
    notebook = executed(app, pagename) if doctree else None
    links = launch_links(app.config, pagename, notebook) if notebook else {}
    if links:
        context['header_buttons'].append(menu(links))


def launch_links(config, name, notebook):
    """Return the addresses that open a notebook, by the service's name."""
    values = {**settings(config), 'folder': FOLDER, 'name': name}
    links = {}
    if values['repository'] and values['branch']:
        links['Binder'] = BINDER.format(**values)
    if suits_colab(config, notebook):
        links['Colab'] = COLAB.format(**values)
    return links


def settings(config):
    """Return the settings of the site that links are made of."""
    names = 'repository', 'branch', 'pages_branch'
    return {name: getattr(config, f'site_{name}') for name in names}


def suits_colab(config, notebook):
    """Tell whether Colab can reach a notebook, and run it."""
    reachable = all(settings(config).values())
    return reachable and not needs_mxnet(code(notebook))


def prepare(notebook, config):
    """Begin a notebook that suits Colab with what Colab lacks."""
    missing = packages(code(notebook)) - IN_COLAB
    if not (missing and suits_colab(config, notebook)):
        return
    own = PACKAGE.format(**settings(config))
    requirements = [own if name == 'd2l_rw' else name for name in missing]
    text = INSTALL.format(requirements=' '.join(sorted(requirements)))
    # Below the title.
    notebook.cells.insert(1, nbformat.v4.new_code_cell(text))


def menu(links):
    """Return the theme's description of a menu of links."""
    buttons = [
        {
            'type': 'link',
            'text': service,
            'tooltip': f'Run this chapter in {service}',
            'url': address,
        }
        for service, address in links.items()
    ]
    return {
        'type': 'group',
        'tooltip': 'Run this chapter',
        'icon': 'fas fa-rocket',
        'buttons': buttons,
        'label': 'launch-buttons',
    }
