"""Commands in comments: from whoever may write, done with the default branch's code, answered in the pull request."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import forked_command
import pytest
from forge.github_standin import State, answer
from forge.merge_desk import MergeDesk, merge_desk
from forge.sandbox_desk import DAY
from forge.workflow_shell import Runner

from reconciler.app.change_request.command_lines import Asked, commands_in
from reconciler.findings import ExitCode, Finding, FindingsError, Position, Severity
from reconciler.forge.github.ci_run import read_event
from reconciler.report.comment import fenced, why


@pytest.fixture
def desk(tmp_path: Path, github: State, github_url: str, capsys: pytest.CaptureFixture[str]) -> Iterator[MergeDesk]:
    with merge_desk(tmp_path, github, github_url, capsys) as made:
        github.roles |= {"alice": "write", "mona": "maintain", "tim": "triage", "rita": "read", "ada": "admin"}
        yield made


def event(number: int, login: str, body: str, identity: int = 7, **changes: Any) -> dict[str, Any]:
    pull = {"url": f"https://github.test/pulls/{number}"}
    comment = {
        "id": identity,
        "user": {"login": login, "type": "User"},
        "body": body,
        "html_url": f"https://github.test/acme/ai-budgets/pull/{number}#issuecomment-{identity}",
    }
    document = {"action": "created", "issue": {"number": number, "pull_request": pull}, "comment": comment}
    return {**document, **changes}


def said(desk: MergeDesk, body: str, login: str = "alice", *, number: int = 128, identity: int = 7) -> int:
    """Let somebody comment, and run what the workflow runs."""
    path = desk.repository.folder.parent / "event.json"
    path.write_text(json.dumps(event(number, login, body, identity)), encoding="utf-8")
    desk.repository.git("switch", "--quiet", "main")
    desk.desk.variables |= {"GITHUB_EVENT_PATH": str(path), "GITHUB_RUN_ID": str(identity)}
    try:
        return desk.desk.kt("pr", "command", "--as-of", DAY, "--usage", desk.usage)
    finally:
        desk.desk.variables |= {"GITHUB_EVENT_PATH": "", "GITHUB_RUN_ID": ""}


def replies(desk: MergeDesk, name: str, number: int = 128) -> list[str]:
    return [body for body in desk.github.ours(number) if body.startswith(f"<!-- kt-budgets:command:v1 name={name} ")]


def test_plan_shows_and_records_the_merge_of_the_head_as_it_is_now(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "11000.00"), shown=False)
    before = desk.repository.git("rev-parse", "main")
    assert said(desk, "/kt-budgets plan") == ExitCode.DONE, desk.desk.errors
    (reply,) = replies(desk, "plan")
    assert desk.github.pulls[128].head[:12] in reply
    (comment,) = [body for body in desk.github.ours(128) if body.startswith("<!-- kt-budgets:v1 ")]
    assert "11,000.00" in comment
    (check,) = [item for item in desk.github.checks if item["name"] == "kt-budgets / plan"]
    assert check["head_sha"] == desk.github.pulls[128].head
    assert desk.repository.git("rev-parse", "HEAD") == before
    assert desk.repository.git("status", "--porcelain") == ""
    assert desk.repository.git("worktree", "list").count("\n") == 0
    assert desk.ledger() == [("allocate", 10500.0)]

    desk.approved(128, "lena")
    desk.merged(128)
    assert desk.apply() == ExitCode.DONE, desk.desk.output
    assert desk.funded() == 11000.0


def test_errors_in_the_yaml_are_shown_as_the_plan_workflow_shows_them(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "-1"), shown=False)
    assert said(desk, "/kt-budgets plan") == ExitCode.DONE, desk.desk.errors
    (reply,) = replies(desk, "plan")
    assert "has errors in its YAML" in reply
    (check,) = desk.github.checks
    assert check["conclusion"] == "failure"
    assert said(desk, "/kt-budgets whatif support/prod=14500", identity=8) == ExitCode.FINDINGS
    assert "teams/support.yaml" in replies(desk, "whatif")[0]


def test_whatif_is_answered_in_one_reply_that_is_changed_when_it_is_asked_again(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "11000.00"))
    assert said(desk, "/kt-budgets whatif support/prod=14500") == ExitCode.DONE, desk.desk.errors
    assert "support/prod is funded with 14,500.00 a month" in replies(desk, "whatif")[0]
    assert said(desk, "/kt-budgets whatif support=12500 --growth support=+25%", identity=9) == ExitCode.DONE
    (reply,) = replies(desk, "whatif")
    assert "12,500.00" in reply
    assert said(desk, "/kt-budgets whatif support/prod=1", identity=8) == ExitCode.DONE
    assert replies(desk, "whatif") == [reply], "an older comment changes nothing"


def test_recommend_is_about_the_teams_that_the_pull_request_changes(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "11000.00"))
    assert said(desk, "Please:\r\n/kt-budgets recommend\r\nThank you") == ExitCode.DONE, desk.desk.errors
    (reply,) = replies(desk, "recommend")
    assert "support" in reply
    assert "shadow" not in reply
    assert said(desk, "/kt-budgets recommend --write", identity=8) == ExitCode.USAGE
    assert "takes the names of wallets alone" in replies(desk, "recommend")[0]


def test_resume_starts_the_workflow_once_and_says_who_asked_where(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "11000.00"))
    assert said(desk, "/kt-budgets resume", "mona") == ExitCode.DONE, desk.desk.errors
    ((workflow, body),) = desk.github.dispatches
    assert (workflow, body["ref"]) == ("resume.yml", "main")
    where = "https://github.test/acme/ai-budgets/pull/128#issuecomment-7"
    assert body["inputs"] == {"reason": f"asked by mona in pull request 128: {where}"}
    assert said(desk, "/kt-budgets resume", "mona") == ExitCode.DONE
    assert len(desk.github.dispatches) == 1, "the same comment starts it once, also when its run is started again"
    desk.github.fail(r"POST .*/dispatches", answer(403, "Resource not accessible by integration"))
    assert said(desk, "/kt-budgets resume", identity=8) == ExitCode.REMOTE
    assert "was not done" in replies(desk, "resume")[0]


@pytest.mark.parametrize("login", ["tim", "rita", "stranger"])
def test_whoever_may_not_write_gets_nothing_but_an_answer(desk: MergeDesk, login: str) -> None:
    desk.opened(128, desk.target("10500.00", "11000.00"), shown=False)
    assert said(desk, "/kt-budgets plan\n/kt-budgets resume", login) == ExitCode.DONE
    assert desk.github.ours(128) == replies(desk, "denied")
    assert desk.github.checks == []
    assert desk.github.dispatches == []


@pytest.mark.parametrize(
    "body",
    [
        "/kt-budgets",
        "/kt-budgets frobnicate `x` @acme/finance <script>",
        "/kt-budgets whatif --budgets=/etc --token-file=/etc/passwd",
        "/kt-budgets plan --journal file:/tmp/x",
        "/kt-budgets whatif nobody/prod=1",
    ],
)
def test_what_cannot_be_done_is_answered_with_why_and_pings_nobody(desk: MergeDesk, body: str) -> None:
    desk.opened(128, desk.target("10500.00", "11000.00"), shown=False)
    said(desk, body)
    (reply,) = desk.github.ours(128)
    assert "@acme" not in reply
    assert "<script>" not in reply
    assert "There is:" in reply or "was not done" in reply


def test_a_fork_is_planned_for_whoever_may_write_and_not_for_its_author(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "11000.00"), author="mallory", shown=False).fork = "mallory/ai-budgets"
    assert said(desk, "/kt-budgets plan", "mallory") == ExitCode.DONE
    assert desk.github.checks == []
    assert said(desk, "/kt-budgets plan", identity=8) == ExitCode.DONE, desk.desk.errors
    (check,) = desk.github.checks
    assert check["head_sha"] == desk.github.pulls[128].head


def test_keeptrusts_out_of_reach_is_said_in_the_pull_request(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "11000.00"), shown=False)
    desk.desk.variables["KEEPTRUSTS_API_URL"] = "http://127.0.0.1:9"
    assert said(desk, "/kt-budgets plan") == ExitCode.REMOTE
    assert "was not done" in replies(desk, "plan")[0]


def test_a_long_answer_is_cut_to_what_a_comment_holds_and_says_by_how_much() -> None:
    text = fenced("".join(f"line {number} ```\n" for number in range(9_000)))
    assert len(text) < 60_000
    assert text.endswith("\n```")
    assert text.count("```") == 2
    shown = text.count("line ")
    assert f"… {9_000 - shown:,} more lines than a comment holds" in text


def test_findings_beyond_twenty_are_counted() -> None:
    found = [Finding(Position("a.yaml", n, 1), "x", Severity.ERROR, f"wrong {n} @all", "h") for n in range(1, 31)]
    text = why(FindingsError(found))
    assert "wrong 20" in text
    assert "wrong 21" not in text
    assert "10 more" in text
    assert "@all" not in text


def test_edited_comments_bots_and_plain_issues_are_left_alone() -> None:
    assert read_event({}, event(128, "alice", "/kt-budgets plan")).comment is not None
    assert read_event({}, event(128, "alice", "x", action="edited")).comment is None
    assert read_event({}, event(128, "alice", "x", issue={"number": 128})).comment is None
    robot = {"id": 7, "user": {"login": "renovate[bot]", "type": "Bot"}, "body": "/kt-budgets plan"}
    assert read_event({}, event(128, "alice", "x", comment=robot)).comment is None
    assert read_event({}, []).comment is None
    assert read_event({}, {"action": "created", "issue": 1, "comment": 2}).comment is None


def test_a_command_is_a_line_of_its_own_and_neither_quoted_nor_code() -> None:
    body = "Try\n> /kt-budgets resume\n```\n/kt-budgets resume\n```\n    /kt-budgets resume\nor /kt-budgets resume\n"
    assert commands_in(body) == ()
    twice = "/kt-budgets PLAN \r\n/kt-budgets plan\n/kt-budgets whatif a/b=1 c=2"
    assert commands_in(twice) == (Asked("plan"), Asked("whatif", ("a/b=1", "c=2")))


def test_the_workflow_answers_with_the_code_of_the_default_branch(desk: MergeDesk, tmp_path: Path) -> None:
    desk.opened(128, desk.target("10500.00", "11000.00"), shown=False)
    desk.repository.git("switch", "--quiet", "main")
    path = tmp_path / "comment.json"
    path.write_text(json.dumps(event(128, "ada", "/kt-budgets frobnicate")), encoding="utf-8")
    programs = tmp_path / "bin"
    forked_command.install(programs / "kt-budgets")
    given = {
        **desk.desk.variables,
        "GITHUB_EVENT_PATH": str(path),
        "KT_BUDGETS_JOURNAL": "",
        "PATH": f"{programs}:{os.environ['PATH']}",
    }
    values = {
        "vars.KEEPTRUSTS_API_URL": given["KEEPTRUSTS_API_URL"],
        "secrets.KEEPTRUSTS_READ_TOKEN": given["KEEPTRUSTS_API_TOKEN"],
        "secrets.BUDGETS_MEMBERS_TOKEN": "",
        "github.token": "ghs_actions",
    }
    run = Runner(desk.repository.folder, given, values)
    assert run.run("comment.yml", "answer") == 0, run.log
    assert "is no command" in replies(desk, "unknown")[0]
