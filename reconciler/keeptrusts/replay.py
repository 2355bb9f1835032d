"""Answers that were recorded, instead of the network: what was read once is read again, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import httpx

from reconciler.keeptrusts.channel import Heard
from reconciler.model.recorded import RecordedAnswer

_LEFT_OUT = frozenset(
    {"connection", "content-encoding", "content-length", "date", "server", "set-cookie", "transfer-encoding"}
)
"""Headers of the transport, or of a session; the others may say how a listing goes on."""
ADDRESS = "http://127.0.0.1:9"
"""Where nothing listens: a request that the transport does not answer itself would reach nobody."""


def kept_answers(heard: Iterable[Heard]) -> tuple[RecordedAnswer, ...]:
    """Return the last answer to each question as it came, without the headers of the transport."""
    last = {(one.path, tuple(sorted(one.query.items()))): one for one in heard}
    return tuple(_kept(last[question]) for question in sorted(last))


def _kept(heard: Heard) -> RecordedAnswer:
    headers = {name.lower(): value for name, value in heard.headers.items() if name.lower() not in _LEFT_OUT}
    return RecordedAnswer(
        path=heard.path,
        query=dict(sorted(heard.query.items())),
        status=heard.status,
        headers=dict(sorted(headers.items())),
        body=heard.body.decode("utf-8"),
    )


class Replay(httpx.AsyncBaseTransport):
    """Answers each question as it was answered; one that was never asked is not found."""

    def __init__(self, answers: Iterable[RecordedAnswer]) -> None:
        self._answers: Mapping[tuple[str, tuple[tuple[str, str], ...]], RecordedAnswer] = {
            (answer.path, tuple(sorted(answer.query.items()))): answer for answer in answers
        }

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return what was answered to this path and query."""
        found = self._answers.get((request.url.path, tuple(sorted(request.url.params.items()))))
        if found is None:
            return httpx.Response(404, json={"error": {"code": "not_recorded"}})
        return httpx.Response(found.status, headers=dict(found.headers), content=found.body.encode())
