"""Export jobs: created, awaited and downloaded. Nothing but POST of a job and GET is ever sent.

A download may lead to object storage. The token goes to the API's own origin only, never over a way that left it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

import httpx
from httpx_retries import Retry

from reconciler.findings import RejectedError, RemoteError, UnreachableError
from reconciler.http.clients import single_use_client
from reconciler.http.endpoint import origin_of
from reconciler.http.failures import log_answer, shown
from reconciler.keeptrusts import exact_json
from reconciler.keeptrusts.channel import RETRIED_STATUSES, Heard, OnAnswer, retry_policy
from reconciler.keeptrusts.connection import Connection
from reconciler.keeptrusts.download import follow, save
from reconciler.keeptrusts.failures import answered, error_of, unreachable, unreadable
from reconciler.keeptrusts.fields import Item
from reconciler.keeptrusts.ledger import segment

JOBS = "/v1/exports/jobs"
LARGEST_ANSWER = 1024 * 1024
_LONGEST_WAIT = 5.0

_COMPLETED = frozenset({"completed", "complete", "succeeded"})
_ENDED = frozenset({"failed", "expired", "error", "cancelled", "canceled"})
_Result = TypeVar("_Result")
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ExportJob:
    """An export job. `status` is lower case: queued, processing, completed, failed or expired."""

    id: str
    status: str
    format: str
    reason: str = ""

    @property
    def is_completed(self) -> bool:
        return self.status in _COMPLETED


class _TransientError(Exception):
    """An attempt failed in a way that may pass: `cause` is the answer or the exception, `error` what to raise."""

    def __init__(self, cause: httpx.Response | httpx.HTTPError, error: RemoteError) -> None:
        self.cause = cause
        self.error = error


class ExportJobs:
    """The export jobs of one Keeptrusts; open it with `with`. `transport` replaces the network.

    `poll` is the first wait between two looks at a job, in seconds; each next one is twice as long, up to five.
    `on_answer` is told of every answer about a job, and not of what is downloaded.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        transport: httpx.BaseTransport | None = None,
        poll: float = 0.1,
        on_answer: OnAnswer | None = None,
    ) -> None:
        self._connection = connection
        self._on_answer = on_answer
        self._poll = poll
        self._client = single_use_client(
            connection,
            connection.headers,
            timeout=connection.timeout,
            transport=transport,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def create(self, type: str, format: str, *, date_from: date, date_to: date) -> ExportJob:
        """Create a job for the days from `date_from` to `date_to`, both included. Sent once, never repeated."""
        body = {"type": type, "format": format, "date_from": date_from.isoformat(), "date_to": date_to.isoformat()}
        content = exact_json.encode(body).encode()
        document = self._patiently(lambda: self._json("POST", JOBS, content=content), retry=Retry(total=0))
        return self._job(document, f"the answer to POST {JOBS}", format)

    def wait(
        self, job: ExportJob, *, on_progress: Callable[[int, int], None] | None = None, timeout: float = 1800.0
    ) -> ExportJob:
        """Return `job` completed; raises RemoteError when it failed, expired or took more than `timeout` seconds.

        `on_progress` is told the number of looks at the job and 0, for nobody knows how many there will be.
        """
        deadline = time.monotonic() + timeout
        looks, pause = 0, self._poll
        while not job.is_completed:
            if job.status in _ENDED:
                raise _ended(job)
            if looks and time.monotonic() + pause > deadline:
                raise UnreachableError(
                    f"export job {shown(job.id, limit=60)} is still {shown(job.status, limit=40)}"
                    f" after {timeout:g} seconds",
                    hint="run the command again later, or name export files with `--usage`",
                )
            if looks:
                time.sleep(pause)
                pause = min(pause * 2, _LONGEST_WAIT)
            job = self._look(job)
            looks += 1
            if on_progress is not None:
                on_progress(looks, 0)
        return job

    def download(self, job: ExportJob, folder: Path) -> Path:
        """Return the file of a completed job, streamed into `folder`, whole; what breaks off is tried again."""
        return self._patiently(lambda: self._download(job, folder), retry=retry_policy(self._connection))

    def _look(self, job: ExportJob) -> ExportJob:
        path = f"{JOBS}/{segment(job.id)}"
        document = self._patiently(lambda: self._json("GET", path), retry=retry_policy(self._connection))
        return self._job(document, f"the answer to GET {path}", job.format)

    def _download(self, job: ExportJob, folder: Path) -> Path:
        path = f"{JOBS}/{segment(job.id)}/download"
        started = time.monotonic()
        try:
            with follow(self._client, self._connection, path) as response:
                log_answer(_logger, "GET", path, response, started)
                if not response.is_success:
                    raise self._refusal("GET", path, response, _bounded(response))
                return save(response, folder, name=job.id, format=job.format, path=path)
        except httpx.HTTPError as error:
            raise _TransientError(error, unreachable(self._connection, "GET", path, error)) from None

    def _json(self, method: Literal["GET", "POST"], path: str, *, content: bytes | None = None) -> Any:
        headers = {**self._connection.authorization, **({"Content-Type": "application/json"} if content else {})}
        request = self._client.build_request(method, self._connection.url(path), headers=headers, content=content)
        started = time.monotonic()
        try:
            with closing(self._client.send(request, stream=True)) as response:
                log_answer(_logger, method, path, response, started)
                body = _bounded(response)
                if self._on_answer is not None:
                    self._on_answer(Heard(path, {}, response.status_code, response.headers, body, method))
                if not response.is_success:
                    raise self._refusal(method, path, response, body)
                return exact_json.decode(body)
        except httpx.HTTPError as error:
            raise _TransientError(error, unreachable(self._connection, method, path, error)) from None
        except ValueError as error:
            raise unreadable(f"the answer to {method} {path}", f"it is not JSON ({shown(str(error))})") from None

    def _job(self, document: Any, where: str, format: str) -> ExportJob:
        for name in ("data", "job"):
            if isinstance(document, Mapping) and isinstance(document.get(name), Mapping):
                document = document[name]
        if not isinstance(document, Mapping):
            raise unreadable(where, "it is no object")
        item = Item(where, document)
        reason = item.raw("error", "message", "reason")
        return ExportJob(
            id=item.text("id"),
            status=item.word("status"),
            format=item.optional_text("format").lower() or format,
            reason="" if reason is None else shown(self._connection.redact(str(reason))),
        )

    def _refusal(self, method: str, path: str, response: httpx.Response, body: bytes) -> Exception:
        if origin_of(response.request.url) == self._connection.origin:
            error = error_of(self._connection, method, path, response, body)
        else:
            sentence = answered(self._connection, method, path, response, body)
            error = RejectedError(
                f"the storage at {response.request.url.host} refused the download: {sentence}",
                status=response.status_code,
                hint="run the command again for a fresh download address",
            )
        return _TransientError(response, error) if response.status_code in RETRIED_STATUSES else error

    def _patiently(self, attempt: Callable[[], _Result], *, retry: Retry) -> _Result:
        """Return what `attempt` returns, tried again after what may pass, as `retry` says."""
        while True:
            try:
                return attempt()
            except _TransientError as failure:
                if retry.is_exhausted():
                    raise failure.error from None
                retry = retry.increment()
                cause = failure.cause
                if isinstance(cause, httpx.Response) and cause.status_code == httpx.codes.TOO_MANY_REQUESTS:
                    self._connection.put_off(cause.headers)
                retry.sleep(cause)


def _ended(job: ExportJob) -> RemoteError:
    why = f": {job.reason}" if job.reason else ""
    return RemoteError(
        f"export job {shown(job.id, limit=60)} is {shown(job.status, limit=40)}{why}",
        hint="run the command again for a new export, or name export files with `--usage`",
    )


def _bounded(response: httpx.Response) -> bytes:
    """Return the body up to a size that no job's description has: what is cut off is no JSON any more."""
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > LARGEST_ANSWER:
            break
    return bytes(body[:LARGEST_ANSWER])
