"""Check the links of the built book: `python -m authoring.links`.

Links within the book are followed in the built pages.  With `--external`,
Sphinx's link checker asks the servers of all others, through d2lbook.
"""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

from bs4 import BeautifulSoup

from authoring.findings import Finding, report

CHAPTERS = Path('chapters')
PAGES = Path('_build/html')
ANSWERS = Path('_build/linkcheck/output.json')
OTHER_SERVER = re.compile(r'(?:[a-z]+:|//)')


def read_pages(folder):
    """Return every page of a built book, parsed, by its path."""
    return {
        path.relative_to(folder).as_posix(): BeautifulSoup(
            path.read_text('utf-8'), 'html.parser'
        )
        for path in folder.rglob('*.html')
        if '_static' not in path.parts
    }


def broken(folder, pages):
    """Return pairs of a page's path and a link of it that leads nowhere."""
    return [
        (name, link)
        for name, page in pages.items()
        for link in links_of(page)
        if not OTHER_SERVER.match(link)
        and not resolves(folder, pages, urljoin(name, link))
    ]


def links_of(page):
    """Return what a page links to, shows or loads, each once, in order."""
    tags = page.find_all(lambda tag: tag.get('href') or tag.get('src'))
    return dict.fromkeys(tag.get('href') or tag['src'] for tag in tags)


def resolves(folder, pages, link):
    """Return whether a link from the root leads to a file and a place."""
    address, anchor = urldefrag(link)
    target = unquote(address.partition('?')[0]).lstrip('/')
    if not (folder / target).is_file():
        return False
    if not anchor or target not in pages:
        return True
    return pages[target].find(id=unquote(anchor)) is not None


def internal(folder, chapters):
    """Return a finding for each broken link within the book."""
    return [
        located(chapters, Path(name).with_suffix('').as_posix(), link,
                f'{name} links to {link}, which does not exist: mend it')
        for name, link in broken(folder, read_pages(folder))
    ]  # fmt: skip


def external(answers, chapters):
    """Return a finding for each link that the link checker found broken."""
    lines = answers.read_text('utf-8').splitlines()
    return [
        located(chapters, Path(answer['filename']).with_suffix('').as_posix(),
                answer['uri'], f'{answer["uri"]}: {answer["info"]}')
        for answer in map(json.loads, lines)
        if answer['status'] == 'broken'
    ]  # fmt: skip


def located(chapters, name, link, text):
    """Return a finding at the line of the source that holds a link.

    Links that Sphinx or the theme makes are in no source: then the file is
    named alone.
    """
    source = chapters / f'{name}.md'
    lines = source.read_text('utf-8').splitlines() if source.is_file() else []
    places = [n for n, line in enumerate(lines, 1) if link in line]
    return Finding(source, places[0] if places else 0, text)


def ask_servers():
    """Let Sphinx ask for every link outside the book; return its answers."""
    command = [
        Path(sys.executable).with_name('d2lbook'),
        'build',
        'linkcheck',
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False
    )
    # A broken link fails the build as well, after the answers are written.
    if not ANSWERS.is_file():
        sys.exit(done.stdout + done.stderr)
    return ANSWERS


def main(arguments=None):
    """Print each broken link; return the exit status of the command."""
    parser = argparse.ArgumentParser(prog='python -m authoring.links')
    parser.add_argument('--external', action='store_true')
    options = parser.parse_args(arguments)
    findings = internal(PAGES, CHAPTERS)
    if options.external:
        ANSWERS.unlink(missing_ok=True)
        findings += external(ask_servers(), CHAPTERS)
    return report(findings)


if __name__ == '__main__':
    sys.exit(main())
