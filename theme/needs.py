"""Tell which packages a chapter's code needs.

The answer comes from the code alone, which is read and never run.
"""

import ast
import contextlib
import sys
import textwrap

# What d2l_rw looks up in modules that import MXNet.
WITH_MXNET = {
    'MLP',
    'load_parameters',
    'restore_checkpoint',
    'save_checkpoint',
}


def needs_mxnet(source):
    """Return whether code needs MXNet, itself or through `d2l_rw`."""
    return 'mxnet' in packages(source)


def packages(source):
    """Return the names of the packages that code imports.

    `source` is the text of code cells, one after another.  Python's own
    modules are left out.  Programs that stand in strings, to be run by
    another process, count too.
    """
    imports = Imports()
    imports.visit(ast.parse(source))
    return imports.found - sys.stdlib_module_names


class Imports(ast.NodeVisitor):
    """The packages that code imports, collected in `found`."""

    def __init__(self):
        self.found = set()

    def visit_Import(self, node):
        self.found |= {alias.name.partition('.')[0] for alias in node.names}

    def visit_ImportFrom(self, node):
        if node.level == 0:
            package = node.module.partition('.')[0]
            self.found.add(package)
            for alias in node.names:
                self.note_use(package, alias.name)

    def visit_Attribute(self, node):
        if isinstance(node.value, ast.Name):
            self.note_use(node.value.id, node.attr)
        self.generic_visit(node)

    def visit_Constant(self, node):
        if isinstance(node.value, str) and 'import ' in node.value:
            self.note_program(node.value)

    def note_use(self, package, name):
        if package == 'd2l_rw' and name in WITH_MXNET:
            self.found.add('mxnet')

    def note_program(self, text):
        with contextlib.suppress(SyntaxError):  # words are no program
            self.visit(ast.parse(textwrap.dedent(text)))
