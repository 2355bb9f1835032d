"""A server with a certificate of an authority that nobody knows, and a proxy that passes connections through."""

from __future__ import annotations

import select
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class Served:
    """`url` of a server, the file of its `authority`, and what it was asked for."""

    url: str
    authority: Path = Path()
    asked: list[str] = field(default_factory=list)
    connections: int = 0


def _certificate(folder: Path) -> Path:
    """Make a certificate for this machine that is its own authority; the key is in the same file."""
    both = folder / "server.pem"
    names = "subjectAltName=DNS:localhost,DNS:api.private.test,IP:127.0.0.1"
    made = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "authority.pem")]
    kind = [
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
        "-addext",
        names,
    ]
    subprocess.run(["openssl", "req", *kind, *made], check=True, capture_output=True)
    both.write_bytes((folder / "key.pem").read_bytes() + (folder / "authority.pem").read_bytes())
    return both


@contextmanager
def _running(server: ThreadingHTTPServer) -> Iterator[int]:
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def tls_server(folder: Path, answer: bytes) -> Iterator[Served]:
    """Serve `answer` as JSON to every GET over TLS on loopback."""
    served = Served("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            served.connections += 1

        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            served.asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(folder))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with _running(server) as port:
        served.url, served.authority = f"https://127.0.0.1:{port}", folder / "authority.pem"
        yield served


@contextmanager
def proxy(target: int) -> Iterator[Served]:
    """Pass every CONNECT through to the port `target` on this machine, whatever host it names."""
    served = Served("")

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_CONNECT(self) -> None:
            served.asked.append(self.path)
            with socket.create_connection(("127.0.0.1", target)) as there:
                self.send_response(200)
                self.end_headers()
                _pass_on(self.connection, there)
            self.close_connection = True

    with _running(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        served.url = f"http://127.0.0.1:{port}"
        yield served


def _pass_on(here: socket.socket, there: socket.socket) -> None:
    ends = {here: there, there: here}
    while True:
        for end in select.select(list(ends), [], [], 10)[0]:
            data = end.recv(65536)
            if not data:
                return
            ends[end].sendall(data)
