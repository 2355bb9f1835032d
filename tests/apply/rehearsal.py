"""A folder of budget files beside a real sandbox over HTTP, and the command line run against both."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from io import StringIO
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from forked_from import forks
from published import judge_printed
from worlds import JUNE, limited

from reconciler.cli import apply, audit, resume
from reconciler.cli.boundary import run
from reconciler.journal.journal import last_applied
from reconciler.keeptrusts.connection import Connection
from reconciler.keeptrusts.reader import Reader
from reconciler.model.guards import GuardSettings
from reconciler.model.plan import GuardResult, Plan, Source, Tool, sealed
from reconciler.plan.diff import make_plan
from reconciler.policy.facts import Told, judged
from reconciler.sandbox.faults import parse_faults
from reconciler.sandbox.server import running
from reconciler.sandbox.store import Store
from reconciler.settings import overlaid
from reconciler.source.load import load

AS_OF = date(2026, 6, 18)
COMMANDS = {"apply": apply.command, "resume": resume.command, "audit": audit.command}
ORGANIZATION = """\
version: 1
organization: org_acme
currency: USD
fiscal_year: {name: FY2027, starts: 2026-06}
environments: [prod]
"""


@dataclass
class Said:
    """What a command answered: its exit code, and both of its outputs."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def statuses(self) -> list[str]:
        return [outcome["status"] for outcome in self.json["outcomes"]]


@dataclass
class Rehearsal:
    """`journal` names the store; `environment` reaches every command."""

    folder: Path
    store: Store
    url: str
    token: str
    read_token: str
    journal: str
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def budgets(self) -> Path:
        return self.folder / "budgets"

    @property
    def plan_path(self) -> Path:
        return self.folder / "plan.json"

    def declare(self, targets: Mapping[str, str], *, alert: str | None = None) -> None:
        """Write one team file per wallet: `support: 100` is the wallet `team_support` with 100.00 a month."""
        teams = self.budgets / "teams"
        teams.mkdir(parents=True, exist_ok=True)
        (self.budgets / "org.yaml").write_text(ORGANIZATION, encoding="utf-8")
        for team, amount in targets.items():
            alerts = f"billing_budgets:\n  - {{name: {team}-monthly, amount: {alert}}}\n" if alert else ""
            text = f"version: 1\nteam: {team}\nwallets:\n  prod: {{team_id: team_{team}, monthly: {amount}}}\n{alerts}"
            (teams / f"{team}.yaml").write_text(text, encoding="utf-8")

    def plan(self, guards: tuple[GuardResult, ...] = ()) -> Plan:
        """Make a plan and save it as plan.json."""
        desired = load(self.budgets).desired
        assert desired is not None
        with Reader(Connection(base_url=self.url, token=self.token)) as reader:
            wallets = {key: wallet.currency for key, wallet in desired.wallets.items()}
            live = reader.live(organization="org_acme", wallets=wallets, period=JUNE)
        diff = make_plan(desired, live, JUNE, last_applied=last_applied(self.journal))
        plan = judged(
            Plan(
                tool=Tool(version="0"),
                organization="org_acme",
                currency="USD",
                period=JUNE,
                as_of=AS_OF,
                source=Source(commit=None, dirty=None, tree_digest=desired.tree_digest),
                changes=diff.changes,
                fingerprints=dict(diff.fingerprints),
                funds=diff.funds,
            ),
            limited(GuardSettings()),
            Told(currencies=diff.currencies),
        )
        plan = sealed(plan.model_copy(update={"guards": guards or plan.guards}))
        self.plan_path.write_text(plan.text(), encoding="utf-8")
        return plan

    def arguments(self, *arguments: str) -> list[str]:
        verb, *rest = arguments
        plan = ["--plan", str(self.plan_path)] if verb == "apply" else []
        if verb in ("apply", "resume") and "--as-of" not in rest:
            plan += ["--as-of", str(AS_OF)]
        return [*plan, "--budgets", str(self.budgets), "--journal", self.journal, *rest]

    def kt(self, *arguments: str, as_json: bool = True) -> Said:
        """Run a command in this process."""
        options = [*self.arguments(*arguments), *(["--format", "json"] if as_json else [])]
        out, err = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err), overlaid(**self._variables()):
            code = run(COMMANDS[arguments[0]], options)
        judge_printed(options, out.getvalue())
        return Said(code, out.getvalue(), err.getvalue())

    def start(self, *arguments: str, output: Path | None = None) -> BaseProcess:
        """Start a command in a process of its own."""
        given = [*self.arguments(*arguments), "--format", "json"]
        process = forks().Process(target=_command, args=(arguments[0], given, self._variables(), output))
        process.start()
        return process

    def funded(self, *teams: str) -> list[Decimal]:
        return [self.store.funded(f"team_{team}", JUNE) for team in teams]

    def _variables(self) -> dict[str, str]:
        return {"KEEPTRUSTS_API_URL": self.url, "KEEPTRUSTS_API_TOKEN": self.token, **self.environment}


def _command(verb: str, arguments: list[str], variables: dict[str, str], output: Path | None) -> None:
    with (
        (output or Path(os.devnull)).open("w", encoding="utf-8") as out,
        redirect_stdout(out),
        redirect_stderr(out),
        overlaid(**variables),
    ):
        code = run(COMMANDS[verb], arguments)
    raise SystemExit(code)


@contextmanager
def rehearsing(
    folder: Path,
    *faults: Mapping[str, Any],
    teams: tuple[str, ...] = ("sales", "support"),
    latency_ms: int = 0,
    journal: str | None = None,
) -> Iterator[Rehearsal]:
    """Yield a rehearsal with the wallets of `teams`, a full pool, and `faults` on what is sent."""
    with Store(as_of=AS_OF) as store:
        store.wallets.credit(1_000_000 * 10**6, description="opening balance")
        for team in teams:
            store.teams.create(team, id=f"team_{team}")
        rules = parse_faults([dict(fault) for fault in faults]) if faults else None
        with running(store=store, faults=rules, latency_ms=latency_ms) as sandbox:
            name = journal or f"file:{folder / 'journal'}"
            yield Rehearsal(folder, store, sandbox.url, sandbox.billing_token, sandbox.read_token, name)
