"""What a use case says on its way reaches whoever calls it, and nobody else."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from reconciler.app.listening import Advance, Logged, heard_by, note, progress, say, summarise


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
