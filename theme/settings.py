"""The settings of the published book: the section `[site]` of `config.ini`.

An empty setting turns off what needs it.
"""

import configparser
import re
from pathlib import Path

from sphinx.errors import ConfigError

# What each setting looks like, and an example for the message.
FORMS = {
    'address': (r'https?://\S+/', 'https://example.org/book/'),
    'repository': (r'[\w.-]+/[\w.-]+', 'owner/name, on GitHub'),
    'branch': (r'[\w./-]+', 'main'),
    'pages_branch': (r'[\w./-]+', 'gh-pages'),
}


def setup(app):
    """Hand the settings to Sphinx, to write all pages when one changes."""
    for name, value in read(Path(app.srcdir).parents[1]).items():
        app.add_config_value(f'site_{name}', value, 'html')


def read(folder):
    """Return the settings of the book in a folder, by name."""
    parser = configparser.ConfigParser()
    parser.read(folder / 'config.ini', encoding='utf-8')
    found = dict(parser['site']) if parser.has_section('site') else {}
    for name, value in found.items():
        check(name, value)
    return {name: found.get(name, '') for name in FORMS}


def check(name, value):
    """Refuse a setting that is unknown or of another form."""
    if name not in FORMS:
        known = ', '.join(FORMS)
        raise ConfigError(f'config.ini, [site]: no {name!r} among {known}')
    form, example = FORMS[name]
    if value and not re.fullmatch(form, value):
        raise ConfigError(
            f'config.ini, [site]: {name}: expected a value such as '
            f'{example}, got {value!r}'
        )
