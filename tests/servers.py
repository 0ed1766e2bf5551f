"""Servers on loopback, started by a test and stopped by it."""

from __future__ import annotations

import asyncio
import functools
import http.server
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from aiohttp import web


class Request(NamedTuple):
    """What a client asked for, and what it was sent."""

    method: str
    range: str | None
    status: int
    nbytes: int


class Server:
    """A server of the files of a folder, with ranges; it keeps accounts.

    Attributes:
        address: where it is, without a slash at the end.
        requests: what it was asked for.
        latency: seconds that each answer is late.
        bandwidth: bytes a second.
        cut: of each file, send so many bytes less than was announced.
        hidden: header fields that it leaves out.
        status: answer so, if it is not 200.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.address = Path(folder), ''
        self.requests: list[Request] = []
        self.latency, self.bandwidth, self.cut = 0.0, float('inf'), 0
        self.hidden: set[str] = set()
        self.status = 200

    @property
    def nbytes(self) -> int:
        """How many bytes of files it has sent."""
        return sum(request.nbytes for request in self.requests)

    @property
    def methods(self) -> list[str]:
        """The methods of the requests."""
        return [request.method for request in self.requests]

    async def get(self, request: web.Request) -> web.StreamResponse:
        path = self.folder / request.match_info['name']
        if self.status != 200:
            return web.Response(status=self.status)
        if not path.exists():
            raise web.HTTPNotFound
        if self.cut and request.method == 'GET':
            return await self.broken(request, path)
        return web.FileResponse(path)

    async def broken(self, request: web.Request, path: Path) -> web.Response:
        """Announce all that was asked for, send less, break off."""
        part, size = request.http_range, path.stat().st_size
        start, stop, _ = part.indices(size)
        response = web.StreamResponse(status=206)
        response.content_length = stop - start
        await response.prepare(request)
        data = path.read_bytes()[start : stop - self.cut]
        await response.write(data)
        request.transport.close()
        return response

    async def put(self, request: web.Request) -> web.Response:
        path = self.folder / request.match_info['name']
        if not path.parent.exists():
            raise web.HTTPConflict
        new = path.with_suffix('.new')
        new.write_bytes(await request.read())
        os.replace(new, path)
        return web.Response(status=201)

    async def account(self, request, response) -> None:
        sent = response.content_length or 0 if request.method == 'GET' else 0
        part = request.headers.get('Range')
        self.requests.append(
            Request(request.method, part, response.status, sent)
        )
        for name in self.hidden & response.headers.keys():
            del response.headers[name]
        await asyncio.sleep(self.latency + sent / self.bandwidth)


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """Serve a folder by aiohttp, which knows ranges, ETag and If-Match."""
    server, loop = Server(folder), asyncio.new_event_loop()
    app = web.Application(client_max_size=2**30)
    app.router.add_get('/{name:.+}', server.get)
    app.router.add_put('/{name:.+}', server.put)
    app.on_response_prepare.append(server.account)
    runner = web.AppRunner(app)

    async def start() -> None:
        await runner.setup()
        site = web.TCPSite(runner, '127.0.0.1', 0)
        await site.start()
        host, port = site._server.sockets[0].getsockname()
        server.address = f'http://{host}:{port}'

    loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class Plain(http.server.SimpleHTTPRequestHandler):
    """Python's own server, which knows no ranges."""

    def log_message(self, *args) -> None:
        pass

    def handle(self) -> None:
        with suppress(ConnectionError):  # the client has enough
            super().handle()


@contextmanager
def serving_without_ranges(folder: Path) -> Iterator[str]:
    """Serve a folder by Python's `http.server`; give its address."""
    handler = functools.partial(Plain, directory=str(folder))
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f'http://127.0.0.1:{server.server_port}'
        finally:
            server.shutdown()
            thread.join()
