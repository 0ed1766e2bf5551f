"""Score the built pages with Lighthouse: `python -m benchmarks.lighthouse`.

Lighthouse comes from npm (`package-lock.json`), the browser is the system's
Chromium, and the pages come from a server on loopback, which compresses text
as public servers do.  Lighthouse simulates a phone on a slow network: its
processor is this machine's, slowed down.  By how much depends on the machine
(https://github.com/GoogleChrome/lighthouse/blob/main/docs/throttling.md), so
that its speed, Lighthouse's benchmark index, is measured first.
"""

from __future__ import annotations

import argparse
import functools
import gzip
import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import numpy as np
from tqdm import tqdm

from benchmarks import machine, report, standalone

ROOT = Path(__file__).parent.parent
PAGES = ROOT / '_build' / 'html'
RESULTS, TABLE = standalone.paths('lighthouse')
PROGRAM = ROOT / 'node_modules' / '.bin' / 'lighthouse'
CATEGORIES = 'performance', 'accessibility', 'best-practices'
BOUND = 95
ROUNDS = 3
# The slowdown that makes a processor of this index a phone of the middle
# class, from the calculator that Lighthouse's page on throttling names.
# Four is what Lighthouse takes by default, and the most that is taken here.
INDEX, SLOWDOWN = (150, 800, 1300, 1533), (1, 2, 3, 4)
CHROMIUM = (
    '--headless=new --no-sandbox --disable-gpu --disable-quic --disable-sync '
    '--disable-component-update --disable-background-networking'
)
COMPRESSED = '.css', '.html', '.js', '.svg'


def main(arguments: list[str] | None = None) -> int:
    """Score pages, store and print the results; 1 if one is low."""
    options = parser().parse_args(arguments)
    results = measured(options.names or page_names(), options.rounds)
    if options.names:
        results['pages'] = merged(stored()['pages'], results['pages'])
    table = markdown(results)
    RESULTS.write_text(json.dumps(results, indent=1) + '\n', 'utf-8')
    TABLE.write_text(table + '\n', 'utf-8')
    print(table)
    low = below(results['pages'])
    for line in low:
        print(line, file=sys.stderr)
    return 1 if low else 0


def parser() -> argparse.ArgumentParser:
    """Return the reader of the command line."""
    made = argparse.ArgumentParser(prog='python -m benchmarks.lighthouse')
    made.add_argument(
        'names', nargs='*', help='pages, as read-write; the others stay'
    )
    made.add_argument('--rounds', type=int, default=ROUNDS)
    return made


def stored() -> dict:
    """Return the results of the last run."""
    return json.loads(RESULTS.read_text('utf-8'))


def merged(old: dict, new: dict) -> dict:
    """Return the scores of pages that are still there, in order."""
    scores = {**old, **new}
    return {name: scores[name] for name in page_names() if name in scores}


def page_names() -> list[str]:
    """Return the names of the pages that have a source, but for solutions."""
    return sorted(path.stem for path in (ROOT / 'chapters').glob('*.md'))


def measured(names: list[str], rounds: int) -> dict:
    """Return the scores of pages, and what they were measured with."""
    with served(PAGES) as address:
        found = [
            audit(f'{address}/index.html', slowdown=1) for _ in range(ROUNDS)
        ]
        index = median(
            each['environment']['benchmarkIndex'] for each in found
        )
        slowdown = slowdown_for(index)
        scores = {
            name: {
                'slowdown': slowdown,
                **scores_of(f'{address}/{name}.html', slowdown, rounds),
            }
            for name in tqdm(names, disable=None, leave=False)
        }
    return {
        'machine': machine.machine(Path(tempfile.gettempdir())),
        'lighthouse': found[0]['lighthouseVersion'],
        'benchmark_index': index,
        'rounds': rounds,
        'pages': scores,
    }


def slowdown_for(index: float) -> float:
    """Return how much slower a phone is than a processor of this index."""
    return round(float(np.interp(index, INDEX, SLOWDOWN)), 2)


def scores_of(address: str, slowdown: float, rounds: int) -> dict[str, int]:
    """Return the medians of a page's scores, by category."""
    found = [
        audit(address, slowdown=slowdown)['categories'] for _ in range(rounds)
    ]
    return {
        name: round(100 * median(scores[name]['score'] for scores in found))
        for name in CATEGORIES
    }


def audit(address: str, *, slowdown: float) -> dict:
    """Return Lighthouse's report on a page."""
    command = [
        str(PROGRAM),
        address,
        '--output=json',
        '--quiet',
        '--no-enable-error-reporting',
        f'--only-categories={",".join(CATEGORIES)}',
        f'--throttling.cpuSlowdownMultiplier={slowdown}',
        f'--chrome-flags={CHROMIUM}',
    ]
    environment = {**os.environ, 'CHROME_PATH': chromium()}
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, check=True
    )
    found = json.loads(done.stdout)
    if 'runtimeError' in found:
        raise RuntimeError(f'{address}: {found["runtimeError"]["message"]}')
    return found


def chromium() -> str:
    """Return the path of the system's Chromium."""
    path = shutil.which('chromium') or shutil.which('google-chrome')
    if path is None:
        raise RuntimeError('Lighthouse needs Chromium, which is not here')
    return path


def below(pages: dict[str, dict[str, int]]) -> list[str]:
    """Return a line for each score below the bound."""
    return [
        f'{name}: {category} {scores[category]}, below {BOUND}'
        for name, scores in pages.items()
        for category in CATEGORIES
        if scores[category] < BOUND
    ]


def markdown(results: dict) -> str:
    """Return the scores as a table."""
    lines = [
        f'Lighthouse {results["lighthouse"]}, a phone on a slow network, '
        f'medians of {results["rounds"]}.',
        report.setting(results['machine'], {})[0],
        f'Benchmark index {results["benchmark_index"]:.0f}; the last column '
        'tells how many times the processor was slowed down.',
        '',
        f'| page | {" | ".join(CATEGORIES)} | slowdown |',
        '|---|' + '--:|' * (len(CATEGORIES) + 1),
    ]
    for name, scores in results['pages'].items():
        cells = ' | '.join(str(scores[kind]) for kind in CATEGORIES)
        lines.append(f'| {name} | {cells} | {scores["slowdown"]} |')
    return '\n'.join(lines)


class Compressing(http.server.SimpleHTTPRequestHandler):
    """Serve files as public servers do: text compressed, kept alive."""

    protocol_version = 'HTTP/1.1'

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if path.suffix not in COMPRESSED or not path.is_file():
            super().do_GET()
            return
        data = gzip.compress(path.read_bytes())
        self.send_response(200)
        self.send_header('Content-Type', self.guess_type(str(path)))
        self.send_header('Content-Encoding', 'gzip')
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args) -> None:
        """Say nothing about requests."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback, and yield its address."""
    handler = functools.partial(Compressing, directory=str(folder))
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f'http://127.0.0.1:{server.server_port}'
    finally:
        server.shutdown()
        server.server_close()


if __name__ == '__main__':
    sys.exit(main())
