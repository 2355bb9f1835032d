"""The plan of a change that gives a wallet dated steps: every later month that gets other money is told."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from cli.conftest import Run
from cli.journal_desk import git
from cli.small_folder import small_folder
from plan.test_plan_later import state
from report.report_plans import Wallet
from worlds import wallet as declared

from reconciler.app.planning.remarks import later_short
from reconciler.model.forecast import MonthForecast
from reconciler.model.later import Later, LaterTarget
from reconciler.model.period import Period
from reconciler.sandbox.server import running

STEPS = "[{amount: 100, from: 2026-06}, {amount: 140, from: 2026-10}, {amount: 500, from: 2028-03}]"


def test_a_step_far_behind_the_horizon_is_told_with_its_money(
    tmp_path: Path, kt: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_folder(tmp_path)
    for arguments in (("init", "-q"), ("add", "budgets"), ("commit", "-qm", "before")):
        git(tmp_path, *arguments)
    team = tmp_path / "budgets" / "teams" / "alpha.yaml"
    wallet = f"monthly: {STEPS}, overrides: {{2026-12: +20%}}"
    team.write_text(team.read_text(encoding="utf-8").replace("monthly: 100", wallet), encoding="utf-8")
    git(tmp_path, "commit", "-aqm", "after")
    monkeypatch.chdir(tmp_path)
    with running(scenario="acme", as_of=None) as served:
        monkeypatch.setenv("KEEPTRUSTS_API_URL", served.url)
        monkeypatch.setenv("KEEPTRUSTS_API_TOKEN", served.read_token)
        done = kt("plan", "--as-of", "2026-06-18", "--usage", "usage.csv", "--since", "HEAD~1")
    assert done.code == 0, done.err

    later = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))["later"]
    told = {item["period"]: (item["before"], item["after"]) for item in later["targets"]}
    assert told["2026-10"] == ("100.00", "140.00")
    assert told["2026-12"] == ("100.00", "168.00")
    assert told["2028-02"] == ("100.00", "140.00")
    assert told["2029-02"] == ("100.00", "500.00")
    assert "2026-09" not in told
    assert later["until"] == "2029-02"
    assert "monthly target" not in done.out
    assert "100 -> 500 (400 more a month), March 2028 to February 2029" in " ".join(done.out.split())


@pytest.mark.parametrize(
    ("step", "so"),
    [
        ("{amount: 10000.00, from: 2026-07}", ", and so are 11 months after it"),
        ("{amount: 60000.00, from: 2026-07}", ""),
    ],
)
def test_a_cut_of_later_months_that_they_cannot_bear_is_a_warning_of_the_change(
    step: str, so: str, tmp_path: Path, kt: Run, monkeypatch: pytest.MonkeyPatch, example_export: Path
) -> None:
    shutil.copytree(Path(__file__).parents[2] / "budgets", tmp_path / "budgets")
    for arguments in (("init", "-q"), ("add", "budgets"), ("commit", "-qm", "before")):
        git(tmp_path, *arguments)
    team = tmp_path / "budgets" / "teams" / "engineering.yaml"
    begins = "{amount: 27000.00, from: 2026-06}"
    team.write_text(team.read_text(encoding="utf-8").replace("monthly: 27000.00", f"monthly: [{begins}, {step}]"))
    git(tmp_path, "commit", "-aqm", "after")
    monkeypatch.chdir(tmp_path)
    with running(scenario="acme", as_of=date(2026, 6, 18)) as served:
        monkeypatch.setenv("KEEPTRUSTS_API_URL", served.url)
        monkeypatch.setenv("KEEPTRUSTS_API_TOKEN", served.read_token)
        asked = ("--as-of", "2026-06-18", "--usage", example_export, "--since", "HEAD~1")
        assert kt("plan", *asked).code == 0
        shown = kt("show", "plan.json", "--format", "markdown").out
    findings = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))["findings"]
    short = [finding for finding in findings if finding["code"] == "later-short"]
    assert len(short) == bool(so), "what gets more is told nothing"
    for finding in short:
        assert (finding["path"], finding["line"], finding["column"]) == ("budgets/teams/engineering.yaml", 14, 9)
        assert finding["message"].startswith(
            "engineering/prod gets USD 10,000.00 and no longer USD 27,000.00 in 2026-07, and half of the cases cost"
        )
        assert finding["message"].endswith(f": by itself that month is short{so}")
        assert "**later-short**" in shown.partition("Not caused by this change")[0]


@pytest.mark.parametrize(("absent", "codes"), [(False, ["later-short"]), (True, [])])
def test_a_wallet_that_is_to_be_gone_gets_nothing_on_purpose(absent: bool, codes: list[str]) -> None:
    before = Wallet(spent="500", month=(900, 1000, 1100)).forecast()
    july = Period(2026, 7)
    month = MonthForecast(period=july, target=Decimal(0), quantiles={"0.5": Decimal(1000)})
    cut = LaterTarget(
        team="support",
        environment="prod",
        wallet=before.wallet,
        period=july,
        before=Decimal(900),
        after=Decimal(0),
    )
    own = replace(declared("support", "prod", "0"), key=before.wallet, absent=absent)
    desired = replace(state(), wallets={before.wallet: own})
    found = later_short(
        desired, [before.model_copy(update={"months": (month,)})], Later(since="a", until=july, targets=(cut,))
    )
    assert [finding.code for finding in found] == codes
