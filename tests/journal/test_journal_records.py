"""What journals in files and in git remotes keep, notice and refuse."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from memory_keeptrusts import VirtualClock

from reconciler.findings import ExitCode, LockHeldError, UsageError
from reconciler.journal.attribution import Attribution
from reconciler.journal.file_store import FileStore
from reconciler.journal.git import Git, JournalUnreachableError
from reconciler.journal.git_lock import LEASE
from reconciler.journal.git_store import GitStore
from reconciler.journal.journal import Journal, last_applied, read_records
from reconciler.journal.place import open_store
from reconciler.journal.record import Entry, JournalError, Step
from reconciler.journal.send_log import machine
from reconciler.journal.store import FencedError, Owner, Store
from reconciler.model.kinds.billing_budget import BILLING_BUDGETS
from reconciler.model.kinds.export_schedule import EXPORT_SCHEDULES

MakeStore = Callable[[], Store]


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A bare repository that serves as the remote."""
    path = tmp_path / "remote.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(path)], check=True)
    return path


@pytest.fixture(params=["file", "git"])
def make_store(request: pytest.FixtureRequest, tmp_path: Path, bare: Path) -> MakeStore:
    """Return a function that opens the same journal anew, as another process or machine would."""
    machines = iter(range(100))

    def opened() -> Store:
        if request.param == "file":
            return FileStore(tmp_path / "journal" / "runs")
        folder = tmp_path / f"machine{next(machines)}"
        folder.mkdir()
        return GitStore(str(bare), folder=folder)

    return opened


def journal(store: Store, *, organization: str = "org_acme", recover: bool = False) -> Journal:
    return Journal.open(store, organization=organization, clock=VirtualClock(), recover=recover)


def written(store: Store, count: int = 3) -> Journal:
    opened = journal(store)
    for number in range(count):
        opened.append("run-1", Entry(Step.INTENT, f"op-{number}", {"seen": [], "words": "äöü …"}))
    return opened


def test_what_is_appended_is_there_for_the_next_to_open(make_store: MakeStore) -> None:
    first = written(make_store())
    again = journal(make_store())
    assert again.records == first.records
    again.append("run-2", Entry(Step.CONFIRMED, "op-1"), Entry(Step.FINISHED))
    assert [str(record.step) for record in journal(make_store()).records] == [
        *["intent"] * 3,
        "confirmed",
        "finished",
    ]


def test_a_journal_that_does_not_exist_yet_is_empty(make_store: MakeStore) -> None:
    assert journal(make_store()).records == []


def test_a_journal_of_another_organization_is_refused_with_the_record_named(make_store: MakeStore) -> None:
    written(make_store())
    with pytest.raises(JournalError, match="record 1 belongs to org_acme, and this is org_other"):
        journal(make_store(), organization="org_other")


def test_the_lock_is_held_by_one_at_a_time_and_names_its_holder(make_store: MakeStore) -> None:
    owner = Owner("ada@here:1", "run-1", "https://ci.example/1")
    with make_store().lock(owner, clock=VirtualClock()) as lock:
        lock.check()
        with (
            pytest.raises(LockHeldError, match="ada@here:1"),
            make_store().lock(replace(owner, name="bob"), clock=VirtualClock()),
        ):
            pass
    with make_store().lock(replace(owner, name="bob"), clock=VirtualClock()) as lock:
        lock.check()


# files


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "journal"


def test_an_edited_record_is_named(path: Path) -> None:
    written(FileStore(path))
    path.write_text(path.read_text(encoding="utf-8").replace("op-1", "op-9"), encoding="utf-8")
    with pytest.raises(JournalError, match=r"record 2 \(intent op-9\) was edited"):
        journal(FileStore(path))


def test_a_record_that_was_edited_with_its_own_digest_breaks_the_chain_behind_it(path: Path) -> None:
    records = written(FileStore(path)).records
    forged = records[1].model_copy(update={"operation": "op-9"}).sealed()
    path.write_text("".join(f"{r.line()}\n" for r in (records[0], forged, records[2])), encoding="utf-8")
    with pytest.raises(JournalError, match="record 3 does not follow"):
        journal(FileStore(path))


def test_a_last_record_that_was_edited_with_its_own_digest_is_not_the_acknowledged_one(path: Path) -> None:
    records = written(FileStore(path)).records
    forged = records[2].model_copy(update={"operation": "op-9"}).sealed()
    path.write_text("".join(f"{r.line()}\n" for r in (*records[:2], forged)), encoding="utf-8")
    with pytest.raises(JournalError, match="record 3 is not the one that was acknowledged"):
        journal(FileStore(path))


@pytest.mark.parametrize("lines", [lambda x: x[1:], lambda x: [x[1], x[0], x[2]], lambda x: [x[0], x[2]]])
def test_removed_and_reordered_records_are_noticed(path: Path, lines: Callable[[list[str]], list[str]]) -> None:
    written(FileStore(path))
    kept = lines(path.read_text(encoding="utf-8").splitlines(keepends=True))
    path.write_text("".join(kept), encoding="utf-8")
    with pytest.raises(JournalError, match="does not follow the one before it"):
        journal(FileStore(path))


@pytest.mark.parametrize("keep", [0, 1, 2])
def test_records_cut_off_at_the_end_are_noticed(path: Path, keep: int) -> None:
    written(FileStore(path))
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:keep]), encoding="utf-8")
    with pytest.raises(JournalError, match=f"record {keep + 1} is missing: 3 were acknowledged and {keep} are there"):
        journal(FileStore(path))


def test_a_deleted_journal_is_noticed(path: Path) -> None:
    written(FileStore(path))
    path.unlink()
    with pytest.raises(JournalError, match="record 1 is missing"):
        journal(FileStore(path))


def test_a_journal_cut_in_the_middle_of_an_acknowledged_record_is_no_crash(path: Path) -> None:
    written(FileStore(path))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(JournalError, match="record 3 is missing"):
        journal(FileStore(path), recover=True)


@pytest.mark.parametrize("garbage", [b"\xff\xfe\n", b"not json\n", b"[]\n", b'{"format": NaN}\n', b"\n"])
def test_a_line_that_is_no_record_is_named(path: Path, garbage: bytes) -> None:
    written(FileStore(path))
    path.write_bytes(path.read_bytes() + garbage)
    with pytest.raises(JournalError, match="record 4 cannot be read"):
        journal(FileStore(path))


def test_a_line_that_was_being_written_when_its_writer_died_is_told_apart_and_recovered(path: Path) -> None:
    records = written(FileStore(path)).records
    with path.open("ab") as file:
        file.write(b'{"at":"2026-06-18T09:00:00.000+00:00","dig')
    with pytest.raises(JournalError, match=r"last line .* is incomplete") as caught:
        journal(FileStore(path))
    assert "kt-budgets resume" in caught.value.hint
    recovered = journal(FileStore(path), recover=True)
    assert recovered.records[:3] == records
    assert recovered.records[3].step is Step.RECOVERED
    assert journal(FileStore(path)).records == recovered.records


def test_a_record_that_became_durable_just_before_its_acknowledgement_counts(path: Path) -> None:
    records = written(FileStore(path)).records
    head = path.with_name("journal.head")
    head.write_text(f"{2:012d} {records[1].digest}\n", encoding="utf-8")
    assert journal(FileStore(path)).records == records


@pytest.mark.parametrize("head", ["", "nonsense", "3 md5:1"])
def test_an_unreadable_head_is_refused(path: Path, head: str) -> None:
    written(FileStore(path))
    path.with_name("journal.head").write_text(head, encoding="utf-8")
    with pytest.raises(JournalError, match=r"its head journal.head cannot be read"):
        journal(FileStore(path))


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    store = FileStore(tmp_path / "file" / "journal")
    with pytest.raises(JournalError, match="cannot be written"):
        written(store)
    with (
        pytest.raises(JournalError, match="cannot be locked"),
        store.lock(Owner("ada", "run-1"), clock=VirtualClock()),
    ):
        pass


def test_a_folder_in_the_place_of_the_journal_is_said(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be read"):
        journal(FileStore(tmp_path))


def test_a_file_lock_needs_no_breaking(path: Path) -> None:
    assert FileStore(path).break_lock("anybody") is None


def test_what_was_declared_last_is_read_by_the_name_of_the_journal(path: Path) -> None:
    name = f"file:{path}"
    assert last_applied(name) is None
    opened = journal(FileStore(path))
    for plan, budgets in (("sha256:a", {"team/t/x": "support"}), ("sha256:b", {})):
        facts = {"plan": plan, "commit": plan, "billing_budgets": budgets, "export_schedules": ["weekly"]}
        opened.append("run", Entry(Step.FINISHED, facts=facts))
    latest = last_applied(name)
    before = last_applied(name, before_plan="sha256:b")
    assert latest is not None
    assert before is not None
    assert (latest.commit, latest.of(BILLING_BUDGETS)) == ("sha256:b", {})
    assert (before.commit, before.of(BILLING_BUDGETS)) == ("sha256:a", {"team/t/x": "support"})
    assert list(before.of(EXPORT_SCHEDULES)) == ["weekly"]
    assert len(read_records(name)) == 2


@pytest.mark.parametrize("name", ["", "journal", "file:", "git:", "s3:bucket"])
def test_a_name_that_means_no_store_is_a_usage_error(name: str) -> None:
    with pytest.raises(UsageError, match="names no journal"):
        open_store(name)


# git


def git(*arguments: str, cwd: Path, data: str | None = None) -> str:
    identity = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=cwd, check=True, capture_output=True, text=True, input=data
    )
    return done.stdout.strip()


def rewritten(bare: Path, content: str, *, parent: bool, subject: str) -> None:
    """Put `content` into the journal of a remote by hand."""
    blob = git("hash-object", "-w", "--stdin", cwd=bare, data=content)
    tree = git("mktree", cwd=bare, data=f"100644 blob {blob}\t000001.jsonl\n")
    after = ["-p", "refs/kt-budgets/journal"] if parent else []
    commit = git("commit-tree", tree, *after, "-m", subject, cwd=bare)
    git("update-ref", "refs/kt-budgets/journal", commit, cwd=bare)


def test_a_git_journal_is_json_lines_in_an_orphan_ref(bare: Path, tmp_path: Path) -> None:
    written(GitStore(str(bare), folder=tmp_path))
    lines = git("show", "refs/kt-budgets/journal:000001.jsonl", cwd=bare).splitlines()
    assert [json.loads(line)["operation"] for line in lines] == ["op-0", "op-1", "op-2"]
    assert git("rev-list", "--count", "refs/kt-budgets/journal", cwd=bare) == "3"


def test_a_git_journal_is_kept_where_git_takes_no_bare_repository_by_itself(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as hardened:
        hardened.setenv("GIT_CONFIG_COUNT", "1")
        hardened.setenv("GIT_CONFIG_KEY_0", "safe.bareRepository")
        hardened.setenv("GIT_CONFIG_VALUE_0", "explicit")
        for name in ("one", "other"):
            (tmp_path / name).mkdir()
        first = written(GitStore(str(bare), folder=tmp_path / "one"))
        assert journal(GitStore(str(bare), folder=tmp_path / "other")).records == first.records


def test_a_named_remote_of_the_repository_here_is_used_and_nothing_else_in_it_is_touched(
    bare: Path, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    git("clone", "--quiet", str(bare), str(clone), cwd=tmp_path)
    (clone / "budgets.yaml").write_text("version: 1\n", encoding="utf-8")
    written(GitStore("origin", folder=clone))
    assert git("status", "--porcelain", "--branch", cwd=clone).splitlines()[1:] == ["?? budgets.yaml"]
    assert git("for-each-ref", "refs/heads", "refs/remotes", cwd=clone) == ""
    assert len(journal(GitStore(str(bare), folder=tmp_path)).records) == 3


def test_two_writers_cannot_both_append_to_the_same_journal(bare: Path, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, other = (journal(GitStore(str(bare), folder=tmp_path / name)) for name in ("a", "b"))
    one.append("run-1", Entry(Step.INTENT, "op-1"))
    with pytest.raises(FencedError):
        other.append("run-2", Entry(Step.INTENT, "op-1"))
    assert len(journal(GitStore(str(bare), folder=tmp_path)).records) == 1


def test_a_long_git_journal_is_kept_in_segments(bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.journal.git_store.SEGMENT_BYTES", 500)
    first = written(GitStore(str(bare), folder=tmp_path), count=6)
    assert len(git("ls-tree", "refs/kt-budgets/journal", cwd=bare).splitlines()) > 1
    (tmp_path / "elsewhere").mkdir()
    assert journal(GitStore(str(bare), folder=tmp_path / "elsewhere")).records == first.records


def test_an_edited_git_journal_is_refused_with_the_record_named(bare: Path, tmp_path: Path) -> None:
    records = written(GitStore(str(bare), folder=tmp_path)).records
    content = git("show", "refs/kt-budgets/journal:000001.jsonl", cwd=bare).replace("op-1", "op-9") + "\n"
    subject = f"journal: 4 records, {records[2].digest}"
    rewritten(bare, content, parent=True, subject=subject)
    with pytest.raises(JournalError, match="record 2"):
        journal(GitStore(str(bare), folder=tmp_path))


def test_a_git_journal_that_was_shortened_on_top_is_refused(bare: Path, tmp_path: Path) -> None:
    records = written(GitStore(str(bare), folder=tmp_path)).records
    rewritten(bare, records[0].line() + "\n", parent=True, subject=f"journal: 1 records, {records[0].digest}")
    with pytest.raises(JournalError, match="record 2 is missing"):
        journal(GitStore(str(bare), folder=tmp_path))


def test_a_commit_of_somebody_else_in_the_journal_is_refused(bare: Path, tmp_path: Path) -> None:
    written(GitStore(str(bare), folder=tmp_path))
    content = git("show", "refs/kt-budgets/journal:000001.jsonl", cwd=bare) + "\n"
    rewritten(bare, content, parent=True, subject="tidy up")
    with pytest.raises(JournalError, match="was not written by kt-budgets"):
        journal(GitStore(str(bare), folder=tmp_path))


@pytest.mark.parametrize("content", ["{", "\udcff"])
def test_an_incomplete_git_journal_is_refused(bare: Path, tmp_path: Path, content: str) -> None:
    records = written(GitStore(str(bare), folder=tmp_path), count=1).records
    blob = subprocess.run(
        ["git", "hash-object", "-w", "--stdin"],
        cwd=bare,
        check=True,
        capture_output=True,
        input=content.encode("utf-8", "surrogateescape") + (b"\n" if content != "{" else b""),
    ).stdout.decode()
    tree = git("mktree", cwd=bare, data=f"100644 blob {blob.strip()}\t000001.jsonl\n")
    subject = f"journal: 2 records, {records[0].digest}"
    commit = git("commit-tree", tree, "-p", "refs/kt-budgets/journal", "-m", subject, cwd=bare)
    git("update-ref", "refs/kt-budgets/journal", commit, cwd=bare)
    with pytest.raises(JournalError, match="record 1"):
        journal(GitStore(str(bare), folder=tmp_path))


def test_a_git_journal_that_was_rolled_back_is_noticed_where_it_was_seen_before(bare: Path, tmp_path: Path) -> None:
    written(GitStore(str(bare), folder=tmp_path))
    assert len(journal(GitStore(str(bare), folder=tmp_path)).records) == 3
    git("update-ref", "refs/kt-budgets/journal", "refs/kt-budgets/journal~1", cwd=bare)
    with pytest.raises(JournalError, match="was rewritten since it was last seen from here"):
        journal(GitStore(str(bare), folder=tmp_path))
    git("update-ref", "-d", "refs/kt-budgets/journal", cwd=bare)
    with pytest.raises(JournalError, match="was deleted since it was last seen from here"):
        journal(GitStore(str(bare), folder=tmp_path))


def test_an_unreachable_remote_is_said_without_its_password(tmp_path: Path) -> None:
    store = GitStore("https://ada:s3cretword@127.0.0.1:1/budgets.git", folder=tmp_path)
    with pytest.raises(JournalUnreachableError, match=r"git:https://127.0.0.1:1/budgets.git") as caught:
        journal(store)
    assert "s3cretword" not in caught.value.message
    assert caught.value.exit_code is ExitCode.REMOTE
    (configuration,) = (tmp_path / ".kt-budgets").glob("*/config")
    assert configuration.stat().st_mode & 0o077 == 0


def test_a_remote_that_refuses_pushes_is_said(bare: Path, tmp_path: Path) -> None:
    hook = bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no pushes today >&2\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    pauses: list[float] = []
    remote = Git(str(bare), folder=tmp_path, pause=pauses.append)
    commit = remote.commit({}, "x")
    with pytest.raises(JournalUnreachableError, match="no pushes today"):
        remote.swap("refs/kt-budgets/journal", expected="", commit=commit)
    assert pauses == [1.0, 4.0, 16.0]


def test_a_git_lock_is_renewed_while_its_run_works(bare: Path, tmp_path: Path) -> None:
    clock = VirtualClock()
    with GitStore(str(bare), folder=tmp_path).lock(Owner("ada", "run-1"), clock=clock) as lock:
        before = git("rev-parse", "refs/kt-budgets/lock", cwd=bare)
        lock.check()
        assert git("rev-parse", "refs/kt-budgets/lock", cwd=bare) == before
        clock.sleep(LEASE.total_seconds() / 2)
        lock.check()
        after = git("rev-parse", "refs/kt-budgets/lock", cwd=bare)
        assert after != before
        until = json.loads(git("log", "-1", "--format=%B", after, cwd=bare))["until"]
        assert until == (clock.now() + LEASE).isoformat(timespec="seconds")
    assert git("for-each-ref", "refs/kt-budgets/lock", cwd=bare) == ""


def test_a_lock_that_was_broken_fences_its_former_holder(bare: Path, tmp_path: Path) -> None:
    clock = VirtualClock()
    (tmp_path / "b").mkdir()
    other = GitStore(str(bare), folder=tmp_path / "b")
    with GitStore(str(bare), folder=tmp_path).lock(Owner("ada", "run-1"), clock=clock) as lock:
        assert other.break_lock("bob") is None
        broken = other.break_lock("ada")
        assert broken is not None
        assert broken.run == "run-1"
        with other.lock(Owner("bob", "run-2"), clock=clock):
            clock.sleep(LEASE.total_seconds())
            with pytest.raises(FencedError):
                lock.check()
            assert "bob" in git("log", "-1", "--format=%B", "refs/kt-budgets/lock", cwd=bare)


def test_a_lease_that_cannot_be_renewed_holds_until_it_runs_out(bare: Path, tmp_path: Path) -> None:
    clock = VirtualClock()
    store = GitStore(str(bare), folder=tmp_path)
    store._git._pause = lambda _: None
    with store.lock(Owner("ada", "run-1"), clock=clock) as lock:
        bare.rename(tmp_path / "away.git")
        clock.sleep((LEASE - timedelta(seconds=1)).total_seconds())
        lock.check()
        clock.sleep(2)
        with pytest.raises(FencedError, match="lock expired"):
            lock.check()
        (tmp_path / "away.git").rename(bare)


def test_the_lock_of_a_process_that_is_gone_from_this_machine_is_proved_dead(bare: Path, tmp_path: Path) -> None:
    if not machine():
        pytest.skip("this machine cannot be told from others")
    process = subprocess.Popen(["true"])
    process.wait()
    store = GitStore(str(bare), folder=tmp_path)
    held = store.lock(Owner("ada", "run-1", machine=machine(), process=process.pid), clock=VirtualClock())
    held.__enter__()
    broken = store.break_lock(None)
    assert broken is not None
    assert broken.name == "ada"
    alive = Owner("bob", "run-2", machine=machine(), process=os.getpid())
    with store.lock(alive, clock=VirtualClock()):
        assert store.break_lock(None) is None
    assert store.break_lock(None) is None


def test_a_lock_that_cannot_be_read_is_held_all_the_same(bare: Path, tmp_path: Path) -> None:
    tree = git("mktree", cwd=bare, data="")
    git("update-ref", "refs/kt-budgets/lock", git("commit-tree", tree, "-m", "mine", cwd=bare), cwd=bare)
    store = GitStore(str(bare), folder=tmp_path)
    with (
        pytest.raises(LockHeldError, match="until when, cannot be read"),
        store.lock(Owner("ada", "run-1"), clock=VirtualClock()),
    ):
        pass
    assert store.break_lock("unreadable") is not None


def test_an_owner_names_itself_in_one_word() -> None:
    owner = Attribution("Ada Lovelace", "https://ci.example/7").owner("run-1")
    assert owner.name.startswith("Ada-Lovelace@")
    assert " " not in owner.name
    assert owner.process == os.getpid()
