"""A package index on this machine: it serves the files of one folder, and remembers which packages it was asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import unquote

import loopback


@dataclass
class Index:
    """`files` are offered at `url`; `asked` are the names of the packages that somebody looked for."""

    files: Path
    asked: set[str] = field(default_factory=set)
    url: str = ""

    def answer(self, path: str) -> bytes | None:
        """Return the page of a package, or a file."""
        parts = unquote(path).strip("/").split("/")
        if parts[0] == "simple":
            self.asked.add(parts[1])
            names = [file.name for file in self.files.iterdir() if _package(file.name) == parts[1]]
            return "".join(f'<a href="/files/{name}">{name}</a>' for name in names).encode() if names else None
        file = self.files / parts[-1]
        return file.read_bytes() if file.exists() else None


@contextmanager
def serving(files: Path) -> Iterator[Index]:
    """Serve `files` on loopback until the end of the block."""
    index = Index(files)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = index.answer(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Type", "application/octet-stream" if "/files/" in self.path else "text/html")
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: object) -> None:
            pass

    with loopback.serving(Handler) as url:
        index.url = f"{url}/simple"
        yield index


def _package(file: str) -> str:
    return re.sub(r"[-_.]+", "-", file.split("-")[0]).lower()
