"""Export jobs: created once, awaited, downloaded whole, and the token stays at home."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.findings import RejectedError, RemoteError, UnauthorizedError, UnreachableError, UnreadableError
from reconciler.keeptrusts.exports import ExportJob, ExportJobs

JOB = ExportJob("job_1", "completed", "csv")
DOWNLOAD = "/v1/exports/jobs/job_1/download"
CSV = b"id,cost\nevt_1,0.25\n"


class Server:
    """Answers by path: an answer, a function of the request, or a list of them, the last of which stays."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {path.replace("__", "/"): answer for path, answer in answers.items()}
        self.seen: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        answer = self.answers[f"{request.method} {request.url.path}"]
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if isinstance(answer, Exception):
            raise answer
        response: httpx.Response = answer(request) if callable(answer) else answer
        return response


def jobs(make: Any, answers: dict[str, Any]) -> tuple[ExportJobs, Server]:
    server = Server()
    server.answers = answers
    return ExportJobs(make.fast(), transport=httpx.MockTransport(server), poll=0), server


def status(word: str, **fields: Any) -> httpx.Response:
    return httpx.Response(200, json={"id": "job_1", "status": word, **fields})


def streamed(body: bytes, **headers: str) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(
        200, stream=httpx.ByteStream(body), headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def test_a_job_is_created_awaited_in_any_case_of_letters_and_downloaded(make: Any, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    client, server = jobs(
        make,
        {
            "POST /v1/exports/jobs": httpx.Response(202, json={"id": "job_1", "status": "queued"}),
            "GET /v1/exports/jobs/job_1": [status("Processing"), httpx.Response(503), status("COMPLETED")],
            f"GET {DOWNLOAD}": streamed(CSV),
        },
    )
    with client:
        job = client.create("events", "csv", date_from=date(2025, 6, 1), date_to=date(2026, 5, 31))
        done = client.wait(job, on_progress=lambda looks, total: told.append((looks, total)))
        file = client.download(done, tmp_path / "new")
    assert json.loads(server.seen[0].content) == {
        "type": "events",
        "format": "csv",
        "date_from": "2025-06-01",
        "date_to": "2026-05-31",
    }
    assert (job, done) == (ExportJob("job_1", "queued", "csv"), JOB)
    assert told == [(1, 0), (2, 0)]
    assert (file.name, file.read_bytes()) == ("job_1.csv", CSV)
    assert {(request.method, request.url.path) for request in server.seen if request.method != "GET"} == {
        ("POST", "/v1/exports/jobs")
    }


def test_each_wait_that_is_asked_for_is_told_with_its_seconds(make: Any) -> None:
    waits: list[float | None] = []
    busy = httpx.Response(429, headers={"Retry-After": "0"})
    answers = [httpx.Response(503), busy, httpx.Response(429), status("completed")]
    server = Server()
    server.answers = {"GET /v1/exports/jobs/job_1": answers}
    connection = make.fast(on_limit=waits.append)
    with ExportJobs(connection, transport=httpx.MockTransport(server), poll=0) as client:
        client.wait(ExportJob("job_1", "queued", "csv"))
    assert waits == [0, None]


def test_a_job_is_looked_at_soon_and_then_ever_less_often(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("reconciler.keeptrusts.exports.time.sleep", waits.append)
    server = Server()
    server.answers = {"GET /v1/exports/jobs/job_1": [status("running")] * 9 + [status("completed")]}
    with ExportJobs(make.fast(), transport=httpx.MockTransport(server)) as client:
        client.wait(ExportJob("job_1", "queued", "csv"))
    assert waits == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(503), RejectedError),
        (httpx.Response(403), UnauthorizedError),
        (httpx.ReadTimeout("silence"), UnreachableError),
        (httpx.Response(200, text="no"), UnreadableError),
        (httpx.Response(200, text="[]"), UnreadableError),
        (httpx.Response(200, text='{"id": "job_1"}'), UnreadableError),
        (httpx.Response(200, text="[" + " " * 2_000_000 + "]"), UnreadableError),
    ],
)
def test_a_job_that_is_not_created_is_asked_for_once(make: Any, answer: Any, error: type[RemoteError]) -> None:
    client, server = jobs(make, {"POST /v1/exports/jobs": answer})
    with client, pytest.raises(error, match="POST /v1/exports/jobs") as caught:
        client.create("events", "csv", date_from=date(2026, 6, 1), date_to=date(2026, 6, 2))
    assert len(server.seen) == 1
    assert caught.value.hint


def test_a_job_in_an_envelope_is_read(make: Any) -> None:
    client, _ = jobs(
        make,
        {
            "POST /v1/exports/jobs": httpx.Response(
                200, json={"data": {"job": {"id": 5, "status": "Done?", "format": "JSON"}}}
            )
        },
    )
    with client:
        created = client.create("events", "csv", date_from=date(2026, 6, 1), date_to=date(2026, 6, 2))
    assert created == ExportJob("5", "done?", "json")


@pytest.mark.parametrize("word", ["failed", "Expired", "ERROR", "cancelled"])
def test_a_job_that_ended_without_a_file_says_why_without_the_token(make: Any, word: str) -> None:
    client, _ = jobs(make, {"GET /v1/exports/jobs/job_1": status(word, error=f"no rows for {make.token}")})
    with client, pytest.raises(RemoteError, match=rf"job_1 is {word.lower()}: no rows for \*\*\*") as caught:
        client.wait(ExportJob("job_1", "queued", "csv"))
    assert "--usage" in caught.value.hint


def test_a_job_that_takes_too_long_is_not_awaited_for_ever(make: Any) -> None:
    client, server = jobs(make, {"GET /v1/exports/jobs/job_1": status("processing")})
    with client, pytest.raises(UnreachableError, match="still processing after 0 seconds"):
        client.wait(ExportJob("job_1", "queued", "csv"), timeout=0)
    assert len(server.seen) == 1


def test_a_completed_job_needs_no_look(make: Any) -> None:
    client, server = jobs(make, {})
    with client:
        assert client.wait(JOB) == JOB
    assert server.seen == []


@pytest.mark.parametrize(
    ("body", "headers", "format", "name"),
    [
        (CSV, {}, "csv", "job_1.csv"),
        (CSV, {}, "unheard-of", "job_1.csv"),
        (b"[]", {}, "JSON", "job_1.json"),
        (b"{}\n", {"content-disposition": 'attachment; filename="events.ndjson"'}, "csv", "job_1.jsonl"),
        (b"PAR1....", {}, "csv", "job_1.parquet"),
        (gzip.compress(CSV, mtime=0), {"content-encoding": "gzip"}, "csv", "job_1.csv.gz"),
        (
            gzip.compress(CSV, mtime=0),
            {"content-disposition": "attachment; filename=a.jsonl.gz"},
            "csv",
            "job_1.jsonl.gz",
        ),
        (CSV, {"content-disposition": 'attachment; filename="../../etc/passwd"'}, "csv", "job_1.csv"),
        (CSV, {"content-disposition": "attachment; filename=/tmp/x.sh"}, "csv", "job_1.csv"),
        (b"", {"content-encoding": "identity"}, "csv", "job_1.csv"),
    ],
)
def test_the_name_of_a_file_tells_what_its_bytes_are_and_never_where_it_goes(
    make: Any, tmp_path: Path, body: bytes, headers: dict[str, str], format: str, name: str
) -> None:
    client, _ = jobs(make, {f"GET {DOWNLOAD}": streamed(body, **headers)})
    with client:
        file = client.download(ExportJob("job_1", "completed", format), tmp_path)
    assert (file, file.read_bytes()) == (tmp_path / name, body)
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def test_a_hostile_job_id_stays_in_the_folder(make: Any, tmp_path: Path) -> None:
    client, server = jobs(make, {"GET /v1/exports/jobs/../../x/download": streamed(CSV)})
    with client:
        file = client.download(ExportJob("../../x", "completed", "csv"), tmp_path)
    assert file == tmp_path / "_x.csv"
    assert server.seen[0].url.raw_path == b"/v1/exports/jobs/..%2F..%2Fx/download"


def test_an_encoding_that_was_not_asked_for_is_refused(make: Any, tmp_path: Path) -> None:
    client, _ = jobs(make, {f"GET {DOWNLOAD}": streamed(CSV, content_encoding="br")})
    with client, pytest.raises(UnreadableError, match="`br`"):
        client.download(JOB, tmp_path)


def test_a_download_with_bytes_missing_is_tried_again_and_then_refused_and_leaves_nothing(
    make: Any, tmp_path: Path
) -> None:
    client, server = jobs(make, {f"GET {DOWNLOAD}": streamed(CSV, content_length="500")})
    with client, pytest.raises(UnreachableError, match="19 of 500 bytes"):
        client.download(JOB, tmp_path)
    assert len(server.seen) == 5
    assert list(tmp_path.iterdir()) == []


def test_a_download_that_breaks_off_is_tried_again(make: Any, serve: Any, tmp_path: Path) -> None:
    answers = [
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nid,cost\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nid,cost\n",
        make.reply("busy", status="503 Busy"),
        make.reply(CSV),
    ]

    def answer(connection: socket.socket, request: str) -> None:
        connection.sendall(answers.pop(0))
        connection.shutdown(socket.SHUT_RDWR)

    with serve(answer) as server, ExportJobs(make.fast(server.url)) as client:
        assert client.download(JOB, tmp_path).read_bytes() == CSV
    assert len(server.requests) == 4


@pytest.mark.parametrize("status_code", [301, 302, 303, 307, 308])
def test_object_storage_gets_neither_the_token_nor_a_cookie(
    make: Any, serve: Any, tmp_path: Path, status_code: int
) -> None:
    with serve(lambda connection, _: connection.sendall(make.reply(CSV))) as storage:
        headers = {"Location": f"{storage.url}/bucket/file.csv?signature=s", "Set-Cookie": "session=1"}
        moved = make.reply("", status=f"{status_code} Moved", headers=headers)
        with (
            serve(lambda connection, _: connection.sendall(moved)) as server,
            ExportJobs(make.fast(server.url)) as client,
        ):
            assert client.download(JOB, tmp_path).read_bytes() == CSV
    assert make.token in server.requests[0]
    (request,) = storage.requests
    assert request.startswith("GET /bucket/file.csv?signature=s ")
    assert "authorization" not in request.lower()
    assert "cookie" not in request.lower()


def test_a_way_that_left_home_and_comes_back_has_lost_the_token(make: Any, tmp_path: Path) -> None:
    answers = {
        "https://api.keeptrusts.test/v1/exports/jobs/job_1/download": "file",
        "https://api.keeptrusts.test/v1/exports/jobs/job_1/file": "https://storage.test/a",
        "https://storage.test/a": "https://api.keeptrusts.test/b",
    }
    seen: list[tuple[str, bool]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((str(request.url), "authorization" in request.headers))
        target = answers.get(str(request.url))
        return httpx.Response(302, headers={"Location": target}) if target else streamed(CSV)(request)

    with ExportJobs(make.fast(), transport=httpx.MockTransport(answer)) as client:
        client.download(JOB, tmp_path)
    assert [token for _, token in seen] == [True, True, False, False]


@pytest.mark.parametrize(
    ("location", "error"),
    [
        ("http://storage.test/file", RejectedError),
        ("http://api.keeptrusts.test/file", RejectedError),
        ("ftp://storage.test/file", RejectedError),
        ("file:///etc/passwd", RejectedError),
        (DOWNLOAD, UnreadableError),
    ],
)
def test_a_download_never_leaves_encryption_and_never_runs_in_circles(
    make: Any, tmp_path: Path, location: str, error: type[RemoteError]
) -> None:
    client, server = jobs(make, {f"GET {DOWNLOAD}": httpx.Response(302, headers={"Location": location})})
    with client, pytest.raises(error) as caught:
        client.download(JOB, tmp_path)
    assert len(server.seen) <= 6
    assert caught.value.hint


def test_a_redirect_to_no_address_is_an_error(make: Any, tmp_path: Path) -> None:
    client, _ = jobs(make, {f"GET {DOWNLOAD}": httpx.Response(302, headers={"Location": "https://x:port/"})})
    with client, pytest.raises(RemoteError):
        client.download(JOB, tmp_path)


def test_a_refusal_by_the_storage_is_not_blamed_on_the_token(make: Any, tmp_path: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "storage.test":
            return httpx.Response(403, text=f"<Error>expired, Bearer {make.token}</Error>" + "x" * 2_000_000)
        return httpx.Response(302, headers={"Location": "https://storage.test/a"})

    with (
        ExportJobs(make.fast(), transport=httpx.MockTransport(answer)) as client,
        pytest.raises(RejectedError, match=r"storage at storage\.test refused") as caught,
    ):
        client.download(JOB, tmp_path)
    assert make.token not in caught.value.message
    assert len(caught.value.message) < 500
