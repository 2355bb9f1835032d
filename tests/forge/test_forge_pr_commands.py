"""`kt-budgets pr`: from the command line, against a real git repository and a GitHub that holds state."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import pytest
from forge.budget_repository import BudgetRepository
from forge.foreign_words import refuse_foreign_words
from forge.forge_world import allocate, plan
from forge.github_standin import Pull, State, answer
from forge.host import Host
from published import judge_printed

from reconciler.app.change_request.approval import require_approval
from reconciler.cli.boundary import run
from reconciler.cli.pr import command as pr
from reconciler.cli.validate import command as validate
from reconciler.findings import ExitCode, StalePlanError, UsageError
from reconciler.forge.comment import read_marked
from reconciler.model.guards import Guard
from reconciler.model.json_text import digest_of
from reconciler.model.later import LaterTarget
from reconciler.model.outcome import Outcome, Run, Status
from reconciler.model.period import Period
from reconciler.model.plan import GuardResult, Plan, Scope, sealed
from reconciler.settings import overlaid, resolve
from reconciler.source.tree import read_tree

PLAN = plan(allocate())
ON_GITHUB = pytest.mark.parametrize("host", ["github"], indirect=True)
"""What check runs, events and tokens of GitHub's own are about."""

RUN_VARIABLES = (
    "GITHUB_REF",
    "GITHUB_EVENT_PATH",
    "GITHUB_STEP_SUMMARY",
    "GITHUB_SHA",
    "GITHUB_RUN_ID",
    "KT_BUDGETS_GITHUB_LOGIN",
    "KT_BUDGETS_JOURNAL",
)


@click.group()
def cli() -> None:
    """Stand for the group that all commands are in."""


cli.add_command(pr)
cli.add_command(validate, "validate")


@dataclass
class Desk:
    """A reviewer's world: a repository, a GitHub, and the command line in the repository's clone."""

    repository: BudgetRepository
    host: Host
    capsys: pytest.CaptureFixture[str]
    output: str = ""
    errors: str = ""

    def kt(self, *arguments: str, **variables: str) -> int:
        with overlaid(**{**self.host.variables, **variables}):
            code = run(cli, arguments)
        self.output, self.errors = self.capsys.readouterr()
        judge_printed(arguments, self.output)
        refuse_foreign_words(self.github, self.output, self.errors)
        return code

    @property
    def github(self) -> State:
        return self.host.state

    @property
    def url(self) -> str:
        return self.host.url

    def save(self, made: Plan = PLAN) -> str:
        (self.repository.folder / "plan.json").write_text(self.planned(made).text(), encoding="utf-8")
        return "plan.json"

    def planned(self, made: Plan = PLAN) -> Plan:
        """Return the plan as it would be made from the files that are checked out."""
        source = made.source.model_copy(update={"tree_digest": read_tree(self.repository.budgets).digest})
        return sealed(made.model_copy(update={"source": source}))

    def show(self, made: Plan = PLAN, **variables: str) -> int:
        return self.kt("pr", "comment", "--plan", self.save(made), "--pr", "128", **variables)

    def approval(self, merge: str, made: Plan = PLAN, *options: str) -> int:
        return self.kt("pr", "approval", "--merge-sha", merge, "--plan", self.save(made), *options)

    def opened(self, *edits: tuple[str, str, str], branch: str = "raise-support", author: str = "alice") -> None:
        """Open pull request 128 with one commit for each edit, or with an empty one."""
        base = self.repository.head
        self.repository.branch(branch)
        commits = []
        for name, old, new in edits:
            self.repository.edit(name, old, new)
            commits.append((self.repository.commit(f"Change {name}"), author))
        commits = commits or [(self.repository.commit("Nothing"), author)]
        self.repository.push(128)
        shown = self.repository.patches(base, commits[-1][0])
        self.github.pulls[128] = Pull(128, author, commits, base, head_ref=branch, patches=shown)

    def approved(self, *people: str) -> None:
        for person in people or ("lena", "bob"):
            self.github.review(128, person)

    def merged(self, **how: bool) -> str:
        commit = self.repository.merge(self.github.pulls[128].head_ref, **how)
        self.github.merge(128, commit)
        if how.get("rebase"):
            count = len(self.github.pulls[128].commits)
            self.github.pulls[128].landed += self.repository.git("rev-list", f"-{count}", "main").split()
        return commit


RAISE = ("budgets/teams/support.yaml", "monthly: 10500.00", "monthly: 12500.00")


@pytest.fixture
def desk(
    tmp_path: Path,
    host: Host,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Desk:
    repository = BudgetRepository.small(tmp_path)
    monkeypatch.chdir(repository.folder)
    host.state.members |= {("acme/support-leads", "lena"), ("acme/finance", "bob"), ("acme/platform", "pat")}
    return Desk(repository, host, capsys)


@ON_GITHUB
def test_the_comment_leads_to_the_run_and_its_artefacts_on_whatever_server_it_was(desk: Desk) -> None:
    desk.opened(("budgets/teams/support.yaml", "10500.00", "12500.00"))
    desk.show(GITHUB_SERVER_URL="https://ghe.acme.example", GITHUB_RUN_ID="77")
    (comment,) = desk.github.ours(128)
    assert "https://ghe.acme.example/acme/ai-budgets/actions/runs/77" in comment
    desk.show(GITHUB_SERVER_URL="https://x.example/)<b>", GITHUB_RUN_ID="78")
    (comment,) = desk.github.ours(128)
    assert "x.example" not in comment


@ON_GITHUB
def test_a_plan_is_shown_in_a_comment_a_check_run_and_the_summary(desk: Desk, tmp_path: Path) -> None:
    desk.opened(RAISE)
    summary = tmp_path / "summary.md"
    assert desk.show(GITHUB_STEP_SUMMARY=str(summary), GITHUB_RUN_ID="7") == ExitCode.DONE
    (body,) = desk.github.ours(128)
    shown = read_marked(body)
    assert shown
    assert shown.text == summary.read_text(encoding="utf-8").rstrip("\n") + "\n"
    assert shown.run == (7, 1)
    assert "Approve:" in body
    assert "acme/support-leads" in body
    (check,) = desk.github.checks
    assert check["conclusion"] == "success"
    assert "comment on pull request 128: created" in desk.output
    assert "check run: published" in desk.output


def test_showing_it_twice_changes_nothing(desk: Desk) -> None:
    desk.opened(RAISE)
    desk.show()
    before = len(desk.github.writes)
    assert desk.kt("pr", "comment", "--pr", "128", "--format", "json") == ExitCode.DONE
    assert json.loads(desk.output) == {
        "format": "kt-budgets.comment/1",
        "pull_request": 128,
        "comment": "unchanged",
        "check": "unchanged",
        "url": "https://gitlab.test/acme/ai-budgets/-/merge_requests/128#note_1001" if desk.host.is_gitlab else "",
    }
    assert len(desk.github.writes) == before


@ON_GITHUB
def test_a_dry_run_prints_the_comment_and_needs_no_token(desk: Desk) -> None:
    desk.save()
    assert desk.kt("pr", "comment", "--dry-run", GITHUB_TOKEN="", GITHUB_API_URL="http://127.0.0.1:1") == ExitCode.DONE
    assert desk.output.startswith("<!-- kt-budgets:v1 pr=0 ")
    assert desk.github.requests == []


@ON_GITHUB
def test_a_refused_plan_fails_the_check_on_its_line(desk: Desk) -> None:
    guard = GuardResult(
        guard=Guard.TOTAL_MOVED.value,
        status="refused",
        message="Too much.",
        hint="Less.",
        position="budgets/teams/support.yaml:5:9",
    )
    desk.opened(RAISE)
    desk.show(plan(allocate(), guards=(guard,)))
    (check,) = desk.github.checks
    assert check["conclusion"] == "failure"
    assert check["annotations"][0]["path"] == "budgets/teams/support.yaml"
    assert check["annotations"][0]["start_line"] == 5


@ON_GITHUB
def test_annotations_name_files_from_the_top_of_the_repository(desk: Desk) -> None:
    desk.repository.git("mv", "budgets", "finops-budgets")
    (desk.repository.folder / "finance").mkdir()
    desk.repository.git("mv", "finops-budgets", "finance/budgets")
    desk.repository.commit("Move")
    desk.opened(("finance/budgets/teams/support.yaml", "10500.00", "12500.00"))
    guard = GuardResult(guard="x", status="refused", message="m", position="budgets/teams/support.yaml:5:9")
    desk.save(plan(allocate(), guards=(guard,)))
    desk.kt("pr", "comment", "--pr", "128", "--budgets", "finance/budgets")
    assert desk.github.checks[0]["annotations"][0]["path"] == "finance/budgets/teams/support.yaml"


@ON_GITHUB
def test_a_plan_without_changes_leaves_no_comment_but_a_record(desk: Desk) -> None:
    desk.opened()
    assert desk.show(plan()) == ExitCode.DONE
    assert desk.github.ours(128) == []
    assert len(desk.github.checks) == 1
    assert "not needed" in desk.output


def test_a_plan_of_teams_whose_budgets_change_later_has_a_comment(desk: Desk) -> None:
    desk.opened()
    facts = {"team": "support", "environment": "prod", "wallet": "team_support", "period": Period(2027, 2)}
    later = LaterTarget.model_validate({**facts, "before": Decimal(1), "after": Decimal(2)})
    scope = Scope(since="9c1e7b2", teams=("support",), of=1, later=(later,))
    assert desk.show(plan().model_copy(update={"scope": scope})) == ExitCode.DONE
    (comment,) = desk.github.ours(128)
    assert "support / prod goes from USD 1 to 2 in February 2027; June 2026 stays as it is" in comment
    assert "USD 1 → **2** (1 more), February 2027" in comment


@ON_GITHUB
def test_a_run_for_an_older_head_says_nothing(desk: Desk, tmp_path: Path) -> None:
    desk.opened(RAISE)
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 128, "head": {"sha": "d" * 40}}}), encoding="utf-8")
    desk.save()
    assert desk.kt("pr", "comment", GITHUB_EVENT_PATH=str(event)) == ExitCode.DONE
    assert "superseded" in desk.output
    assert desk.github.writes == []


@ON_GITHUB
def test_a_person_comments_without_a_check_run(desk: Desk) -> None:
    desk.opened(RAISE)
    assert desk.show(GITHUB_TOKEN="ghp_dana") == ExitCode.DONE
    assert desk.github.comments[0]["user"]["login"] == "dana"
    assert desk.github.checks == []
    assert "check run: not allowed" in desk.output
    assert "dana is a person" in desk.errors
    assert desk.kt("pr", "comment", "--pr", "128", "--no-check", GITHUB_TOKEN="ghp_dana") == ExitCode.DONE
    assert "left out" in desk.output
    assert desk.kt("pr", "check", "--pr", "128", GITHUB_TOKEN="ghp_dana") == ExitCode.REMOTE


@ON_GITHUB
def test_a_check_run_alone_is_published_for_the_last_head_only(desk: Desk, tmp_path: Path) -> None:
    desk.opened(RAISE)
    desk.save()
    assert desk.kt("pr", "check", GITHUB_REF="refs/pull/128/merge") == ExitCode.DONE
    assert desk.output == "check run: published\n"
    assert desk.github.comments == []
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 128, "head": {"sha": "d" * 40}}}), encoding="utf-8")
    desk.kt("pr", "check", GITHUB_EVENT_PATH=str(event))
    assert desk.output == "check run: superseded\n"
    event.write_text("{", encoding="utf-8")
    assert desk.kt("pr", "check", GITHUB_EVENT_PATH=str(event)) == ExitCode.USAGE


@ON_GITHUB
def test_apply_can_require_the_approval_of_its_own_commit(desk: Desk) -> None:
    desk.opened(RAISE)
    desk.show()
    desk.approved()
    merge = desk.merged()
    settings = resolve(
        budgets=Path("budgets"), api_url=None, token_file=None, as_of=None, period=None, journal="file:../journal"
    )
    given = {"GITHUB_API_URL": desk.url, "GITHUB_TOKEN": "ghs_actions", "GITHUB_SHA": "", "GITHUB_EVENT_PATH": ""}
    with overlaid(**given, GITHUB_REPOSITORY="acme/ai-budgets"):
        assert require_approval(settings, desk.planned(), merge=merge).pull_request == 128
        with pytest.raises(UsageError):
            require_approval(settings, desk.planned())
        with pytest.raises(StalePlanError, match="support"):
            require_approval(settings, desk.planned(plan(allocate(amount="9000.00"))), merge=merge)


def test_a_root_commit_has_no_rules_to_be_approved_by(desk: Desk) -> None:
    root = desk.repository.head
    desk.github.pulls[128] = Pull(128, "alice", [("d" * 40, "alice")], "b" * 40, merge_commit=root, landed=[root])
    assert desk.approval(root) == ExitCode.REFUSED
    assert "has no parent" in desk.errors


def test_yaml_with_errors_cannot_be_approved(desk: Desk) -> None:
    desk.opened(("budgets/org.yaml", "version: 1", "version: 2"))
    desk.show()
    assert desk.approval(desk.merged()) == ExitCode.REFUSED
    assert "kt-budgets validate" in desk.errors


def findings(desk: Desk, *entries: dict[str, Any]) -> None:
    listed = [
        {"path": "budgets/teams/support.yaml", "line": 5, "column": 9, "severity": "error", "hint": "", **entry}
        for entry in entries
    ]
    document = {"format": "kt-budgets.findings/1", "findings": listed}
    (desk.repository.folder / "findings.json").write_text(json.dumps(document), encoding="utf-8")


@ON_GITHUB
def test_findings_take_the_place_of_an_older_heads_plan(desk: Desk) -> None:
    desk.opened(RAISE)
    desk.show()
    findings(
        desk,
        {"code": "soft", "message": "A warning.", "severity": "warning", "line": 0, "column": 0},
        {"code": "invalid-amount", "message": "`12.5O` is @all | wrong", "hint": "write `12.50`"},
    )
    assert desk.kt("pr", "comment", "--pr", "128", "--findings", "findings.json") == ExitCode.DONE, desk.errors
    (body,) = desk.github.ours(128)
    assert "### The budget files have 1 error, so there is no plan" in body
    assert body.index("invalid-amount") < body.index("A warning.")
    assert "@all" not in body
    assert "Fix: write" in body
    check = desk.github.checks[-1]
    assert (check["conclusion"], len(check["annotations"])) == ("failure", 2)


def test_ten_thousand_findings_fit_into_a_comment(desk: Desk) -> None:
    findings(desk, *({"code": "x", "message": "_" * 5000},) * 10_000)
    assert desk.kt("pr", "comment", "--dry-run", "--findings", "findings.json") == ExitCode.DONE
    assert "more; `kt-budgets validate` lists them all" in desk.output
    assert len(desk.output.encode()) < 65_536


@pytest.mark.parametrize("text", ["", "[]", '{"format": "x"}', '{"format": "kt-budgets.findings/1", "findings": [1]}'])
def test_a_file_without_findings_is_said(desk: Desk, text: str) -> None:
    (desk.repository.folder / "findings.json").write_text(text, encoding="utf-8")
    assert desk.kt("pr", "comment", "--dry-run", "--findings", "findings.json") == ExitCode.USAGE
    assert desk.kt("pr", "comment", "--dry-run", "--findings", "none.json") == ExitCode.USAGE


def test_a_merge_made_for_testing_is_compared_with_what_it_was_merged_onto(desk: Desk) -> None:
    desk.opened(RAISE)
    desk.repository.git("switch", "--quiet", "main")
    desk.repository.edit("budgets/org.yaml", "environments: [prod, dev]", "environments: [prod, dev, lab]")
    desk.repository.commit("Somebody else's change")
    desk.repository.git("switch", "--quiet", "--detach", "main")
    desk.repository.git("merge", "--quiet", "--no-ff", "--no-edit", "raise-support")
    desk.show()
    (body,) = desk.github.ours(128)
    assert "acme/support-leads" in body
    assert "the organization" not in body.partition("Approve:")[2].partition("\n")[0]


@ON_GITHUB
def test_outside_of_git_a_plan_is_shown_without_saying_who_must_approve(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.opened(RAISE)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "budgets").mkdir()
    guard = GuardResult(guard="x", status="refused", message="m", position="budgets/teams/support.yaml:5:9")
    (tmp_path / "plan.json").write_text(plan(allocate(), guards=(guard,)).text(), encoding="utf-8")
    assert desk.kt("pr", "comment", "--pr", "128") == ExitCode.DONE, desk.errors
    assert "Approve:" not in desk.github.ours(128)[0]
    assert desk.github.checks[0]["annotations"][0]["path"] == "budgets/teams/support.yaml"


@ON_GITHUB
def test_a_summary_that_cannot_be_written_stops_nothing(desk: Desk) -> None:
    desk.opened(RAISE)
    assert desk.show(GITHUB_STEP_SUMMARY="/nowhere/summary.md") == ExitCode.DONE
    assert "the job summary cannot be written" in desk.errors


@ON_GITHUB
def test_another_app_says_its_name(desk: Desk) -> None:
    desk.opened(RAISE)
    desk.show(GITHUB_TOKEN="ghs_other", KT_BUDGETS_GITHUB_LOGIN="other-app[bot]")
    assert desk.github.checks[0]["app"]["slug"] == "other-app"
    desk.approved()
    merge = desk.merged()
    assert desk.approval(merge) == ExitCode.REFUSED
    assert desk.approval(merge, PLAN, "--recorded-by", "other-app") == ExitCode.DONE, desk.errors


def test_git_that_is_missing_or_broken_is_said(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.opened(RAISE)
    desk.show()
    desk.approved()
    merge = desk.merged()
    monkeypatch.setenv("PATH", "/nowhere")
    assert desk.approval(merge) == ExitCode.REMOTE
    assert "git is not installed" in desk.errors


def test_suggestions_are_made_once_and_escaped(desk: Desk) -> None:
    desk.opened(RAISE)
    file = desk.repository.folder / "suggestions.json"
    item = {"path": "budgets/teams/support.yaml", "line": 5, "replacement": "x", "reason": "@everyone look"}
    file.write_text(json.dumps({"format": "kt-budgets.suggestions/1", "suggestions": [item]}), encoding="utf-8")
    desk.save()
    desk.kt("pr", "comment", "--pr", "128", "--suggestions", "suggestions.json")
    assert "suggested changes: 1 published" in desk.output
    desk.kt("pr", "comment", "--pr", "128", "--suggestions", "suggestions.json")
    assert "suggested changes: 0 published" in desk.output
    assert "@everyone" not in desk.github.review_comments[0]["body"]


def suggestions(desk: Desk, name: str, command: str, *items: dict[str, Any]) -> str:
    listed = [{"path": RAISE[0], "replacement": "x", **item} for item in items]
    document = {"format": "kt-budgets.suggestions/1", "command": command, "suggestions": listed}
    (desk.repository.folder / name).write_text(json.dumps(document), encoding="utf-8")
    return name


def test_several_files_of_suggestions_are_one_conversation_and_the_comment_says_what_is_left(desk: Desk) -> None:
    desk.opened(RAISE)
    cures = suggestions(desk, "cures.json", "kt-budgets validate", {"line": 400})
    advice = suggestions(desk, "advice.json", "kt-budgets recommend", {"line": 5}, {"line": 5, "replacement": "y"})
    desk.save()
    given = ("--suggestions", cures, "--suggestions", advice, "--format", "json")
    assert desk.kt("pr", "comment", "--pr", "128", *given) == ExitCode.DONE, desk.errors
    facts = json.loads(desk.output)
    assert (facts["suggestions"], facts["suggestions_outside"], facts["suggestions_held"]) == (1, 1, 1)
    (body,) = desk.github.ours(128)
    assert body.endswith(
        "1 more suggested change is outside of this diff: `kt-budgets validate` shows it.\n\n"
        "1 more suggested change is held back, as at most 5 are made and one for each line:"
        " `kt-budgets recommend` shows it.\n"
    )
    before = len(desk.github.writes)
    assert desk.kt("pr", "comment", "--pr", "128", "--suggestions", cures) == ExitCode.DONE
    assert "suggested changes: 0 published\n1 more suggested change is outside of this diff" in desk.output
    assert [method for method, *_ in desk.github.writes[before:]] == ["PUT" if desk.host.is_gitlab else "PATCH"]


def test_a_command_that_is_none_is_not_repeated(desk: Desk) -> None:
    desk.opened(RAISE)
    name = suggestions(desk, "s.json", "kt-budgets @all `rm`", {"line": 400})
    desk.save()
    assert desk.kt("pr", "comment", "--pr", "128", "--suggestions", name) == ExitCode.DONE
    assert "@all" not in desk.github.ours(128)[0]


def test_without_a_difference_to_look_at_the_plan_is_shown_all_the_same(desk: Desk) -> None:
    desk.opened(RAISE)
    name = suggestions(desk, "s.json", "kt-budgets validate", {"line": 5})
    desk.save()
    desk.github.fail(r"GET .*/(?:pulls/128/files|merge_requests/128/diffs)", answer(422, "the diff is too large"))
    assert desk.kt("pr", "comment", "--pr", "128", "--suggestions", name) == ExitCode.DONE
    assert "no suggested changes" in desk.errors
    assert "suggested changes: 0 published" in desk.output
    assert len(desk.github.ours(128)) == 1


@ON_GITHUB
def test_a_run_for_an_older_head_suggests_nothing(desk: Desk, tmp_path: Path) -> None:
    desk.opened(RAISE)
    name = suggestions(desk, "s.json", "kt-budgets validate", {"line": 5})
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 128, "head": {"sha": "d" * 40}}}), encoding="utf-8")
    desk.save()
    assert desk.kt("pr", "comment", "--suggestions", name, GITHUB_EVENT_PATH=str(event)) == ExitCode.DONE
    assert desk.github.writes == []


def test_a_mistake_becomes_a_suggestion_and_taking_it_makes_the_files_valid(desk: Desk) -> None:
    desk.opened((RAISE[0], "monthly: 10500.00}", "montly: 12500.00}"))
    text = (desk.repository.folder / RAISE[0]).read_text(encoding="utf-8")
    assert desk.kt("validate", "--format", "json", "--output", "f.json", "--suggestions", "s.json") == ExitCode.FINDINGS
    shown = ("pr", "comment", "--pr", "128", "--findings", "f.json", "--suggestions", "s.json")
    assert desk.kt(*shown) == ExitCode.DONE, desk.errors
    (made,) = desk.github.review_comments
    assert made["line"] == text[: text.index("montly")].count("\n") + 1
    taken = made["body"].partition("```suggestion")[2].partition("\n")[2].partition("\n```")[0]
    lines = text.splitlines()
    lines[made["line"] - 1] = taken
    (desk.repository.folder / RAISE[0]).write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert desk.kt("validate") == ExitCode.DONE, desk.output
    assert lines[made["line"] - 1].endswith("monthly: 12500.00}  # what the pilot costs")
    desk.github.pulls[128].commits.append((desk.repository.commit("Take it"), "alice"))
    assert desk.kt(*shown) == ExitCode.DONE
    assert len(desk.github.review_comments) == 1


def test_a_name_in_the_yaml_cannot_speak_in_a_suggestion(desk: Desk) -> None:
    nasty = "  prod: {team_id: team_support, monthly: 10500.00, '@all | <!-- `x` -->': '1'}"
    desk.opened((RAISE[0], "  prod: {team_id: team_support, monthly: 10500.00}", nasty))
    desk.repository.edit(RAISE[0], "monthly: 10500.00", "monthly: '10,500.00'")
    desk.kt("validate", "--format", "json", "--output", "f.json", "--suggestions", "s.json")
    document = json.loads((desk.repository.folder / "s.json").read_text(encoding="utf-8"))
    document["suggestions"][0]["original"] = ""
    document["suggestions"][0]["reason"] += " @all <!-- | `"
    (desk.repository.folder / "s.json").write_text(json.dumps(document), encoding="utf-8")
    desk.kt("pr", "comment", "--pr", "128", "--findings", "f.json", "--suggestions", "s.json")
    reason = desk.github.review_comments[0]["body"].split("\n")[1]
    assert not set(reason) & set("<|`")
    assert "@all" not in reason


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "x", "suggestions": []}', None])
def test_a_file_without_suggestions_is_said(desk: Desk, text: str | None) -> None:
    if text is not None:
        (desk.repository.folder / "s.json").write_text(text, encoding="utf-8")
    desk.save()
    assert desk.kt("pr", "comment", "--suggestions", "s.json", "--dry-run") == ExitCode.USAGE


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("pr", "comment", "--plan", "plan.json"), "no {0.request} was named"),
        (("pr", "comment", "--pr", "1", "--repo", "acme"), "is not a {0.place}"),
        (("pr", "approval", "--plan", "plan.json"), "no merge commit was named"),
        (("pr", "receipt", "--run", "plan.json"), "holds no run"),
        (("pr", "receipt", "--run", "none.json"), "cannot be read"),
    ],
)
def test_what_is_missing_is_said(desk: Desk, arguments: tuple[str, ...], words: str) -> None:
    desk.save()
    assert desk.kt(*arguments) == ExitCode.USAGE
    assert words.format(desk.host) in desk.errors


@ON_GITHUB
def test_without_a_repository_or_a_token_the_cure_is_named(desk: Desk) -> None:
    desk.save()
    assert desk.kt("pr", "comment", "--pr", "1", GITHUB_REPOSITORY="") == ExitCode.USAGE
    assert "--repo OWNER/NAME" in desk.errors
    assert desk.kt("pr", "comment", "--pr", "1", GITHUB_TOKEN="") == ExitCode.REMOTE
    assert "GITHUB_TOKEN" in desk.errors


def test_an_approved_merge_is_approved(desk: Desk) -> None:
    desk.opened(RAISE)
    desk.show()
    desk.approved()
    merge = desk.merged()
    assert desk.approval(merge) == ExitCode.DONE, desk.errors
    assert "is approved" in desk.output
    assert "by bob, lena" in desk.output
    assert desk.approval(merge, PLAN, "--format", "json") == ExitCode.DONE
    assert json.loads(desk.output)["approved_by"] == ["bob", "lena"]


@pytest.mark.parametrize("how", [{"squash": True}, {"rebase": True}], ids=["squash", "rebase"])
def test_a_squash_and_a_rebase_are_approved_by_the_rules_below_them(desk: Desk, how: dict[str, bool]) -> None:
    desk.opened(("budgets/org.yaml", "finance_above: 1000.00", "finance_above: 999999.00"), RAISE)
    desk.show()
    desk.approved("lena")
    merge = desk.merged(**how)
    assert desk.approval(merge) == ExitCode.REFUSED
    assert "@acme/finance" in desk.errors
    desk.approved("bob")
    assert desk.approval(merge) == ExitCode.DONE, desk.errors


def test_a_plan_that_moved_is_stale(desk: Desk) -> None:
    desk.opened(RAISE)
    desk.show()
    desk.approved()
    merge = desk.merged()
    moved = plan(allocate(funded_before="9999.00"), fingerprints={"support": digest_of(["moved"])})
    assert desk.approval(merge, moved) == ExitCode.STALE
    assert "the plan of support is not the one that was recorded" in desk.output


def test_a_policy_that_the_pull_request_weakens_still_holds_for_it(desk: Desk) -> None:
    desk.opened(
        ("budgets/org.yaml", '"@acme/finance"', '"@mallory"'),
        ("budgets/teams/support.yaml", "@acme/support-leads", "@mallory"),
        RAISE,
        author="alice",
    )
    desk.show()
    desk.approved("mallory")
    assert desk.approval(desk.merged()) == ExitCode.REFUSED
    assert "@acme/finance" in desk.errors
    assert "@mallory" not in desk.errors


def test_a_policy_that_was_weakened_without_approval_does_not_approve_what_follows(desk: Desk, tmp_path: Path) -> None:
    from reconciler.journal.journal import Journal
    from reconciler.journal.place import open_store
    from reconciler.journal.record import Entry, Step

    class Clock:
        def now(self) -> Any:
            from datetime import UTC, datetime

            return datetime(2026, 6, 1, tzinfo=UTC)

    name = f"file:{tmp_path / 'journal'}"
    journal = Journal.open(open_store(name), organization="org_acme", clock=Clock())  # type: ignore[arg-type]
    journal.append("r-1", Entry(Step.FINISHED, facts={"commit": desk.repository.head, "plan": "sha256:0"}))
    desk.repository.edit("budgets/org.yaml", '"@acme/finance"', '"@mallory"')
    desk.repository.edit("budgets/teams/support.yaml", "@acme/support-leads", "@mallory")
    desk.repository.commit("Weakened, and merged without approval")
    desk.repository.git("push", "--quiet", "origin", "main")
    desk.opened(RAISE)
    desk.show()
    desk.approved("mallory")
    assert desk.approval(desk.merged(), PLAN, "--journal", name) == ExitCode.REFUSED
    assert "@acme/" in desk.errors


def test_a_limit_that_the_pull_request_raises_still_holds_for_it(desk: Desk) -> None:
    desk.repository.edit("budgets/org.yaml", "approvals:", "guards: {largest_change: 1500.00}\napprovals:")
    desk.repository.commit("Limit single changes")
    desk.opened(("budgets/org.yaml", "1500.00", "999999.00"), RAISE)
    desk.show()
    desk.approved("lena", "bob")
    assert desk.approval(desk.merged()) == ExitCode.REFUSED
    assert "largest-change" in desk.errors
    assert "the limit from before the merge" in desk.errors


def test_a_limit_that_the_pull_request_brings_holds_for_it_as_it_does_for_apply(desk: Desk) -> None:
    desk.opened(("budgets/org.yaml", "approvals:", "guards: {largest_change: 1500.00}\napprovals:"), RAISE)
    desk.show()
    desk.approved("lena", "bob")
    assert desk.approval(desk.merged()) == ExitCode.REFUSED
    assert "largest-change" in desk.errors
    assert "the limit from before the merge" not in desk.errors


def test_a_waiver_may_come_with_the_change_when_the_organizations_owners_approve_it(desk: Desk) -> None:
    desk.repository.edit("budgets/org.yaml", "approvals:", "guards: {largest_change: 1500.00}\napprovals:")
    desk.repository.commit("Limit single changes")
    waiver = "{guard: largest-change, team: support, until: 2099-12-31, reason: pilot, approved_by: bob}"
    desk.opened(("budgets/org.yaml", "approvals:", f"waivers:\n  - {waiver}\napprovals:"), RAISE)
    desk.show()
    desk.approved("lena")
    merge = desk.merged()
    assert desk.approval(merge) == ExitCode.REFUSED
    assert "@acme/finance" in desk.errors
    desk.approved("bob")
    assert desk.approval(merge) == ExitCode.DONE, desk.errors


def test_a_direct_push_is_refused(desk: Desk) -> None:
    desk.repository.edit(*RAISE)
    pushed = desk.repository.commit("Just push it")
    assert desk.approval(pushed) == ExitCode.REFUSED
    assert "pushed directly" in desk.errors


@ON_GITHUB
def test_the_plan_of_another_pull_request_cannot_be_replayed(desk: Desk) -> None:
    desk.opened(RAISE)
    desk.show()
    replayed = desk.github.checks[0]["output"]["text"].replace('"pull_request":128', '"pull_request":127')
    desk.github.checks[0]["output"]["text"] = replayed
    desk.approved()
    assert desk.approval(desk.merged()) == ExitCode.REFUSED
    assert "no plan was recorded" in desk.errors


def test_budgets_that_were_never_there_are_approved_by_their_own_owners(desk: Desk) -> None:
    desk.repository.git("rm", "-r", "--quiet", "budgets")
    desk.repository.git("commit", "--quiet", "--amend", "--allow-empty", "--message", "Begin without budgets")
    desk.repository.git("push", "--quiet", "--force", "origin", "main")
    desk.repository.branch("start")
    BudgetRepository.small(desk.repository.folder.parent / "other")
    other = desk.repository.folder.parent / "other" / "clone" / "budgets"
    desk.repository.write(
        {f"budgets/{path.relative_to(other)}": path.read_text(encoding="utf-8") for path in other.rglob("*.yaml")}
    )
    commit = desk.repository.commit("Add budgets")
    desk.github.pulls[128] = Pull(128, "alice", [(commit, "alice")], "b" * 40, head_ref="start")
    desk.show()
    desk.approved("bob")
    merge = desk.merged(squash=True)
    assert desk.approval(merge) == ExitCode.DONE, desk.errors


def test_budgets_that_were_removed_and_come_back_are_not_new(desk: Desk) -> None:
    desk.repository.git("rm", "-r", "--quiet", "budgets")
    desk.repository.commit("Remove the rules")
    desk.repository.git("push", "--quiet", "origin", "main")
    desk.repository.branch("back")
    desk.repository.git("checkout", "--quiet", "main~1", "--", "budgets")
    desk.repository.edit("budgets/org.yaml", '"@acme/finance"', '"@mallory"')
    commit = desk.repository.commit("Bring them back")
    desk.github.pulls[128] = Pull(128, "alice", [(commit, "alice")], "b" * 40, head_ref="back")
    desk.show()
    desk.approved("mallory")
    assert desk.approval(desk.merged()) == ExitCode.REFUSED
    assert "nobody knows who must approve" in desk.errors


def test_a_shallow_clone_says_how_to_get_the_rest(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.opened(RAISE)
    desk.show()
    desk.approved()
    merge = desk.merged()
    desk.repository.git("clone", "--quiet", "--depth=1", f"file://{desk.repository.remote}", "../shallow")
    monkeypatch.chdir(desk.repository.folder.parent / "shallow")
    file = Path("plan.json")
    file.write_text(PLAN.text(), encoding="utf-8")
    assert desk.kt("pr", "approval", "--merge-sha", merge, "--plan", "plan.json") in (
        ExitCode.REMOTE,
        ExitCode.REFUSED,
    )


def receipt(desk: Desk, merge: str, *outcomes: Outcome) -> int:
    made = Run(run="r-1", outcomes=outcomes, converged=True)
    (desk.repository.folder / "run.json").write_text(made.model_dump_json(), encoding="utf-8")
    return desk.kt("pr", "receipt", "--run", "run.json", "--merge-sha", merge)


def test_the_comment_carries_the_receipt(desk: Desk) -> None:
    desk.opened(RAISE)
    desk.show()
    merge = desk.merged()
    done = Outcome(
        op="x", kind="allocate", team="support", wallet="team_support", status=Status.APPLIED, transaction="t-1"
    )
    assert receipt(desk, merge, done) == ExitCode.DONE, desk.errors
    (body,) = desk.github.ours(128)
    assert "t-1" in body
    assert "Keeptrusts is as the YAML says" in body
    assert body.index("t-1") < body.index("12,500")
    assert receipt(desk, merge) == ExitCode.DONE
    assert "t-1" not in desk.github.ours(128)[0]


def test_a_receipt_needs_no_comment_to_be_there(desk: Desk) -> None:
    desk.opened(RAISE)
    merge = desk.merged()
    assert receipt(desk, merge) == ExitCode.DONE
    assert len(desk.github.ours(128)) == 1
    assert desk.kt("pr", "receipt", "--run", "run.json") == ExitCode.USAGE


HOSTILE = "@acme/everyone | `x` <!-- --> <img src=x onerror=alert(1)> [a](javascript:1)\n# h" + "A" * 10_000


@ON_GITHUB
def test_hostile_names_cannot_act_in_comment_check_or_summary(desk: Desk, tmp_path: Path) -> None:
    from markdown_it import MarkdownIt

    desk.opened(RAISE)
    guard = GuardResult(guard="total-moved", status="refused", message=HOSTILE, hint=HOSTILE, position=HOSTILE)
    made = plan(allocate(team=HOSTILE, environment=HOSTILE, wallet=HOSTILE, position=HOSTILE), guards=(guard,))
    summary = tmp_path / "summary.md"
    assert desk.show(made, GITHUB_STEP_SUMMARY=str(summary)) == ExitCode.DONE, desk.errors
    (check,) = desk.github.checks
    for text in (desk.github.ours(128)[0], check["output"]["summary"], summary.read_text(encoding="utf-8")):
        html = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
        assert "@acme" not in text
        assert "<img" not in html
        assert 'href="javascript' not in html
        assert len(text.encode()) <= 65_536


@ON_GITHUB
def test_five_hundred_teams_fit_into_comment_and_check(desk: Desk) -> None:
    desk.opened(RAISE)
    many = plan(*(allocate(f"team-{number:03d}") for number in range(500)))
    assert desk.show(many) == ExitCode.DONE, desk.errors
    (body,) = desk.github.ours(128)
    assert len(body.encode()) <= 65_536
    (check,) = desk.github.checks
    assert len(check["output"]["text"]) <= 65_535
    desk.approved()
    desk.github.checks[0]["output"]["text"].index("team-499")


def test_what_was_last_applied_may_be_funded_again(desk: Desk, tmp_path: Path) -> None:
    from datetime import UTC, datetime

    from reconciler.journal.journal import Journal
    from reconciler.journal.place import open_store
    from reconciler.journal.record import Entry, Step

    class Clock:
        def now(self) -> datetime:
            return datetime(2026, 6, 1, tzinfo=UTC)

    name = f"file:{tmp_path / 'journal'}"
    ask = ("pr", "approval", "--last-applied", "--journal", name)
    assert desk.kt(*ask) == ExitCode.REFUSED
    journal = Journal.open(open_store(name), organization="org_acme", clock=Clock())  # type: ignore[arg-type]
    journal.append("r-1", Entry(Step.FINISHED, facts={"commit": desk.repository.head, "plan": "sha256:0"}))
    assert desk.kt(*ask) == ExitCode.DONE, desk.errors
    desk.repository.edit(*RAISE)
    desk.repository.commit("Merged, and not applied")
    assert desk.kt(*ask) == ExitCode.REFUSED
    assert "merged and not applied" in desk.errors


def of_commit(commit: str) -> Plan:
    return PLAN.model_copy(update={"source": PLAN.source.model_copy(update={"commit": commit})})


def test_a_plan_of_another_commit_is_neither_shown_nor_recorded(desk: Desk) -> None:
    base = desk.repository.head
    desk.opened(RAISE)
    for commit, why in ((base, "which is no merge of it"), ("d" * 40, "which is not in this clone")):
        assert desk.show(of_commit(commit)) == ExitCode.USAGE
        assert f"plan.json was made from {commit[:12]}, {why}" in desk.errors
        assert "run `kt-budgets plan` there" in desk.errors
        assert desk.kt("pr", "check", "--pr", "128") == ExitCode.USAGE
    assert desk.github.writes == []


def test_a_plan_of_the_head_or_of_its_merge_is_shown(desk: Desk) -> None:
    desk.opened(RAISE)
    head = desk.github.pulls[128].commits[-1][0]
    assert desk.show(of_commit(head)) == ExitCode.DONE
    merge = desk.repository.merge("raise-support")
    assert desk.show(of_commit(merge)) == ExitCode.DONE
    assert len(desk.github.ours(128)) == 1
