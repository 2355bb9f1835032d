"""What a use case says on its way reaches whoever calls it, and nobody else."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from reconciler.app.listening import Advance, Logged, heard_by, note, progress, say, summarise
from reconciler.app.session import connected, settings
from reconciler.cli.terminal import Terminal
from reconciler.keeptrusts.reader import Reader
from reconciler.sandbox.faults import parse_faults
from reconciler.sandbox.server import running
from reconciler.settings import overlaid


class Notebook(Logged):
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, ...]] = []

    def said(self, line: str, hint: str, /) -> None:
        self.heard.append(("said", line, hint))

    def noted(self, line: str, /) -> None:
        self.heard.append(("noted", line))

    @contextmanager
    def progress(self, label: str, /) -> Iterator[Advance]:
        yield lambda done, total: self.heard.append((label, f"{done} of {total}"))

    def summarised(self, markdown: str, /) -> None:
        self.heard.append(("summarised", markdown))


def work() -> None:
    say("GitHub was not asked", "name the repository")
    note("org.yaml: written")
    summarise("### Done")
    with progress("Reading") as advance:
        advance(1, 2)


def test_a_listener_hears_everything_that_is_said_in_its_block() -> None:
    notebook = Notebook()
    with heard_by(notebook):
        work()
    assert notebook.heard == [
        ("said", "GitHub was not asked", "name the repository"),
        ("noted", "org.yaml: written"),
        ("summarised", "### Done"),
        ("Reading", "1 of 2"),
    ]


def test_a_listener_hears_nothing_after_its_block_and_of_other_threads(caplog: pytest.LogCaptureFixture) -> None:
    notebook = Notebook()
    with heard_by(notebook):
        other = Thread(target=work)
        other.start()
        other.join()
    work()
    assert notebook.heard == []
    assert caplog.messages == ["GitHub was not asked (name the repository)"] * 2


def test_without_a_listener_sentences_are_warnings_and_the_rest_is_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="reconciler.app"):
        work()
        say("the YAML of now stands for what was applied")
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "GitHub was not asked (name the repository)"),
        ("INFO", "org.yaml: written"),
        ("WARNING", "the YAML of now stands for what was applied"),
    ]


def test_a_server_that_limits_how_often_it_is_asked_is_told_of_once_a_command(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    limits = [
        {"fault": "rate_limit", "method": "GET", "nth": nth, "count": 2, "retry_after": "0.001"} for nth in (1, 4)
    ]
    with (
        running(scenario="empty", faults=parse_faults(limits)) as sandbox,
        overlaid(KEEPTRUSTS_API_URL=sandbox.url, KEEPTRUSTS_API_TOKEN=sandbox.read_token),
        heard_by(Terminal()),
        connected(settings("nowhere"), None) as connection,
    ):
        for _ in range(2):
            with Reader(connection) as reader:
                reader.identity()
    assert capsys.readouterr().err.splitlines() == [
        "kt-budgets: Keeptrusts limits how often it is asked: this command waits, 1 second at first, and goes on by"
        " itself",
        "  hint: `-v` shows each wait",
    ]
