"""The log of forecasts: appended once, read whole, and never in the way of the journal beside it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from logged import logged

from reconciler.journal.forecast_log import LOG, FileLog, ForecastLog, GitLog, forecast_log
from reconciler.journal.git import NAMESPACE
from reconciler.journal.record import JournalError

JUNK = b'{"format": "kt-budgets.logged-forecast/2"}\nnot json\n{"organization":'


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet", "--bare", "remote.git")
    return tmp_path / "remote.git"


@pytest.fixture(params=["file", "git"])
def log(request: pytest.FixtureRequest, tmp_path: Path, remote: Path) -> ForecastLog:
    return forecast_log("file:own/journal" if request.param == "file" else f"git:{remote}", folder=tmp_path)


def spoiled(log: ForecastLog, remote: Path) -> str:
    """Put lines that are no forecasts at the end of the file of 2026, and return what it is called."""
    if isinstance(log, FileLog):
        with log.path.open("ab") as file:
            file.write(JUNK)
        return str(log.path)
    content = subprocess.run(["git", "show", f"{LOG}:2026.jsonl"], cwd=remote, check=True, capture_output=True).stdout
    blob = (
        subprocess.run(
            ["git", "hash-object", "-w", "--stdin"], cwd=remote, input=content + JUNK, check=True, capture_output=True
        )
        .stdout.decode()
        .strip()
    )
    tree = subprocess.run(
        ["git", "mktree"],
        cwd=remote,
        input=f"100644 blob {blob}\t2026.jsonl\n",
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    commit = git(remote, *identity, "commit-tree", tree, "-m", "spoiled")
    git(remote, "update-ref", LOG, commit)
    return f"{log}/2026.jsonl"


def test_what_is_logged_is_there_once_and_exactly(log: ForecastLog) -> None:
    assert log.read("org_acme").entries == ()
    one, other = logged(spend_to_date="12345678901234567.89"), logged(as_of="2025-12-30", period="2025-12")
    assert log.append([one, other, one]) == 2
    assert log.append([one]) == log.append([one.model_copy(update={"plan": "sha256:x", "pull_request": 9})]) == 0
    assert {entry.key: entry for entry in log.read("org_acme").entries} == {one.key: one, other.key: other}
    assert log.append([one.model_copy(update={"usage": "sha256:other"})]) == 1
    assert len(log.read("org_acme").entries) == 3


def test_lines_that_are_no_forecasts_are_told_with_their_place_and_nothing_else_is_lost(
    log: ForecastLog, remote: Path
) -> None:
    log.append([logged(), logged(organization="org_other")])
    name = spoiled(log, remote)
    reading = log.read("org_acme")
    assert reading.entries == (logged(),)
    assert [(str(position), why[:38]) for position, why in reading.problems] == [
        (f"{name}:2:1", "it is of org_other, and this is org_ac"),
        (f"{name}:3:1", "it is no forecast of this version: for"),
        (f"{name}:4:1", "it is no line of JSON"),
        (f"{name}:5:1", "it is no line of JSON"),
    ]
    later = logged(as_of="2026-04-09")
    assert log.append([later]) == 1
    assert log.read("org_acme").entries == (logged(), later)


def test_a_forecast_without_one_of_its_figures_is_told(tmp_path: Path) -> None:
    log = FileLog(tmp_path / "journal")
    log.append([logged(quantiles={"0.1": "1.00"})])
    assert [why for _, why in log.read("org_acme").problems] == ["it lacks the figure for 0.025"]


def test_the_journal_fetches_nothing_of_it(tmp_path: Path, remote: Path) -> None:
    GitLog(str(remote), folder=tmp_path).append([logged()])
    assert git(remote, "for-each-ref", "--format=%(refname)") == LOG
    assert not LOG.startswith(f"{NAMESPACE}/")


def test_two_writers_lose_nothing(tmp_path: Path, remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = (GitLog(str(remote), folder=tmp_path / name) for name in ("a", "b"))
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    before = ours._contents

    def meanwhile(files: dict[str, str]) -> dict[str, bytes]:
        monkeypatch.setattr(ours, "_contents", before)
        theirs.append([logged(as_of="2026-04-09")])
        return before(files)

    monkeypatch.setattr(ours, "_contents", meanwhile)
    assert ours.append([logged()]) == 1
    assert len(theirs.read("org_acme").entries) == 2


def test_one_who_is_always_too_late_says_so(tmp_path: Path, remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = GitLog(str(remote), folder=tmp_path)
    monkeypatch.setattr(log._git, "swap", lambda *_, **__: False)
    with pytest.raises(JournalError, match="moved by somebody else again and again"):
        log.append([logged()])


def test_a_log_that_cannot_be_read_or_written_says_why(tmp_path: Path) -> None:
    (tmp_path / "folder.forecasts").mkdir()
    (tmp_path / "plain").write_text("")
    with pytest.raises(JournalError, match="cannot be read"):
        FileLog(tmp_path / "folder").append([logged()])
    with pytest.raises(JournalError, match="cannot be"):
        FileLog(tmp_path / "plain" / "journal").append([logged()])
    with pytest.raises(JournalError, match="cannot be reached"):
        GitLog(str(tmp_path / "nowhere.git"), folder=tmp_path).read("org_acme")
