"""The built book's pages, and what goes wrong while a browser reads one."""

from tests.chapters import CHAPTERS, executable, name_of

PAGES = sorted(map(name_of, CHAPTERS.rglob('*.md')))
# Pages without a source of their own; one for all that show a module.
GENERATED = (
    '404',
    'genindex',
    'search',
    '_modules/index',
    '_modules/d2l_rw/arrays',
)
WITH_CODE = sorted(map(name_of, executable()))
WIDE, NARROW = {'width': 1400, 'height': 1000}, {'width': 400, 'height': 800}
PATIENCE = 120_000  # milliseconds, for machines with other work


def watch(page, served):
    """Collect console errors, failed requests and requests to elsewhere."""
    trouble = page.trouble = []
    page.on(
        'console',
        lambda message: (
            trouble.append(message.text)
            if message.type in ('error', 'warning')
            else None
        ),
    )
    page.on('pageerror', lambda error: trouble.append(str(error)))
    page.on(
        'requestfailed',
        # What leaving a page breaks off has not failed.
        lambda request: (
            None
            if request.failure == 'net::ERR_ABORTED'
            else trouble.append(request.url)
        ),
    )
    page.on(
        'response',
        lambda response: (
            trouble.append(f'{response.status} {response.url}')
            if response.status >= 400
            else None
        ),
    )
    page.on(
        'request',
        lambda request: (
            None
            if request.url.startswith((served, 'data:'))
            else trouble.append(f'leaves the server: {request.url}')
        ),
    )
