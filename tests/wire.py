"""A server on loopback that sends bytes as it was told to, whether they make an answer or not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class RawServer:
    """A server that sends bytes as it was told to. `requests` are the heads (and bodies) of what it received."""

    url: str
    requests: list[str] = field(default_factory=list)
    connections: int = 0


Answer = Callable[[socket.socket, str], None]


@contextmanager
def raw_server(answer: Answer) -> Iterator[RawServer]:
    """Serve on loopback; `answer` is given the connection and the request, and may do to them what it likes."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = RawServer(url=f"http://127.0.0.1:{listener.getsockname()[1]}")
    threads: list[threading.Thread] = []
    open_connections: list[socket.socket] = []

    def serve(connection: socket.socket) -> None:
        with connection:
            try:
                while request := receive(connection):
                    server.requests.append(request)
                    answer(connection, request)
            except OSError:
                return

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            server.connections += 1
            open_connections.append(connection)
            threads.append(thread := threading.Thread(target=serve, args=(connection,), daemon=True))
            thread.start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join()
        for connection in open_connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        for thread in threads:
            thread.join()


def receive(connection: socket.socket) -> str:
    """Return one request, head and body; empty when the connection is at its end."""
    data = b""
    while b"\r\n\r\n" not in data:
        if not (chunk := connection.recv(65536)):
            return ""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    while lengths and len(body) < int(lengths[0]):
        body += connection.recv(65536)
    return (head + b"\r\n\r\n" + body).decode()


def reply(body: bytes | str, *, status: str = "200 OK", headers: dict[str, str] | None = None) -> bytes:
    """Return the bytes of a whole answer."""
    content = body.encode() if isinstance(body, str) else body
    lines = {"Content-Length": str(len(content)), "Content-Type": "application/json", **(headers or {})}
    return "\r\n".join([f"HTTP/1.1 {status}", *(f"{k}: {v}" for k, v in lines.items()), "", ""]).encode() + content
