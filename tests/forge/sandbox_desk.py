"""Budgets in git, an embedded Keeptrusts that holds money, and a GitHub: one desk to run commands at."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from datetime import date
from typing import Any

import click
import pytest
from forge.budget_repository import BudgetRepository
from forge.foreign_words import refuse_foreign_words
from forge.github_standin import Pull, State
from forge.host import Host
from loopback import client_of
from published import judge_printed

from reconciler.cli.adopt import command as adopt_command
from reconciler.cli.apply import command as apply_command
from reconciler.cli.boundary import run
from reconciler.cli.doctor import command as doctor_command
from reconciler.cli.drift import command as drift_command
from reconciler.cli.plan import command as plan_command
from reconciler.cli.pr import command as pr_command
from reconciler.cli.release import command as release_command
from reconciler.cli.resume import command as resume_command
from reconciler.sandbox.faults import Faults
from reconciler.sandbox.server import Sandbox, running
from reconciler.sandbox.store import Store
from reconciler.settings import overlaid

DAY = "2026-06-18"


@click.group()
def cli() -> None:
    """Stand for the group that all commands are in."""


for name, command in {
    "adopt": adopt_command,
    "plan": plan_command,
    "apply": apply_command,
    "doctor": doctor_command,
    "drift": drift_command,
    "pr": pr_command,
    "release": release_command,
    "resume": resume_command,
}.items():
    cli.add_command(command, name)


class SandboxDesk:
    """Budgets in git, an empty Keeptrusts with money in its pool, and a GitHub."""

    def __init__(
        self, repository: BudgetRepository, sandbox: Sandbox, host: Host, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.repository = repository
        self.sandbox = sandbox
        self.host = host
        self.github = host.state
        self.capsys = capsys
        self.variables: dict[str, str] = {}
        self.output = self.errors = ""

    def kt(self, *arguments: str) -> int:
        with overlaid(**self.variables):
            code = run(cli, arguments)
        self.output, self.errors = self.capsys.readouterr()
        judge_printed(arguments, self.output)
        refuse_foreign_words(self.github, self.output, self.errors)
        return code

    def apply(self) -> None:
        usage = self.repository.folder.parent / "usage.csv"
        usage.write_text("id,timestamp,team_id,provider,model,cost\n", encoding="utf-8")
        assert self.kt("plan", "--as-of", DAY, "--usage", str(usage), "--output", "../plan.json") == 0, self.errors
        assert self.kt("apply", "--as-of", DAY, "--plan", "../plan.json") == 0, self.output + self.errors

    def opened(self, old: str, new: str) -> Pull:
        """Open pull request 128 by alice, which replaces some text of Support's file."""
        base = self.repository.head
        self.repository.branch("change")
        self.repository.edit("budgets/teams/support.yaml", old, new)
        commit = self.repository.commit("Change")
        self.repository.push(128)
        shown = self.repository.patches(base, commit)
        pull = Pull(128, "alice", [(commit, "alice")], base, head_ref="change", patches=shown)
        self.github.pulls[128] = pull
        return pull

    def drift(self, *options: str) -> int:
        return self.kt("drift", "--as-of", DAY, *options)

    def items(self) -> list[dict[str, Any]]:
        self.drift("--format", "json")
        listed: list[dict[str, Any]] = json.loads(self.output)["items"]
        return listed

    def keeptrusts(self, method: str, path: str, **body: Any) -> Any:
        with client_of(self.sandbox.url, self.sandbox.billing_token) as client:
            answer = client.request(method, path, json=body or None)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def by_hand(self, amount: float, kind: str = "allocate", team: str = "team_support") -> str:
        answer = self.keeptrusts(
            "POST", f"/v1/wallets/{kind}", team_id=team, amount=amount, currency="USD", description="in the console"
        )
        return str(answer["transaction"]["id"])


@contextmanager
def sandbox_desk(
    repository: BudgetRepository,
    github: State,
    github_url: str,
    capsys: pytest.CaptureFixture[str],
    *,
    faults: Faults | None = None,
    store: Store | None = None,
) -> Iterator[SandboxDesk]:
    """Yield a desk in the folder of the repository; its Keeptrusts is `store`, else knows two teams and has money."""
    place = repository.folder.parent
    host = Host(github, github_url)
    day = date.fromisoformat(DAY)
    with chdir(repository.folder), running(store=store, scenario="empty", as_of=day, faults=faults) as sandbox:
        made = SandboxDesk(repository, sandbox, host, capsys)
        made.variables = {
            "KEEPTRUSTS_API_URL": sandbox.url,
            "KEEPTRUSTS_API_TOKEN": sandbox.billing_token,
            "KT_BUDGETS_JOURNAL": f"file:{place / 'journal'}",
            **host.variables,
        }
        if store is None:
            for team in ("Support", "Shadow"):
                made.keeptrusts("POST", "/v1/teams", name=team)
            made.keeptrusts("POST", "/v1/wallets/credit", amount=100000.0, currency="USD", description="a year")
        yield made
