"""A server that gives recorded answers, and nothing else: 404 for what nobody asked when they were recorded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl, unquote, urlsplit

from loopback import serving

from reconciler.model.recorded import RecordedDocument


@contextmanager
def replaying(recorded: RecordedDocument) -> Iterator[str]:
    """Serve the answers on loopback until the block ends; yields the address."""
    known = {
        (unquote(one.path), tuple(sorted(one.query.items()))): one for one in recorded.answers if one.method == "GET"
    }

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            answer = known.get((unquote(parts.path), tuple(sorted(parse_qsl(parts.query)))))
            data = (answer.body if answer else '{"error":"nobody asked that"}').encode()
            self.send_response(answer.status if answer else 404)
            for name, value in answer.headers.items() if answer else ():
                if name != "date":
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    with serving(Handler) as url:
        yield url
