"""Show the outputs of cells letter by letter.

nbconvert writes them as parsed literals, in which reStructuredText is still
markup: `mlp0_` would be a reference, and `*` would vanish.
"""

from docutils import nodes
from docutils.parsers.rst import Directive, directives


def setup(app):
    app.add_directive('parsed-literal', Output, override=True)


class Output(Directive):
    """A block of text that is not parsed."""

    option_spec = {'class': directives.class_option}  # noqa: RUF012
    has_content = True

    def run(self):
        text = '\n'.join(self.content)
        classes = self.options.get('class', [])
        return [nodes.literal_block(text, text, classes=classes)]
