"""The commands that look ahead, against the example organization on the sandbox."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import Result, Run

from reconciler.sandbox.server import Sandbox, running
from reconciler.settings import overlaid

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
DAY = "2026-06-18"


@pytest.fixture(scope="module")
def acme() -> Iterator[Sandbox]:
    with running(scenario="acme", as_of=date.fromisoformat(DAY)) as sandbox:
        yield sandbox


@pytest.fixture
def budgets(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "budgets", tmp_path / "budgets")
    return tmp_path / "budgets"


Ask = Callable[..., Result]


@pytest.fixture
def ask(kt: Run, acme: Sandbox, example_export: Path, budgets: Path) -> Iterator[Ask]:
    """Return a function that runs a command against the sandbox, with the export as its usage."""

    def asked(command: str, *options: object, usage: bool = True) -> Result:
        files = ("--usage", example_export) if usage else ()
        return kt(command, "--budgets", budgets, "--as-of", DAY, *files, *options)

    with overlaid(KEEPTRUSTS_API_URL=acme.url, KEEPTRUSTS_API_TOKEN=acme.read_token):
        yield asked


def wallets(done: Result) -> dict[str, dict[str, Any]]:
    assert done.code == 0, done.err
    return {wallet["wallet"]: wallet for wallet in json.loads(done.out)["wallets"]}


def test_the_forecast_is_that_of_the_plan(ask: Ask, tmp_path: Path) -> None:
    planned = ask("plan", "--output", tmp_path / "plan.json")
    assert planned.code == 0, planned.err
    impact = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))["impact"]

    found = ask("forecast", "--format", "json")
    assert json.loads(found.out)["wallets"] == impact
    assert "nothing was read" not in found.err


def test_without_files_keeptrusts_is_asked_for_an_export(ask: Ask) -> None:
    exported = wallets(ask("forecast", "--format", "json", "--wallet", "support", usage=False))
    read = wallets(ask("forecast", "--format", "json", "--wallet", "support"))

    assert exported["team_support"]["month_end"] == read["team_support"]["month_end"]
    assert "2,000" in ask("forecast", "--wallet", "engineering").out


@pytest.mark.parametrize("width", [80, 120])
def test_live_money_and_the_plan_stand_side_by_side(
    width: int, ask: Ask, golden: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    done = ask("forecast")

    assert done.code == 0, done.err
    golden(f"report/forecast-acme-{width}.txt", done.out)
    assert "FY2027: USD" in done.out
    assert max(map(len, done.out.splitlines())) <= width


def test_now_is_the_yaml_once_it_is_applied(ask: Ask) -> None:
    read = json.loads(ask("whatif", "--wallet", "support/prod=14500", "--format", "json").out)
    now = {wallet["wallet"]: wallet for wallet in read["now"]}
    planned = wallets(ask("forecast", "--format", "json", "--wallet", "support"))

    assert now == planned
    then = next(wallet for wallet in read["wallets"] if wallet["wallet"] == "team_support")
    before = planned["team_support"]["desired"]
    assert float(then["desired"]["ceiling"]) == pytest.approx(float(before["ceiling"]) + 2000)
    assert then["desired"]["exhaustion"]["probability"] < before["exhaustion"]["probability"]
    assert then["live"] == planned["team_support"]["live"]


def test_the_example_of_the_help_prints_the_impact_table(ask: Ask) -> None:
    done = ask(
        "whatif", "--wallet", "support/prod=14500", "--growth", "support=+25%", "--cache", "support=28%", "--demand",
        "support=600.00@2026-10", "--mix", "support=openai/gpt-4o,openai/gpt-4o-mini,30%",
    )  # fmt: skip

    assert done.code == 0, done.err
    assert "12,500 -> 14,500" in done.out
    assert "what if: demand +25%" in done.out
    assert "Oct 26" in done.out


def test_a_plan_with_the_recommended_targets_shows_the_promised_probability(
    ask: Ask, budgets: Path, tmp_path: Path
) -> None:
    before = {path: path.read_text(encoding="utf-8") for path in sorted(budgets.rglob("*.yaml"))}
    advice = json.loads(ask("recommend", "--write", "--format", "json").out)
    after = {path: path.read_text(encoding="utf-8") for path in before}

    assert {one["path"] for one in advice["written"]} == {str(path) for path in before if before[path] != after[path]}
    for path, text in before.items():
        assert [line.partition("#")[2] for line in text.splitlines()] == [
            line.partition("#")[2] for line in after[path].splitlines()
        ]
    targets = {target["wallet"]: target for target in advice["targets"]}
    assert all(target["lasts"] >= 0.9 for target in targets.values())
    planned = ask("plan", "--output", tmp_path / "plan.json")
    assert planned.code == 0, planned.err
    for wallet in json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))["impact"]:
        assert 1 - wallet["desired"]["exhaustion"]["probability"] >= 0.9 - 0.0006
        recommended = targets[wallet["wallet"]]
        assert wallet["desired"]["target"] in (recommended["target"], recommended["current"])


def test_recommended_targets_are_near_those_of_the_example(ask: Ask) -> None:
    advice = json.loads(ask("recommend", "--format", "json").out)
    big = {one["wallet"]: one for one in advice["targets"] if float(one["current"]) >= 4000}

    assert set(big) == {"team_engineering", "team_finance", "team_legal_ops", "team_support"}
    for target in big.values():
        assert float(target["target"]) == pytest.approx(float(target["current"]), rel=0.15)
        assert "is expected to spend" in target["reason"]
    assert len(advice["alerts"]) == 8


def test_what_was_spent_since_the_export_is_no_reason_for_a_month_of_its_own(ask: Ask, tmp_path: Path) -> None:
    file = tmp_path / "suggestions.json"
    assert ask("recommend", "--suggestions", file, "--wallet", "finance/prod").code == 0
    reason = json.loads(file.read_text(encoding="utf-8"))["suggestions"][0]["reason"]

    assert "It is for June 2026 alone: July 2026 by itself needs USD" in reason


def test_what_is_recommended_adds_no_warning_to_the_example(ask: Ask, kt: Run, budgets: Path, tmp_path: Path) -> None:
    before = kt("validate", "--budgets", budgets).out
    assert ask("plan", "--output", tmp_path / "before.json").code == 0
    assert "wallets.dev.overrides" in ask("recommend", "--write").out

    assert kt("validate", "--budgets", budgets).out == before
    assert ask("plan", "--output", tmp_path / "after.json").code == 0
    found = [
        {finding["code"] for finding in json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8"))["findings"]}
        for name in ("before", "after")
    ]
    assert found[1] <= found[0]


def test_what_a_plan_leaves_alone_is_said_wherever_its_target_is_looked_at(ask: Ask) -> None:
    looks = (
        ("forecast",),
        ("whatif", "--wallet", "engineering/dev=2500"),
        ("recommend", "--wallet", "engineering/dev"),
        ("year",),
    )
    for look, left in zip(looks, ("1,500.00", "1,000.00", "1,500.00", "1,500.00"), strict=True):
        said = " ".join(ask(*look).out.split())
        assert f"warning first-contact: engineering/dev holds USD {left} that would be taken back" in said
    for other in ("engineering/dev=3500", "support/prod=15000"):
        assert "first-contact" not in ask("whatif", "--wallet", other).out
    reason = json.loads(ask("recommend", "--wallet", "engineering/dev", "--format", "json").out)["targets"][0]["reason"]
    assert reason.endswith("a plan takes back what is above that only with `--first-apply`")


def test_october_is_recommended_after_the_months_before_it(ask: Ask, budgets: Path) -> None:
    advice = json.loads(ask("recommend", "--period", "2026-10", "--write", "--format", "json").out)

    for target in advice["targets"]:
        assert float(target["target"]) < 2 * float(target["current"]), target
    assert all(".overrides" in one["key"] for one in advice["written"])
    forecast = wallets(ask("forecast", "--period", "2026-10", "--format", "json"))
    kept = {target["wallet"] for target in advice["targets"]}
    assert all(1 - forecast[key]["desired"]["exhaustion"]["probability"] >= 0.9 - 0.0006 for key in kept)


def test_the_plan_of_the_next_month_starts_from_what_this_one_leaves(ask: Ask, tmp_path: Path) -> None:
    """Finance / prod is to get money for June, which comes first; nobody carries a debt into July."""
    june = wallets(ask("forecast", "--format", "json"))
    assert ask("plan", "--period", "2026-07", "--output", tmp_path / "plan.json").code in (0, 4)
    july = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))["impact"]
    for wallet in july:
        now = june[wallet["wallet"]]
        coming = float(now["month_end"]["quantiles"]["0.5"]) - float(now["spend_to_date"])
        left = float(now["desired"]["money_left"]) - coming
        rest = float(wallet["desired"]["ceiling"]) - float(wallet["desired"]["target"])
        assert rest == pytest.approx(max(left, 0), abs=0.03 * float(now["desired"]["ceiling"]))
        assert float(wallet["live"]["ceiling"]) == pytest.approx(rest, abs=0.02)


def test_the_past_of_the_example_is_replayed_without_a_ledger(ask: Ask) -> None:
    done = ask("backtest", "--months", "2", "--format", "json")

    assert done.code == 0, done.err
    methods = json.loads(done.out)["overall"]["methods"]
    assert methods["forecast"]["crps"] < methods["mean_28_days"]["crps"]


def test_one_command_can_bring_its_own_keeptrusts(kt: Run, budgets: Path, example_export: Path) -> None:
    options = ("--budgets", budgets, "--as-of", DAY, "--sandbox")
    done = kt("forecast", *options, "--usage", example_export, "--wallet", "support/prod", "--horizon", "1")
    assert done.code == 0, done.err
    assert "money by the targets" not in done.out

    replayed = kt("backtest", *options, "--months", "1", "--wallet", "support/prod")
    assert replayed.code == 0, replayed.err


def test_what_is_done_to_a_passing_keeptrusts_is_nobodys_history(
    kt: Run, budgets: Path, example_export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    options = ("--budgets", budgets, "--as-of", DAY, "--sandbox")
    assert kt("plan", *options, "--usage", example_export).code == 0
    assert kt("apply", "--plan", "plan.json", *options).code == 0
    assert not (tmp_path / ".kt-budgets").exists()
    monkeypatch.setenv("KT_BUDGETS_JOURNAL", "file:kept/journal")
    assert kt("apply", "--plan", "plan.json", *options).code == 0
    assert (tmp_path / "kept" / "journal").exists()
