"""What commands about a pull request print in JSON is a document of a published schema, whatever came of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli.test_cli_documents import with_json
from forge.github_standin import State
from forge.merge_desk import MergeDesk, merge_desk
from forge.sandbox_desk import DAY
from published import document_of

from reconciler.app.schemas import DOCUMENTS
from reconciler.findings import ExitCode
from reconciler.model.outcome import Run


class Story:
    """A pull request from its comment to its receipt; `seen` are the documents that each command printed."""

    def __init__(self, desk: MergeDesk) -> None:
        self.desk = desk
        self.seen: set[tuple[str, str]] = set()

    def says(self, command: str, *options: str, code: ExitCode = ExitCode.DONE) -> dict[str, Any]:
        kt = self.desk.desk.kt(*command.split(), *options, "--format", "json")
        assert kt == code, self.desk.desk.output + self.desk.desk.errors
        document = document_of(self.desk.desk.output)
        self.seen.add((command, document["format"]))
        return document


@pytest.fixture
def story(tmp_path: Path, github: State, github_url: str, capsys: pytest.CaptureFixture[str]) -> Iterator[Story]:
    with merge_desk(tmp_path, github, github_url, capsys) as made:
        yield Story(made)


def begun(story: Story) -> None:
    shown = ("--plan", "../pr.json")
    told = story.says("pr comment", *shown, "--pr", "128")
    assert told == {**told, "pull_request": 128, "comment": "unchanged"}
    assert "body" not in told
    dry = story.says("pr comment", *shown, "--pr", "128", "--dry-run")
    assert (dry["comment"], dry["pull_request"]) == ("not sent", 128)
    assert dry["body"].startswith("<!-- kt-budgets:v1 pr=128 ")
    assert story.says("pr comment", *shown, "--dry-run")["pull_request"] is None
    story.says("pr comment", "--plan", "nowhere.json", code=ExitCode.USAGE)
    assert story.says("pr check", *shown, "--pr", "128")["check"] == "unchanged"
    story.says("pr check", "--plan", "nowhere.json", code=ExitCode.USAGE)


def judged(story: Story) -> None:
    (waiting,) = story.says("pr approval", "--check", "--pr", "128")["pull_requests"]
    assert waiting["state"] == "waiting"
    assert waiting["missing"]
    assert story.says("pr refresh", "--as-of", DAY)["pull_requests"] == [
        {"pull_request": 128, "state": "current", "teams": []}
    ]
    assert story.says("pr codeowners", "--check", code=ExitCode.FINDINGS)["problems"]
    assert story.says("pr codeowners")["changed"] == [".github/CODEOWNERS"]
    story.says("pr codeowners", "--ruleset", "budgets", code=ExitCode.USAGE)
    looked = ("--as-of", DAY, "--usage", story.desk.usage)
    assert [pull["pull_request"] for pull in story.says("pr show", *looked)["pull_requests"]] == [128]
    story.desk.desk.variables["GITHUB_REPOSITORY"] = ""
    story.says("pr show", *looked, code=ExitCode.USAGE)
    story.says("pr refresh", code=ExitCode.USAGE)
    story.desk.desk.variables["GITHUB_REPOSITORY"] = "acme/ai-budgets"


def merged(story: Story) -> None:
    commit = story.desk.merged(128)
    asked = ("--merge-sha", commit, "--as-of", DAY, "--usage", story.desk.usage)
    story.says("pr approval", *asked, code=ExitCode.REFUSED)
    assert story.says("pr apply", "--as-of", DAY, code=ExitCode.REFUSED)["pending"] == 1
    story.desk.approved(128, "lena", "bob")
    assert story.says("pr approval", *asked)["approved_by"] == ["bob", "lena"]
    story.says("pr approval", "--last-applied", code=ExitCode.REFUSED)
    done = story.says("pr apply", "--as-of", DAY)
    assert [landing["status"] for landing in done["landings"]] == ["applied"]
    assert story.says("pr approval", "--last-applied")["commit"] == commit
    story.says("pr apply", "--as-of", DAY, "--pr", "0", code=ExitCode.USAGE)
    Path("merges.json").write_text(json.dumps(done), encoding="utf-8")
    assert len(story.says("pr receipt", "--run", "merges.json")["receipts"]) == 1
    Path("run.json").write_text(Run(run="r-1", outcomes=(), converged=True).text(), encoding="utf-8")
    assert story.says("pr receipt", "--run", "run.json", "--merge-sha", commit)["pull_request"] == 128
    story.says("pr receipt", "--run", "nowhere.json", code=ExitCode.USAGE)


@pytest.mark.slow
def test_every_command_about_a_pull_request_prints_documents_of_their_schemas(story: Story) -> None:
    story.desk.opened(128, story.desk.target("10500.00", "12500.00"))
    begun(story)
    judged(story)
    merged(story)

    commands = {name for name in with_json() if name.startswith("pr ")}
    assert {(command, "kt-budgets.error/1") for command in commands} <= story.seen
    documents = {
        (name.partition(" --")[0], kind.model_fields["format"].default)
        for kind in DOCUMENTS
        for name in kind.commands
        if name.startswith("pr ")
    }
    assert documents == {one for one in story.seen if one[1] != "kt-budgets.error/1"}
