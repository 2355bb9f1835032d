"""A relay in front of a Keeptrusts: a real server on loopback that passes requests on, and alters what comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler

from loopback import client_of, serving

Alter = Callable[[str], str]
"""Takes the text of an answer, and returns the text to send on."""


@dataclass
class Relay:
    """Passes on to `target`. `ahead` is by how much its clock is; `asked` is every request it was sent."""

    target: str
    url: str = ""
    ahead: timedelta = timedelta()
    alter: Alter = str
    asked: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def relaying(target: str) -> Iterator[Relay]:
    """Run a relay to `target` until the block ends."""
    relay = Relay(target)
    with client_of(target) as client:

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

            def date_time_string(self, timestamp: float | None = None) -> str:
                return format_datetime(datetime.now(UTC) + relay.ahead, usegmt=True)

            def _pass_on(self) -> None:
                relay.asked.append((self.command, self.path))
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                kept = {name: self.headers[name] for name in ("Authorization", "Content-Type") if name in self.headers}
                answer = client.request(self.command, self.path, headers=kept, content=body)
                data = relay.alter(answer.text).encode()
                self.send_response(answer.status_code)
                for name in ("Content-Type", "Location"):
                    if name in answer.headers:
                        self.send_header(name, answer.headers[name])
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def do_GET(self) -> None:
                self._pass_on()

            def do_POST(self) -> None:
                self._pass_on()

        with serving(Handler) as relay.url:
            yield relay
