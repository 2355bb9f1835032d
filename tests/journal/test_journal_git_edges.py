"""Journals in remotes that want a password, forbid deleting or rewinding refs, or are not there."""

from __future__ import annotations

import os
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from loopback import serving
from memory_keeptrusts import VirtualClock

from reconciler.findings import LockHeldError, UsageError
from reconciler.git.failures import Trouble
from reconciler.journal.file_store import FileStore
from reconciler.journal.git import Git, JournalUnreachableError
from reconciler.journal.git_lock import LEASE, LOCK
from reconciler.journal.git_store import GitStore
from reconciler.journal.journal import Journal
from reconciler.journal.place import open_store
from reconciler.journal.record import Entry, JournalError, Step
from reconciler.journal.store import FencedError, Owner, Store

TOKEN = "s3cret-t0ken"


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    path = tmp_path / "remote.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(path)], check=True)
    return path


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def written(store: Store, name: str = "op-1") -> list[Step]:
    journal = Journal.open(store, organization="org_acme", clock=VirtualClock())
    journal.append("run-1", Entry(Step.INTENT, name))
    return [record.step for record in journal.records]


# a password


class GitOverHttp(BaseHTTPRequestHandler):
    """Serves bare repositories with git's own program to whoever knows the password."""

    root: Path

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""

    def _serve(self) -> None:
        if self.headers.get("Authorization") != "Basic " + b64encode(f"bot:{TOKEN}".encode()).decode():
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        done = subprocess.run(
            ["git", "http-backend"],
            input=body,
            capture_output=True,
            check=True,
            env={
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(self.root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "REMOTE_USER": "bot",
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            },
        ).stdout
        head, _, content = done.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().splitlines())
        self.send_response(int(fields.pop("Status", "200").split()[0]))
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def served(bare: Path) -> Iterator[str]:
    """Return host and path of the remote over http."""
    git(bare, "config", "http.receivepack", "true")
    handler = type("Handler", (GitOverHttp,), {"root": bare.parent})
    with serving(handler) as url:
        yield f"{url.removeprefix('http://')}/remote.git"


def test_a_password_in_an_address_opens_the_remote_and_is_written_nowhere(served: str, tmp_path: Path) -> None:
    place = tmp_path / "here"
    place.mkdir()
    assert written(GitStore(f"http://bot:{TOKEN}@{served}", folder=place)) == [Step.INTENT]
    assert written(GitStore(f"http://bot:{TOKEN}@{served}", folder=place), "op-2") == [Step.INTENT] * 2
    kept = [file for file in place.rglob("*") if file.is_file()]
    assert kept
    assert not [file for file in kept if TOKEN.encode() in file.read_bytes()]
    assert (place / ".kt-budgets" / ".gitignore").read_text() == "*\n"


def test_a_wrong_password_is_said_to_be_one_and_not_shown(served: str, tmp_path: Path) -> None:
    with pytest.raises(JournalUnreachableError, match="Authentication failed") as caught:
        written(GitStore(f"http://bot:wr0ng-one@{served}", folder=tmp_path))
    assert caught.value.trouble is Trouble.AUTHENTICATION
    assert "wr0ng" not in caught.value.message + caught.value.hint


def test_a_password_that_an_earlier_version_kept_is_taken_out(served: str, tmp_path: Path) -> None:
    old = tmp_path / ".kt-budgets" / "journal-000000000000.git"
    git(tmp_path, "init", "--quiet", "--bare", str(old))
    with (old / "config").open("a", encoding="utf-8") as file:
        file.write(f'[remote "journal"]\n\turl = "http://bot:{TOKEN}@{served}"\n')
    written(GitStore(f"http://bot:{TOKEN}@{served}", folder=tmp_path))
    (configuration,) = (tmp_path / ".kt-budgets").glob("*/config")
    assert TOKEN not in configuration.read_text(encoding="utf-8")
    assert served in configuration.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name",
    [
        f"http://u:{TOKEN}@host/x",
        f"https:u:{TOKEN}@host/x",
        f"gti:https://u:{TOKEN}@host/x",
        f"u:{TOKEN}@host",
        f"https://host/x?private_token={TOKEN}",
    ],
)
def test_a_mistyped_journal_is_refused_without_showing_its_password(name: str) -> None:
    with pytest.raises(UsageError, match="names no journal") as caught:
        open_store(name)
    assert TOKEN not in caught.value.message


# a remote that is not there, or not ours


def test_a_name_that_is_no_remote_is_said_with_those_there_are(bare: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", str(bare), "clone")
    with pytest.raises(JournalUnreachableError, match="no remote called orgin: it has origin"):
        written(GitStore("orgin", folder=tmp_path / "clone"))
    with pytest.raises(JournalUnreachableError, match="it is in no git repository"):
        written(GitStore("origin", folder=tmp_path))


def test_a_repository_of_another_user_is_not_called_a_missing_remote(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "clone", "--quiet", str(bare), "clone")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(JournalUnreachableError, match="dubious ownership") as caught:
        written(GitStore("origin", folder=tmp_path / "clone"))
    assert caught.value.trouble is Trouble.OWNERSHIP
    assert "safe.directory" in caught.value.hint


# the lock


@pytest.fixture
def stubborn(bare: Path) -> Path:
    """A remote whose refs can be neither deleted nor rewound."""
    hook = bare / "hooks" / "update"
    hook.write_text(
        "#!/bin/sh\nzero=0000000000000000000000000000000000000000\n"
        '[ "$3" != $zero ] || { echo "deletion prohibited" >&2; exit 1; }\n'
        '[ "$2" = $zero ] || git merge-base --is-ancestor "$2" "$3"\n',
        encoding="utf-8",
    )
    hook.chmod(0o755)
    return bare


def test_a_lock_is_given_back_where_refs_cannot_be_deleted(stubborn: Path, tmp_path: Path) -> None:
    pauses: list[float] = []
    for name in ("ada", "bob", "eve"):
        store = GitStore(str(stubborn), folder=tmp_path)
        store._git._pause = pauses.append
        with store.lock(Owner(name, f"run-{name}"), clock=VirtualClock()) as lock:
            lock.check()
            with pytest.raises(LockHeldError, match=name), store.lock(Owner("mel", "run-mel"), clock=VirtualClock()):
                pass
    assert pauses == []
    assert git(stubborn, "for-each-ref", "--format=%(contents:subject)", LOCK) == "kt-budgets: the lock is free"


def test_a_lock_is_broken_where_refs_cannot_be_deleted(stubborn: Path, tmp_path: Path) -> None:
    clock = VirtualClock()
    store = GitStore(str(stubborn), folder=tmp_path)
    with store.lock(Owner("ada", "run-1"), clock=clock) as lock:
        broken = store.break_lock("ada")
        assert broken is not None
        assert broken.run == "run-1"
        assert store.break_lock("ada") is None
        clock.sleep(LEASE.total_seconds())
        with pytest.raises(FencedError):
            lock.check()


def test_a_lock_whose_lease_ran_out_long_ago_is_taken_over_and_its_holder_fenced(bare: Path, tmp_path: Path) -> None:
    clock = VirtualClock()
    store, other = GitStore(str(bare), folder=tmp_path), GitStore(str(bare), folder=tmp_path)
    with store.lock(Owner("ada", "run-1"), clock=clock) as lock:
        clock.sleep((LEASE * 2 - timedelta(seconds=1)).total_seconds())
        with pytest.raises(LockHeldError, match="ada"), other.lock(Owner("bob", "run-2"), clock=clock):
            pass
        clock.sleep(2)
        with other.lock(Owner("bob", "run-2"), clock=clock) as taken:
            assert taken.broken is not None
            assert taken.broken.name == "ada"
            with pytest.raises(FencedError):
                lock.check()


def test_a_deletion_that_fails_for_another_reason_is_tried_again(bare: Path, tmp_path: Path) -> None:
    pauses: list[float] = []
    remote = Git(str(bare), folder=tmp_path, pause=pauses.append)
    commit = remote.commit({}, "x")
    assert remote.swap(LOCK, expected="", commit=commit)
    bare.rename(tmp_path / "away.git")
    with pytest.raises(JournalUnreachableError):
        remote.swap(LOCK, expected=commit, commit="")
    assert len(pauses) == 3


def test_a_lock_that_is_given_back_while_somebody_reaches_for_it_was_held_and_not_unreachable(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = Git(str(bare), folder=tmp_path)
    held, own = late.commit({}, "ada"), late.commit({}, "bob")
    assert late.swap(LOCK, expected="", commit=held)

    def given_back(ref: str) -> str:
        git(bare, "update-ref", "-d", LOCK)
        return ""

    monkeypatch.setattr(late, "present", given_back)
    assert late.swap(LOCK, expected="", commit=own, tries=1) is False
    monkeypatch.undo()
    assert late.swap(LOCK, expected="", commit=own, tries=1)


# files


def test_every_way_to_a_file_is_one_journal_with_one_lock(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "folder").symlink_to(tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real" / "runs")
    ways = [tmp_path / "link", tmp_path / "folder" / "runs", tmp_path / "real" / "runs"]
    for number, way in enumerate(ways, start=1):
        assert len(written(FileStore(way))) == number
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "link", "real"]
    with (
        FileStore(ways[0]).lock(Owner("ada", "run-1"), clock=VirtualClock()),
        pytest.raises(LockHeldError, match="ada"),
        FileStore(ways[1]).lock(Owner("bob", "run-2"), clock=VirtualClock()),
    ):
        pass


def test_a_file_of_two_names_is_refused_until_it_has_one(tmp_path: Path) -> None:
    written(FileStore(tmp_path / "runs"))
    (tmp_path / "Ada's other").hardlink_to(tmp_path / "runs")
    with pytest.raises(JournalError, match="2 names") as caught:
        written(FileStore(tmp_path / "Ada's other"))
    subprocess.run(["sh", "-c", caught.value.hint.removeprefix("keep one: ")], check=True)
    assert len(written(FileStore(tmp_path / "Ada's other"))) == 2


def test_links_that_lead_in_a_circle_are_said(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(JournalError, match="cannot be written: Too many levels"):
        written(FileStore(tmp_path / "a"))


def test_a_folder_of_our_own_is_ignored_by_git_and_another_is_left_alone(tmp_path: Path) -> None:
    written(FileStore(tmp_path / ".kt-budgets" / "journal"))
    written(FileStore(tmp_path / "records" / "journal"))
    assert (tmp_path / ".kt-budgets" / ".gitignore").read_text() == "*\n"
    assert not (tmp_path / "records" / ".gitignore").exists()
