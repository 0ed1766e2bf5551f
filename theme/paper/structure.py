"""Make parts, chapters and appendices out of the lists of contents.

Sphinx would print the front page's sections as the chapters, and all chapters
as sections of the last of them.
"""

import re

from docutils import nodes
from sphinx import addnodes

PART = re.compile(r'Part [IVX]+: ')


def setup(app):
    # After the transforms that resolve references and gather citations.
    app.connect('doctree-resolved', arrange, priority=900)


def arrange(app, doctree, docname):
    """Arrange the whole book, which Sphinx has put into one document."""
    if app.builder.format != 'latex' or docname != app.config.root_doc:
        return
    front = next(doctree.findall(nodes.section))
    toctrees = app.env.get_doctree(docname).findall(addnodes.toctree)
    listed = [wrapper for wrapper in front.findall(is_list) if wrapper.parent]
    body = chapters(zip(toctrees, listed))
    front[1:] = [*preface(front), *body]
    drop_empty_sections(front)


def is_list(node):
    return isinstance(node, nodes.compound) and 'toctree-wrapper' in node.get(
        'classes', []
    )


def preface(front):
    """Return a chapter of what the front page says before its contents."""
    said = [node for node in front[1:] if not any(node.findall(is_list))]
    title = nodes.title('', 'Preface')
    return [
        latex(r'\bookfrontmatter'),
        nodes.section('', title, *said, ids=['preface']),
        latex(r'\bookmainmatter'),
    ]


def chapters(lists):
    """Return the files of all lists, between the headings of the parts."""
    body = []
    appendix = False
    for toctree, wrapper in lists:
        if toctree.get('caption'):
            title = PART.sub('', toctree['caption'])
            body.append(latex(rf'\bookpart{{{title}}}'))
        elif not appendix:
            body.append(latex(r'\bookappendix'))
            appendix = True
        body += wrapper.children
    return body


def drop_empty_sections(front):
    """Drop files without text: the list of references is the book's end."""
    for file in list(front.findall(addnodes.start_of_file)):
        if not any(file.findall(nodes.Text)) or only_a_title(file):
            file.parent.remove(file)


def only_a_title(file):
    texts = list(file.findall(nodes.Text))
    return all(isinstance(text.parent, nodes.title) for text in texts)


def latex(text):
    return nodes.raw('', f'{text}\n', format='latex')
