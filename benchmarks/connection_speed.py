"""What it costs that no answer can be taken for another request's, over bare httpx on kept connections.

A read keeps its connection, on which a parser of our own follows every answer: the claim is 1.3 times a bare GET, or
less. A write closes its connection behind its answer: what that costs is stated over a bare POST on a kept connection,
and so is what it would cost reads. The server is on this machine, a process of its own; no network is in between, where
each new connection would wait for two more round trips.

Run: python benchmarks/connection_speed.py [--requests 300]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path

import httpx
from pydantic import SecretStr
from ratio import Ratio

from reconciler.http.clients import reading_client, single_use_client
from reconciler.http.watched import whole
from reconciler.keeptrusts.connection import Connection

LIMIT = 1.3
ROUNDS = 7
BODY = (
    b'{"data": [' + b",".join(b'{"id": "txn_%d", "type": "allocate", "amount": 10.00}' % n for n in range(10)) + b"]}"
)
LARGEST = 1024 * 1024


async def bare_read(url: str, trusted: ssl.SSLContext, requests: int, *, closed: bool) -> float:
    """Return the seconds of GETs by a client of httpx's own."""
    headers = {"Connection": "close"} if closed else {}
    async with httpx.AsyncClient(headers=headers, verify=trusted, trust_env=False) as client:
        await client.get(url)
        began = time.perf_counter()
        for _ in range(requests):
            async with client.stream("GET", url) as response:
                await response.aread()
        return time.perf_counter() - began


async def our_read(url: str, requests: int) -> float:
    """Return the seconds of GETs whose answers are followed."""
    client = reading_client(Connection(base_url=url, token=SecretStr("bench")), {}, timeout=httpx.Timeout(10))
    async with aclosing(client):
        await whole(await client.send(client.get(httpx.URL(url), {})), largest=LARGEST)
        began = time.perf_counter()
        for _ in range(requests):
            response = await client.send(client.get(httpx.URL(url), {}))
            await whole(response, largest=LARGEST)
        return time.perf_counter() - began


def write(client: httpx.Client, url: str, requests: int) -> float:
    with client:
        client.post(url, content=BODY)
        began = time.perf_counter()
        for _ in range(requests):
            client.post(url, content=BODY)
        return time.perf_counter() - began


def one_round(url: str, trusted: ssl.SSLContext, requests: int) -> tuple[float, ...]:
    """Return milliseconds a request: read bare, read followed, read on new connections, write bare, write of ours."""
    seconds = (
        asyncio.run(bare_read(url, trusted, requests, closed=False)),
        asyncio.run(our_read(url, requests)),
        asyncio.run(bare_read(url, trusted, requests, closed=True)),
        write(httpx.Client(verify=trusted, trust_env=False), url, requests),
        write(single_use_client(Connection(base_url=url, token=SecretStr("bench")), {}, timeout=10), url, requests),
    )
    return tuple(each / requests * 1000 for each in seconds)


def measure(requests: int) -> None:
    worst = 0.0
    with tempfile.TemporaryDirectory() as name:
        folder = certificate(Path(name))
        os.environ["SSL_CERT_FILE"] = str(folder / "authority.pem")
        trusted = ssl.create_default_context(cafile=str(folder / "authority.pem"))
        for scheme in ("http", "https"):
            with serving(scheme, folder) as url:
                rounds = [one_round(url, trusted, requests) for _ in range(ROUNDS)]
            worst = max(worst, told(scheme, rounds))
    print(Ratio("a followed read to a bare one", worst, LIMIT))


def told(scheme: str, rounds: list[tuple[float, ...]]) -> float:
    """Print the medians and return the ratio of a followed read to a bare one, taken round by round."""
    bare, ours, closed, posted, alone = (statistics.median(column) for column in zip(*rounds, strict=True))
    followed, new, written = (
        statistics.median(each[index] / each[floor] for each in rounds) for index, floor in ((1, 0), (2, 0), (4, 3))
    )
    print(f"{scheme:5}  read on a kept connection, bare      {bare:6.2f} ms")
    print(f"{scheme:5}  read on a kept connection, followed  {ours:6.2f} ms  {followed:5.2f} x")
    print(f"{scheme:5}  read on a connection of its own      {closed:6.2f} ms  {new:5.2f} x (not what we do)")
    print(f"{scheme:5}  write on a kept connection, bare     {posted:6.2f} ms")
    print(f"{scheme:5}  write on a connection of its own     {alone:6.2f} ms  {written:5.2f} x")
    return followed


def certificate(folder: Path) -> Path:
    """Make a certificate for this machine that is its own authority."""
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "authority.pem")]
    kind = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(["openssl", "req", *kind, *names, *files], check=True, capture_output=True)
    return folder


@contextmanager
def serving(scheme: str, folder: Path) -> Iterator[str]:
    command = [sys.executable, __file__, "--serve", scheme, "--certificate", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"{scheme}://127.0.0.1:{process.stdout.readline().strip()}/v1/wallets"
        finally:
            process.terminate()


async def serve(scheme: str, folder: Path) -> None:
    """Answer every request at once until terminated; print the port."""
    context = None
    if scheme == "https":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "authority.pem", folder / "key.pem")
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n" % len(BODY)
    try:
        while asked := await reader.readuntil(b"\r\n\r\n"):
            if asked.startswith(b"POST"):
                await reader.readexactly(len(BODY))
            last = b"connection: close" in asked.lower()
            writer.write(head + (b"Connection: close\r\n" if last else b"") + b"\r\n" + BODY)
            await writer.drain()
            if last:
                break
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--serve", choices=["http", "https"])
    parser.add_argument("--certificate", type=Path, default=Path())
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve(options.serve, options.certificate))
    else:
        measure(options.requests)


if __name__ == "__main__":
    main()
