"""Make parts, chapters and appendices out of the lists of contents.

Sphinx would print the front page's sections as the chapters, and all chapters
as sections of the last of them.
"""

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.util import texescape

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
    lists = list(zip(toctrees, front.findall(is_list)))
    front[1:] = [*opening(front), *chapters(lists)]
    drop_empty_files(front)
    name_chapters(front)


def is_list(node):
    return isinstance(node, nodes.compound) and 'toctree-wrapper' in node.get(
        'classes', []
    )


def opening(front):
    """Return title page, contents, and a chapter of the front page's text."""
    said = [node for node in front[1:] if not any(node.findall(is_list))]
    subtitle = escape(said.pop(0).astext())
    title = nodes.title('', 'Preface')
    return [
        latex(rf'\booktitlepage{{{subtitle}}}\bookcontents\bookfrontmatter'),
        nodes.section('', title, *said, ids=['preface']),
        latex(r'\bookmainmatter'),
    ]


def chapters(lists):
    """Return the files of all lists, between the headings of the parts.

    A list without numbers begins the appendices.
    """
    body = []
    appendices = False
    for toctree, wrapper in lists:
        if toctree['numbered']:
            title = escape(PART.sub('', toctree['caption']))
            body.append(latex(rf'\bookpart{{{title}}}'))
        elif not appendices:
            body.append(latex(r'\bookappendices'))
            appendices = True
        body += wrapper.children
    return body


def drop_empty_files(front):
    """Drop files that hold a title alone.

    One is the page of references, since Sphinx moves these to the end.
    """
    for file in list(front.findall(addnodes.start_of_file)):
        texts = file.findall(nodes.Text)
        if all(isinstance(text.parent, nodes.title) for text in texts):
            file.parent.remove(file)


def name_chapters(front):
    """Call what is a chapter on paper "Chapter", where it is referred to."""
    files = front.findall(addnodes.start_of_file)
    chapters = {
        f'%{file["docname"]}#{name}'
        for file in files
        if file.parent is front
        for name in file.next_node(nodes.section)['ids']
    }
    for reference in front.findall(addnodes.number_reference):
        if reference.get('refuri') in chapters:
            reference['title'] = 'Chapter %s'


def escape(text):
    return texescape.escape(text, 'xelatex')


def latex(text):
    return nodes.raw('', f'{text}\n', format='latex')
