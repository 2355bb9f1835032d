"""`kt-budgets drift`, from the command line: exit codes, the issue, and live values written into the YAML."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import click
import httpx
import pytest
from forge.budget_repository import SUPPORT, BudgetRepository
from forge.github_standin import Pull, State

from reconciler.cli.apply import command as apply_command
from reconciler.cli.boundary import run
from reconciler.cli.drift import command as drift_command
from reconciler.cli.plan import command as plan_command
from reconciler.cli.pr import command as pr_command
from reconciler.findings import ExitCode
from reconciler.sandbox.server import Sandbox, running
from reconciler.settings import overlaid

DAY = "2026-06-18"
Run = Callable[..., int]


@click.group()
def cli() -> None:
    """Stand for the group that all commands are in."""


for name, command in {
    "plan": plan_command,
    "apply": apply_command,
    "drift": drift_command,
    "pr": pr_command,
}.items():
    cli.add_command(command, name)


class Desk:
    """Budgets in git, an empty Keeptrusts with money in its pool, and a GitHub."""

    def __init__(
        self, repository: BudgetRepository, sandbox: Sandbox, github: State, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.repository = repository
        self.sandbox = sandbox
        self.github = github
        self.capsys = capsys
        self.variables: dict[str, str] = {}
        self.output = self.errors = ""

    def kt(self, *arguments: str) -> int:
        with overlaid(**self.variables):
            code = run(cli, arguments)
        self.output, self.errors = self.capsys.readouterr()
        return code

    def apply(self) -> None:
        usage = self.repository.folder.parent / "usage.csv"
        usage.write_text("id,timestamp,team_id,provider,model,cost\n", encoding="utf-8")
        assert self.kt("plan", "--as-of", DAY, "--usage", str(usage), "--output", "../plan.json") == 0, self.errors
        assert self.kt("apply", "--plan", "../plan.json") == 0, self.output + self.errors

    def drift(self, *options: str) -> int:
        return self.kt("drift", "--as-of", DAY, *options)

    def items(self) -> list[dict[str, Any]]:
        self.drift("--format", "json")
        listed: list[dict[str, Any]] = json.loads(self.output)["items"]
        return listed

    def keeptrusts(self, method: str, path: str, **body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.sandbox.billing_token}"}
        answer = httpx.request(method, self.sandbox.url + path, headers=headers, json=body or None, trust_env=False)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def by_hand(self, amount: float, kind: str = "allocate", team: str = "team_support") -> str:
        answer = self.keeptrusts(
            "POST", f"/v1/wallets/{kind}", team_id=team, amount=amount, currency="USD", description="in the console"
        )
        return str(answer["transaction"]["id"])


@pytest.fixture
def desk(
    tmp_path: Path,
    github: State,
    github_url: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Desk]:
    repository = BudgetRepository.small(tmp_path)
    monkeypatch.chdir(repository.folder)
    with running(scenario="empty", as_of=date.fromisoformat(DAY)) as sandbox:
        made = Desk(repository, sandbox, github, capsys)
        made.variables = {
            "KEEPTRUSTS_API_URL": sandbox.url,
            "KEEPTRUSTS_API_TOKEN": sandbox.billing_token,
            "KT_BUDGETS_JOURNAL": f"file:{tmp_path / 'journal'}",
            "GITHUB_API_URL": github_url,
            "GITHUB_TOKEN": "ghs_actions",
            "GITHUB_REPOSITORY": "acme/ai-budgets",
            "GITHUB_EVENT_PATH": "",
            "GITHUB_REF": "",
            "GITHUB_RUN_ID": "",
            "KT_BUDGETS_GITHUB_LOGIN": "",
        }
        for team in ("Support", "Shadow"):
            made.keeptrusts("POST", "/v1/teams", name=team)
        made.keeptrusts("POST", "/v1/wallets/credit", amount=100000.0, currency="USD", description="a year")
        yield made


def test_before_anything_is_applied_everything_is_pending(desk: Desk) -> None:
    assert desk.drift() == ExitCode.DONE
    assert "not applied yet" in desk.output
    assert "0 of them need a person" in desk.output
    assert {item["class"] for item in desk.items()} == {"pending"}


def test_after_an_apply_nothing_has_drifted(desk: Desk) -> None:
    desk.apply()
    assert desk.drift() == ExitCode.DONE
    assert desk.output == "No drift.\n"
    assert desk.drift("--accept") == ExitCode.DONE


def test_money_by_hand_is_drift_with_its_transaction(desk: Desk) -> None:
    desk.apply()
    transaction = desk.by_hand(700.0)
    assert desk.drift() == ExitCode.DRIFT
    assert desk.items() == [
        {
            "class": "changed",
            "team": "support",
            "wallet": "team_support",
            "key": None,
            "amount": "700.00",
            "evidence": [transaction],
            "sentence": desk.items()[0]["sentence"],
        }
    ]


def test_a_billing_budget_that_was_edited_or_deleted_is_drift(desk: Desk) -> None:
    desk.apply()
    (budget,) = desk.keeptrusts("GET", "/v1/billing/budgets")["data"]
    desk.keeptrusts("PUT", f"/v1/billing/budgets/{budget['id']}", **{**budget, "amount": 9.0, "hard_limit": True})
    assert [(item["class"], item["key"]) for item in desk.items()] == [("changed", "team/team_support/support-monthly")]
    assert desk.drift("--accept") == ExitCode.DONE
    text = (desk.repository.budgets / "teams" / "support.yaml").read_text(encoding="utf-8")
    assert text == SUPPORT.replace("amount: 12500.00", "amount: 9.00").replace("100]}", "100], hard_limit: true}")
    desk.repository.git("checkout", "--quiet", "--", "budgets")
    desk.keeptrusts("DELETE", f"/v1/billing/budgets/{budget['id']}")
    assert [item["class"] for item in desk.items()] == ["missing"]
    assert desk.drift("--accept") == ExitCode.DRIFT
    assert "Edit the YAML by hand" in desk.errors


def test_accepting_writes_the_month_and_keeps_every_comment(desk: Desk) -> None:
    desk.apply()
    desk.by_hand(700.0)
    assert desk.drift("--accept") == ExitCode.DONE
    text = (desk.repository.budgets / "teams" / "support.yaml").read_text(encoding="utf-8")
    assert text == SUPPORT.replace("10500.00}", "10500.00, overrides: {2026-06: 11200.00}}")
    desk.repository.commit("Accept")
    desk.apply()
    desk.by_hand(100.0, "reclaim")
    assert desk.drift("--accept") == ExitCode.DONE
    text = (desk.repository.budgets / "teams" / "support.yaml").read_text(encoding="utf-8")
    assert "overrides: {2026-06: 11100.00}}  # what the pilot costs" in text
    assert desk.drift() == ExitCode.DONE


def test_a_file_that_cannot_be_written_is_said_and_nothing_is_half_written(desk: Desk) -> None:
    desk.apply()
    desk.by_hand(700.0)
    (desk.repository.budgets / "teams" / ".support.yaml.partial").mkdir()
    assert desk.drift("--accept") == ExitCode.USAGE
    assert "support.yaml cannot be written" in desk.errors
    assert (desk.repository.budgets / "teams" / "support.yaml").read_text(encoding="utf-8") == SUPPORT


def test_a_wallet_in_no_yaml_that_spends_needs_a_person(desk: Desk) -> None:
    desk.apply()
    desk.by_hand(50.0, team="team_shadow")
    assert [(item["class"], item["wallet"], item["amount"]) for item in desk.items()] == [
        ("unmanaged", "team_shadow", "0.00")
    ]
    assert desk.drift() == ExitCode.DONE


def test_what_is_merged_and_not_applied_is_pending(desk: Desk) -> None:
    desk.apply()
    desk.repository.edit("budgets/teams/support.yaml", "10500.00", "11000.00")
    desk.repository.edit("budgets/teams/support.yaml", "[80, 100]", "[50, 100]")
    desk.repository.commit("Merged")
    assert desk.drift() == ExitCode.DONE
    assert [(item["class"], item["amount"]) for item in desk.items()] == [("pending", "500.00"), ("pending", None)]


def test_outside_of_the_commit_that_was_applied_the_yaml_of_now_stands_for_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.apply()
    desk.by_hand(1.0)
    desk.repository.git("clone", "--quiet", "--depth=1", f"file://{desk.repository.remote}", "../other")
    other = BudgetRepository(desk.repository.folder.parent / "other", desk.repository.remote)
    other.git("commit", "--quiet", "--amend", "--message", "Another history")
    other.git("reflog", "expire", "--expire=now", "--all")
    other.git("update-ref", "-d", "refs/remotes/origin/main")
    other.git("update-ref", "-d", "refs/remotes/origin/HEAD")
    other.git("gc", "--quiet", "--prune=now")
    monkeypatch.chdir(other.folder)
    assert desk.drift() == ExitCode.DRIFT
    assert "the YAML of now stands for what was applied" in desk.errors


def test_one_issue_is_opened_and_closed(desk: Desk) -> None:
    desk.apply()
    assert desk.drift("--issue") == ExitCode.DONE
    assert desk.github.issues == []
    desk.by_hand(700.0)
    assert desk.drift("--issue") == ExitCode.DRIFT
    assert "issue 900: opened" in desk.errors
    desk.by_hand(700.0, "reclaim")
    assert desk.drift("--issue") == ExitCode.DONE
    assert "issue 900: closed" in desk.errors


def opened(desk: Desk, old: str, new: str) -> Pull:
    base = desk.repository.head
    desk.repository.branch("change")
    desk.repository.edit("budgets/teams/support.yaml", old, new)
    commit = desk.repository.commit("Change")
    desk.repository.push(128)
    desk.github.pulls[128] = Pull(128, "alice", [(commit, "alice")], base, head_ref="change")
    return desk.github.pulls[128]


def test_what_an_open_pull_request_asks_for_is_pending(desk: Desk) -> None:
    desk.apply()
    opened(desk, "10500.00", "11200.00")
    desk.repository.git("switch", "--quiet", "main")
    desk.by_hand(700.0)
    assert desk.drift() == ExitCode.DRIFT
    assert desk.drift("--pull-requests") == ExitCode.DONE, desk.errors
    assert "as pull request 128 asks for" in desk.output
    desk.github.pulls[128].fork = "mallory/ai-budgets"
    assert desk.drift("--pull-requests") == ExitCode.DRIFT


def shown(desk: Desk) -> None:
    """Plan pull request 128 and show it, as its workflow does."""
    usage = str(desk.repository.folder.parent / "usage.csv")
    assert desk.kt("plan", "--as-of", DAY, "--usage", usage, "--output", "../pr.json") == 0, desk.errors
    assert desk.kt("pr", "comment", "--plan", "../pr.json", "--pr", "128") == 0, desk.errors
    desk.repository.git("switch", "--quiet", "main")


def refresh(desk: Desk, *options: str) -> dict[str, Any]:
    assert desk.kt("pr", "refresh", "--as-of", DAY, "--format", "json", *options) == 0, desk.errors
    (found,) = json.loads(desk.output)["pull_requests"]
    document: dict[str, Any] = found
    return document


def test_a_pull_request_whose_plan_moved_is_marked_and_unmarked(desk: Desk) -> None:
    desk.apply()
    pull = opened(desk, "10500.00", "11200.00")
    shown(desk)
    assert refresh(desk) == {"pull_request": 128, "state": "current", "teams": []}
    assert len(desk.github.checks) == 1
    desk.by_hand(100.0)
    assert refresh(desk) == {"pull_request": 128, "state": "stale", "teams": ["support"]}
    assert desk.github.checks[-1]["conclusion"] == "action_required"
    assert desk.github.checks[-1]["head_sha"] == pull.head
    assert "The plan moved since it was shown" in desk.github.ours(128)[0]
    before = len(desk.github.writes)
    refresh(desk)
    assert len(desk.github.writes) == before
    desk.by_hand(100.0, "reclaim")
    assert refresh(desk)["state"] == "current"
    assert desk.github.checks[-1]["conclusion"] == "success"
    assert "The plan moved" not in desk.github.ours(128)[0]


def test_a_pull_request_that_cannot_be_planned_says_why(desk: Desk) -> None:
    desk.apply()
    opened(desk, "10500.00", "11200.00")
    desk.repository.git("switch", "--quiet", "main")
    assert refresh(desk)["state"] == "no plan was recorded"
    desk.repository.git("switch", "--quiet", "change")
    shown(desk)
    desk.repository.edit("budgets/teams/support.yaml", "10500.00", "9000.00")
    desk.repository.commit("Conflict")
    assert "cannot be planned" in refresh(desk)["state"]


def test_a_merge_queue_refuses_a_plan_that_moved(desk: Desk, tmp_path: Path) -> None:
    desk.apply()
    opened(desk, "10500.00", "11200.00")
    shown(desk)
    event = tmp_path / "event.json"
    group = {"head_ref": f"refs/heads/gh-readonly-queue/main/pr-128-{'d' * 40}", "head_sha": "e" * 40}
    event.write_text(json.dumps({"merge_group": group}), encoding="utf-8")
    desk.variables["GITHUB_EVENT_PATH"] = str(event)
    assert desk.kt("pr", "refresh", "--as-of", DAY) == ExitCode.DONE, desk.errors
    assert (desk.github.checks[-1]["head_sha"], desk.github.checks[-1]["conclusion"]) == ("e" * 40, "success")
    desk.by_hand(100.0)
    assert desk.kt("pr", "refresh", "--as-of", DAY) == ExitCode.STALE
    assert desk.github.checks[-1]["conclusion"] == "failure"


def test_a_person_cannot_mark_pull_requests(desk: Desk) -> None:
    desk.apply()
    opened(desk, "10500.00", "11200.00")
    shown(desk)
    desk.variables["GITHUB_TOKEN"] = "ghp_dana"
    assert desk.kt("pr", "refresh", "--as-of", DAY, "--recorded-by", "github-actions") == ExitCode.REMOTE
    assert "GitHub App" in desk.errors
