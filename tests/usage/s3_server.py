"""A server of S3 on loopback, and what may go wrong on the way to it: between server and client stands `Trouble`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

SLOW = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
EXPIRED = (
    b"<?xml version='1.0'?><Error><Code>PreconditionFailed</Code>"
    b"<Message>At least one of the pre-conditions you specified did not hold</Message></Error>"
)
DENIED = "<?xml version='1.0'?><Error><Code>{code}</Code><Message>It does not exist.</Message></Error>"


@dataclass
class Trouble:
    """A WSGI application in front of another. `read` are the paths of the objects that were asked for, and how much.

    The next `slow` requests for objects are told to come later. `cut` takes the end off each object; `denied` refuses
    everything with that code. Where an object is `replaced`, a part of the one that was there is asked for in vain.
    """

    app: Any
    slow: int = 0
    cut: bool = False
    denied: str = ""
    replaced: bool = False
    read: list[str] = field(default_factory=list)

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        if self.denied:
            return _answer(start, "403 Forbidden", DENIED.format(code=self.denied).encode())
        if method != "GET" or path.count("/") < 2 or path.endswith("/"):
            return self.app(environ, start)  # type: ignore[no-any-return]
        if self.slow:
            self.slow -= 1
            return _answer(start, "503 Slow Down", SLOW)
        if self.replaced:
            return _answer(start, "412 Precondition Failed", EXPIRED)
        self.read.append(path)
        answer = b"".join(self.app(environ, start))
        return [answer[: len(answer) // 2]] if self.cut else [answer]


def _answer(start: Callable[..., Any], status: str, body: bytes) -> list[bytes]:
    start(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
    return [body]


def described(address: str) -> dict[str, str]:
    """Return the variables by which clients find the server, with credentials that it takes."""
    return {
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "not-a-secret-of-anybody",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


@contextmanager
def s3_server() -> Iterator[tuple[str, Trouble]]:
    """Yield the address of an empty S3 that serves until the end of the block, and its trouble."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    trouble = Trouble(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, trouble, threaded=True, request_handler=MotoRequestHandler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        address = f"http://127.0.0.1:{server.port}"
        httpx.post(f"{address}/moto-api/reset").raise_for_status()
        yield address, trouble
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
