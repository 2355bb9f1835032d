"""An organization on disk and the command, for tests from outside."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from direct import at_once as at_once
from installed import in_this_process
from memory_over_http import TOKEN
from replayed_once import replayed_once as replayed_once
from short_waits import short_waits as short_waits
from usage_read_once import usage_read_once as usage_read_once

Run = Callable[..., CompletedProcess[str]]

ORG = """\
version: 1
organization: org_acme
currency: USD
fiscal_year: {name: FY2027, starts: 2026-06}
environments: [prod, dev]
export_schedules:
  - {name: weekly, cron: "0 6 * * MON", window: 7d, s3: {bucket: finance, prefix: ai/}}
"""
ALPHA = """\
version: 1
team: alpha
plan: {baseline_monthly: 1000.00}
wallets:
  prod: {team_id: t-alpha, monthly: 1000.00, overrides: {2026-06: 1200.50}}
  dev: {team_id: t-alpha-dev, monthly: "300"}
billing_budgets:
  - {name: changed, amount: 1100, alert_percentages: [50, 90]}
  - {name: new, amount: 250, environment: dev}
"""
BETA = "version: 1\nteam: beta\nwallets:\n  prod: {team_id: t-beta, monthly: 0.07}\n"
GAMMA = "version: 1\nteam: gamma\nwallets:\n  prod: {team_id: t-gamma, monthly: 450}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with budgets/ of three teams and the events of a month."""
    teams = tmp_path / "budgets" / "teams"
    teams.mkdir(parents=True)
    (tmp_path / "budgets" / "org.yaml").write_text(ORG)
    for name, text in {"alpha": ALPHA, "beta": BETA, "gamma": GAMMA}.items():
        (teams / f"{name}.yaml").write_text(text)
    (tmp_path / "usage.csv").write_text(
        "id,timestamp,team_id,provider,model,cost\n"
        + "".join(f"e{n},2026-06-{n % 17 + 1:02d}T12:00:00Z,t-alpha,openai,gpt-4o,{n % 7}.25\n" for n in range(170))
    )
    return tmp_path


@pytest.fixture
def kt(folder: Path) -> Run:
    """Return a function that runs the command in `folder` against a URL."""

    def run(url: str, *arguments: str, token: str = TOKEN) -> CompletedProcess[str]:
        environment = {**os.environ, "KEEPTRUSTS_API_URL": url, "KEEPTRUSTS_API_TOKEN": token}
        return in_this_process(*arguments, folder=folder, environment=environment)

    return run
