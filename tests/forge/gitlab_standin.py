"""A GitLab that holds state: one project with merge requests, notes, approvals, pipelines, jobs and their artefacts."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "glpat-of-the-project"
BOT = 42


@dataclass
class Job:
    id: int
    name: str
    status: str
    artifacts: Path


@dataclass
class Pipeline:
    """`merge_request` is None for one of the default branch."""

    id: int
    merge_request: int | None
    jobs: list[Job] = field(default_factory=list)


@dataclass
class MergeRequest:
    iid: int
    author: str
    sha: str
    state: str = "opened"
    merge_commit_sha: str | None = None
    approved_by: list[str] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class GitLab:
    """`refused` lists requests that no GitLab would answer; a test must end without any."""

    merge_requests: dict[int, MergeRequest] = field(default_factory=dict)
    pipelines: list[Pipeline] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Any:
        """Return the JSON document or the bytes of an answer, None where there is no such thing."""
        if path == "/user":
            return {"id": BOT, "username": "project_1_bot"}
        if found := re.fullmatch(r"/projects/1/repository/commits/(\w+)/merge_requests", path):
            return [
                self._shown(one) for one in self.merge_requests.values() if found[1] in (one.sha, one.merge_commit_sha)
            ]
        if found := re.fullmatch(r"/projects/1/merge_requests/(\d+)/(\w+)(?:/(\d+))?", path):
            return self._of_merge_request(self.merge_requests[int(found[1])], method, found[2], found[3], query, body)
        if found := re.fullmatch(r"/projects/1/pipelines/(\d+)/jobs", path):
            (pipeline,) = [one for one in self.pipelines if one.id == int(found[1])]
            return [{"id": job.id, "name": job.name, "status": job.status} for job in reversed(pipeline.jobs)]
        if found := re.fullmatch(r"/projects/1/jobs/(\d+)/artifacts/([\w.-]+)", path):
            (job,) = [job for one in self.pipelines for job in one.jobs if job.id == int(found[1])]
            file = job.artifacts / found[2]
            return file.read_bytes() if file.exists() else None
        self.refused.append(f"{method} {path}")
        return None

    def _of_merge_request(
        self, one: MergeRequest, method: str, what: str, number: str | None, query: dict[str, list[str]], body: Any
    ) -> Any:
        if what == "approvals":
            return {
                "approved": bool(one.approved_by),
                "approved_by": [{"user": {"username": who}} for who in one.approved_by],
            }
        if what == "pipelines":
            return [{"id": item.id} for item in self.pipelines if item.merge_request == one.iid]
        if what == "notes" and method == "GET":
            size, page = int(query["per_page"][0]), int(query["page"][0])
            return one.notes[(page - 1) * size : page * size]
        if what == "notes" and method == "POST":
            one.notes.append({"id": 100 + len(one.notes), "author": {"id": BOT}, "body": body["body"]})
            return one.notes[-1]
        if what == "notes" and method == "PUT" and number:
            (note,) = [note for note in one.notes if note["id"] == int(number) and note["author"]["id"] == BOT]
            note["body"] = body["body"]
            return note
        self.refused.append(f"{method} {what}")
        return None

    def _shown(self, one: MergeRequest) -> dict[str, Any]:
        return {
            "iid": one.iid,
            "state": one.state,
            "target_branch": "main",
            "sha": one.sha,
            "merge_commit_sha": one.merge_commit_sha,
            "squash_commit_sha": None,
            "author": {"username": one.author},
        }


@contextmanager
def serving(gitlab: GitLab) -> Iterator[GitLab]:
    """Serve `gitlab` on loopback until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def do_PUT(self) -> None:
            self._answer()

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            known = self.headers.get("PRIVATE-TOKEN") == TOKEN
            found = gitlab.answer(self.command, parts.path, parse_qs(parts.query), body) if known else None
            answer = found if isinstance(found, bytes) else json.dumps(found).encode()
            self.send_response(401 if not known else 404 if found is None else 200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    gitlab.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield gitlab
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
