"""Show the book while it is written: `python -m authoring.serve`.

The pages are built, served on loopback, built again when a source is saved,
and shown anew by the browser.
"""

import argparse
import contextlib
import logging
import multiprocessing
import signal
import socket
import sys
import time
from pathlib import Path

from livereload import Server
from livereload.handlers import LiveReloadHandler

from authoring import builder

HOST = '127.0.0.1'
SOURCES = Path('chapters'), Path('config.ini')
PAUSE = 0.2  # seconds between two looks at the sources


def main(arguments=None):
    """Build, serve, and go on until interrupted."""
    parser = argparse.ArgumentParser(prog='python -m authoring.serve')
    parser.add_argument('--port', type=int, default=8000)
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        serve(free_port(options.port))
    except KeyboardInterrupt:
        print()


def free_port(port):
    """Return the first port from a number on that nobody listens on."""
    while True:
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind((HOST, port))
            except OSError:
                port += 1
            else:
                return port


def serve(port):
    """Build the book whenever a source changes, and serve it."""
    logging.disable(logging.WARNING)
    built = builder.FOLDER / 'built'
    state = snapshot()
    builder.start()
    built.touch()
    build(built)
    start_server(built, port)
    say(f'The book: http://{HOST}:{port}/ (end with Ctrl+C)')
    while True:
        state = next_state(state)
        build(built)


def start_server(built, port):
    """Start a process that serves the pages, and wait until it does."""
    # A process of its own answers while the book is built.
    process = multiprocessing.get_context('fork').Process(
        target=show, args=(builder.PAGES, built, port), daemon=True
    )
    process.start()
    while process.is_alive():
        with contextlib.suppress(ConnectionError):
            socket.create_connection((HOST, port)).close()
            return
        time.sleep(PAUSE)
    sys.exit(f'make serve: port {port} could not be opened')


def build(built):
    """Build the book, and say what is to be mended, or how long it took."""
    start = time.monotonic()
    findings = sorted(set(builder.build()))
    for finding in findings:
        say(finding)
    seconds = time.monotonic() - start
    if findings:
        say('not built: the last good pages are served until this is mended')
    else:
        say(f'built in {seconds:.1f} s')
        built.touch()


def say(text):
    """Print a line at once, also into a pipe."""
    print(text, flush=True)


def next_state(state):
    """Wait until a source has changed and stays as it is; return that."""
    while True:
        time.sleep(PAUSE)
        now = snapshot()
        if now != state and now == settled(now):
            return now


def settled(state):
    """Return the state of the sources a moment later."""
    time.sleep(PAUSE)
    return snapshot()


def snapshot():
    """Return each source with the time of its last change."""
    files = [
        path
        for source in SOURCES
        for path in (source.rglob('*') if source.is_dir() else [source])
        if not path.name.startswith('.')
    ]
    return {path: changed(path) for path in files}


def changed(path):
    """Return when a file was changed; None if it is gone meanwhile."""
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_mtime_ns


def show(pages, built, port):
    """Serve a folder, and have browsers load a page again after a build."""
    logging.disable(logging.WARNING)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The server waits three seconds between reloads unless it is told.
    LiveReloadHandler.DEFAULT_RELOAD_TIME = 0
    server = Server()
    server.watch(str(built))
    server.serve(port=port, host=HOST, root=str(pages))


if __name__ == '__main__':
    sys.exit(main())
