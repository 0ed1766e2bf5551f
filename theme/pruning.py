"""Shorten the published style sheets to the rules that some page can use.

Nine of ten rules of the theme are for components that this book does not
have, and a browser tries every rule on every element.
No tool of npm is used for this: building the book needs Python alone.
"""

import re
from itertools import pairwise
from pathlib import Path

import tinycss2

# What holds rules of its own.
LAYERS = 'media', 'supports', 'layer', 'container'
# Put together by a script.
COMPOSED = {'bs-tooltip-auto'}
WORD = re.compile(r'[\w-]+')


def setup(app):
    # After the assets that nothing names were deleted.
    app.connect('build-finished', prune, priority=950)


def prune(app, exception):
    """Rewrite every style sheet beside the pages."""
    if exception or app.builder.format != 'html':
        return
    outdir = Path(app.outdir)
    static = outdir / '_static'
    # Scripts give elements classes of their own.
    words = COMPOSED | words_of(
        [*outdir.rglob('*.html'), *static.rglob('*.js')]
    )
    for path in static.rglob('*.css'):
        path.write_text(pruned(path.read_text('utf-8'), words), 'utf-8')


def words_of(paths):
    """Return every word of files: among them all classes and identifiers."""
    words = set()
    for path in paths:
        words |= set(WORD.findall(path.read_text('utf-8')))
    return words


def pruned(css, words):
    """Return a style sheet without the rules that no page can use."""
    return serialized(tinycss2.parse_stylesheet(css), words)


def serialized(rules, words):
    """Return the text of the rules that are of use."""
    texts = [
        shortened(rule, words) for rule in rules if rule.type != 'whitespace'
    ]
    return ''.join(filter(None, texts))


def shortened(rule, words):
    """Return the text of a rule, of what is left of it, or None."""
    if rule.type == 'qualified-rule':
        return shortened_rule(rule, words)
    if rule.type == 'at-rule' and rule.lower_at_keyword in LAYERS:
        return shortened_layer(rule, words)
    if rule.type == 'comment' and not rule.value.startswith('!'):
        return None  # but licences stay
    return rule.serialize() + '\n'


def shortened_rule(rule, words):
    """Return a rule with the selectors that can match, or None."""
    kept = [
        tinycss2.serialize(selector).strip()
        for selector in selectors(rule.prelude)
        if names(selector) <= words
    ]
    body = tinycss2.serialize(rule.content)
    return f'{",".join(kept)}{{{body}}}\n' if kept else None


def shortened_layer(rule, words):
    """Return a rule around rules with those that can match, or None."""
    if rule.content is None:
        return rule.serialize() + '\n'
    body = serialized(tinycss2.parse_rule_list(rule.content), words)
    condition = tinycss2.serialize(rule.prelude)
    opening = f'@{rule.at_keyword}{condition}'
    return f'{opening}{{\n{body}}}\n' if body.strip() else None


def selectors(prelude):
    """Split the part before a rule's braces at its commas."""
    parts = [[]]
    for token in prelude:
        if token.type == 'literal' and token.value == ',':
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def names(selector):
    """Return the classes and identifiers that an element must have.

    What stands in parentheses, as after `:not`, is left out.
    """
    classes = {
        token.value
        for before, token in pairwise(selector)
        if before == '.' and token.type == 'ident'
    }
    return classes | {t.value for t in selector if t.type == 'hash'}
