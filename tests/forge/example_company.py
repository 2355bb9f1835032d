"""A company with the budgets of the example and rules of its own, on either forge, before its first apply."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from forge.budget_repository import BudgetRepository
from forge.company import Company, install_command
from forge.gitlab_company import GitLabCompany
from forge.host import Host
from forge.workflow_shell import Runner

from reconciler.sandbox.server import running

EXAMPLE = Path(__file__).resolve().parents[2] / "budgets"
AS_OF = "2026-06-18"
SUPPORT = "budgets/teams/support.yaml"
MONTHLY = "monthly: 12500.00, overrides"

_RULES = """\
approvals: {finance_above: 1000.00, finance: ["@acme/finance"]}
acknowledged_drift:
  - {key: team_marketing, until: 2026-12-31, reason: a trial, approved_by: finance}
"""

_JOURNAL = ("--journal", "git:origin")


@contextmanager
def example_company(place: Path, host: Host) -> Iterator[Company]:
    """Yield a company with the example's budgets, of which nothing was applied yet."""
    files = {
        f"budgets/{path.relative_to(EXAMPLE)}": path.read_text(encoding="utf-8") for path in EXAMPLE.rglob("*.yaml")
    }
    files["budgets/org.yaml"] += _RULES
    repository = BudgetRepository.create(place, files)
    install_command(place, AS_OF)
    host.state.pulls.clear()
    host.state.members |= {("acme/support-leads", "lena"), ("acme/finance", "bob")}
    kind = GitLabCompany if host.is_gitlab else Company
    with running(scenario="acme", as_of=date.fromisoformat(AS_OF)) as sandbox:
        yield kind(place, repository, host.state, host.url, sandbox)
    shutil.rmtree(place, ignore_errors=True)


def begin(company: Company, *options: str) -> None:
    """Adopt what is there: the first apply, before there are pull requests to approve."""
    runner = Runner(company.repository.folder, {}, {})
    runner.variables = {
        "PATH": f"{company.place / 'bin'}:/usr/local/bin:/usr/bin:/bin",
        "KEEPTRUSTS_API_URL": company.sandbox.url,
        "KEEPTRUSTS_API_TOKEN": company.sandbox.billing_token,
    }
    for script in ("plan --output ../plan.json", "apply --plan ../plan.json"):
        runner._step({"name": "Begin", "run": shlex.join(["kt-budgets", *script.split(), *options, *_JOURNAL])}, {})
        assert runner.code == 0, runner.log[-1]
