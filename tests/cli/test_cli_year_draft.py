"""`kt-budgets year --draft`: next year's budgets are valid, say where each figure comes from, and overwrite nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from cli.conftest import Run
from cli.outlook_world import AS_OF, SUPPORT, World, make_world, steady, write_budgets, write_usage

from reconciler.app.year.draft import year_after
from reconciler.forecast.levers.registry import planned_spend
from reconciler.forecast.when import Month
from reconciler.model.period import FiscalYear, Period
from reconciler.source.load import load
from reconciler.source.reasoned_edit import set_with_reasons

pytestmark = pytest.mark.slow

HOSTILE = """\
version: 1
team: finance
name: "2026: [no] #1"
plan:
  provider_mix:
    - {reason: "30% cheaper: yes", from: "2026-06", to: openai/gpt-4o-mini, share: 40%, by: 2026-09, since: 2026-07}
  fallback: {share: 3%, price_ratio: 1.5}
  rate_limits:
    - {reason: a cap, daily: 500.00, from: 2026-06}
wallets:
  prod: {team_id: team_finance, monthly: 3000.00, overrides: {2026-12: +20%}}
  dev: {team_id: team_finance_dev, monthly: 40.00}
billing_budgets:
  - {name: "80%", amount: 2400.00, environment: prod, alert_percentages: [50]}
  - {name: one agent, amount: 10.00, scope: {type: agent, id: "7"}, period: weekly, hard_limit: true}
"""


DENIED = """\
version: 1
rules:
  - {name: no-more-than-500, level: deny, owner: "@acme/finance", reason: the board, assert: "true", message: "no"}
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = make_world(tmp_path_factory.mktemp("world"))
    spike = {"team_support": lambda day: 1200.0 if 265 <= day < 274 else 300.0, "team_finance": steady(90.0)}
    write_usage(world.usage, {**spike, "team_support_dev": steady(30.0), "team_lost": steady(1.0)})
    growth = "plan:\n  growth: [{reason: two more regions, rate: 18%, from: 2026-09}]\n"
    write_budgets(world, finance=HOSTILE, support=SUPPORT.replace("plan:\n", growth))
    return world


def test_the_draft_is_valid_in_next_year_with_a_reason_for_each_figure_and_is_never_written_over(
    world: World, kt: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(world.folder)
    made = kt("year", *world.options(), "--draft", "--format", "json")
    assert made.code == 0, made.err
    told = json.loads(made.out)
    written, teams = told["draft"], {team["team"]: team for team in told["teams"]}
    (once,) = teams["support"]["anomalies"]
    assert (once["month"], once["days"][0], len(once["days"])) == ("2026-02", "2026-02-03", 9)
    assert "February 2026 stands out" in once["question"]
    assert "of it is support/assistant on 9 days. What changed, and will it come again?" in once["question"]
    assert [one["team_id"] for one in told["uncovered"]] == ["team_lost"]
    folder = Path(written["folder"])
    assert (folder, written["fiscal_year"], written["starts"]) == (Path(f"{world.budgets}-FY2028"), "FY2028", "2027-06")
    assert kt("validate", "--budgets", folder).code == 0
    assert kt("fmt", "--check", "--budgets", folder).code == 0
    before, after = load(world.budgets).desired, load(folder).desired
    assert before is not None
    assert after is not None
    assert after.organization.fiscal_year.value == FiscalYear("FY2028", Period(2027, 6))
    support, finance = after.teams["support"], after.teams["finance"]
    assert [str(step.starts) for step in support.plan.growth] == ["2027-06"]
    assert support.plan.cache_hit_rate is not None
    assert (str(support.plan.cache_hit_rate.start), str(support.plan.cache_hit_rate.target)) == ("0.25", "0.6")
    assert finance.plan.fallback == before.teams["finance"].plan.fallback
    assert [str(month) for month in finance.wallets["prod"].overrides] == ["2027-12"]
    assert finance.wallets["dev"].monthly == before.teams["finance"].wallets["dev"].monthly
    assert finance.billing_budgets[1] == before.teams["finance"].billing_budgets[1]
    for file in folder.glob("teams/*.yaml"):
        lines = file.read_text(encoding="utf-8").splitlines()
        figures = [place for place, line in enumerate(lines) if re.match(r" +(baseline_)?monthly: ", line)]
        assert figures
        assert all(lines[place - 1].strip().startswith("# ") for place in figures)
    bytes_before = {file: file.read_bytes() for file in folder.rglob("*.yaml")}
    again = kt("year", *world.options(), "--draft")
    assert again.code == 2
    assert "is there already; nothing was written" in again.err
    assert {file: file.read_bytes() for file in folder.rglob("*.yaml")} == bytes_before


def test_a_year_that_is_over_is_said_and_a_wallet_without_usage_is_named(world: World, kt: Run) -> None:
    done = kt("year", *world.options(as_of=date(2027, 6, 18)))
    assert done.code == 0, done.err
    assert "warning year-over: FY2027 ended on 2027-05-31" in done.out
    assert "No whole month of prod and dev is known to have cost anything" in " ".join(done.out.split())


ONE = """\
version: 1
team: support
plan:
  baseline_monthly: 3000.00
  %s
wallets:
  prod: {team_id: team_support, monthly: 3900.00}
"""


def export_of(costs: Callable[[date], int]) -> str:
    """Return an export in which a day costs so many requests of 20.00 each, at one price of a token."""
    rows, day = ["id,timestamp,team_id,provider,model,input_tokens,output_tokens,cost\n"], date(2025, 6, 1)
    while day < AS_OF:
        rows += [f"{day}{n},{day}T01:00:00Z,team_support,openai,m,900,100,20.00\n" for n in range(costs(day))]
        day += timedelta(1)
    return "".join(rows)


@pytest.mark.parametrize(
    ("planned", "dearest", "wallet"),
    [
        ("growth: [{reason: a region, rate: 20%, from: 2026-05}]", "3720.00", "3720.00"),
        ("planned_demand: [{reason: voice, monthly: 620.00, from: 2026-05}]", "3720.00", "3720.00"),
        ("growth: [{reason: a region, rate: 20%, from: 2026-03}]", "3100.00", "3720.00"),
        ("planned_demand: [{reason: voice, monthly: 620.00, from: 2026-03}]", "3100.00", "3720.00"),
        ("planned_demand: [{reason: voice, monthly: 620.00, from: 2026-05, until: 2027-05}]", "3100.00", "3100.00"),
    ],
    ids=["growth-of-may", "demand-of-may", "growth-of-march", "demand-of-march", "demand-that-ends"],
)
def test_what_began_after_the_month_of_the_baseline_is_planned_again_and_counts_once(
    tmp_path: Path, kt: Run, planned: str, dearest: str, wallet: str
) -> None:
    """March, April and May cost 3,100, 3,000 and 3,720, a day 100, 100 and 120: the middle month is March.

    The wallet has room for a month of 31 days of whichever of these days is dearest of what goes on.
    """
    world = make_world(tmp_path)
    world.usage.write_text(export_of(lambda day: 5 if day < date(2026, 5, 1) else 6), encoding="utf-8")
    write_budgets(world, support=ONE % planned)
    assert kt("year", *world.options(), "--draft").code == 0
    after = load(Path(f"{world.budgets}-FY2028")).desired
    assert after is not None
    team = after.teams["support"]
    assert team.plan.baseline_monthly == Decimal("3100.00")
    assert planned_spend(team.plan, Month(Period(2027, 6), Period(2027, 6))) == Decimal(dearest)
    assert team.wallets["prod"].monthly == Decimal(wallet)


@pytest.mark.parametrize("as_of", [date(2026, 3, 5), date(2026, 4, 1), date(2026, 5, 1), date(2026, 6, 5)], ids=str)
def test_a_wallet_that_costs_the_same_each_day_gets_31_days_of_it(tmp_path: Path, kt: Run, as_of: date) -> None:
    """A day costs 100.00, so a month costs 3,100.00 at most, whichever months are the last ones."""
    world = make_world(tmp_path)
    world.usage.write_text(export_of(lambda _: 5), encoding="utf-8")
    write_budgets(world, support=ONE % "")
    assert kt("year", *world.options(as_of=as_of), "--draft", tmp_path / "next").code == 0
    after = load(tmp_path / "next").desired
    assert after is not None
    assert after.teams["support"].wallets["prod"].monthly == Decimal("3100.00")


TWO = f"{ONE}  dev: {{team_id: team_support_dev, monthly: 390.00}}\n"


@pytest.mark.parametrize(
    ("planned", "prod", "dev"),
    [
        ("planned_demand: [{reason: voice, monthly: 620.00, from: 2026-09}]", "3720.00", "310.00"),
        ("growth: [{reason: a region, rate: 20%, from: 2026-09}]", "3720.00", "372.00"),
    ],
    ids=["demand", "growth"],
)
def test_new_demand_makes_room_in_the_wallet_that_it_comes_to_alone(
    tmp_path: Path, kt: Run, planned: str, prod: str, dev: str
) -> None:
    """31 days cost 3,100 in prod, the team's first wallet, and 310 in dev; growth is of both."""
    world, of_prod = make_world(tmp_path), export_of(lambda _: 5)
    of_dev = re.sub("^(?=2)", "dev", of_prod.partition("\n")[2], flags=re.MULTILINE)
    of_dev = of_dev.replace("team_support", "team_support_dev").replace(",20.00", ",2.00")
    world.usage.write_text(of_prod + of_dev, encoding="utf-8")
    write_budgets(world, support=TWO % planned)
    assert kt("year", *world.options(), "--draft").code == 0
    after = load(Path(f"{world.budgets}-FY2028")).desired
    assert after is not None
    wallets = after.teams["support"].wallets
    assert [wallets[name].monthly for name in ("prod", "dev")] == [Decimal(prod), Decimal(dev)]
    text = (Path(f"{world.budgets}-FY2028") / "teams" / "support.yaml").read_text(encoding="utf-8")
    times = "1.200" if planned.startswith("growth") else "1.000"
    assert f"# times {times} for the plan's dearest month, times 1.000 for 31 days" in text
    assert text.count("new demand comes to it, 620.00 in that month") == ("demand" in planned)


YEN = """\
version: 1
organization: org_acme
currency: JPY
fiscal_year: {name: FY2027, starts: 2026-04}
annual_target: 50000
unused: reclaim
environments: [prod]
"""
WHOLE = """\
version: 1
team: support
wallets:
  prod: {team_id: team_support, monthly: 4000}
"""


def test_the_annual_target_of_a_draft_is_in_coins_that_there_are(tmp_path: Path, kt: Run) -> None:
    """A day costs 101.25 yen, so April and May 3,037.50 and 3,138.75, and ten months of 4,000 come: 46,176.25.

    3,823.75 of the target are kept back. Next year 31 days of 101.25 are 3,138.75, so the wallet gets 3,140 a month.
    """
    for path, text in {"org.yaml": YEN, "teams/support.yaml": WHOLE}.items():
        (tmp_path / "budgets" / "teams").mkdir(parents=True, exist_ok=True)
        (tmp_path / "budgets" / path).write_text(text, encoding="utf-8")
    (tmp_path / "usage.csv").write_text(export_of(lambda _: 5).replace(",20.00", ",20.25"), encoding="utf-8")
    given = ("--budgets", tmp_path / "budgets", "--usage", tmp_path / "usage.csv", "--as-of", "2026-06-05", "--offline")
    done = kt("year", *given, "--draft", tmp_path / "next")
    assert done.code == 0, done.err
    after = load(tmp_path / "next").desired
    assert after is not None
    assert after.teams["support"].wallets["prod"].monthly == Decimal("3140")
    assert after.organization.annual_target == 12 * Decimal("3140") + Decimal("3823")


def test_the_draft_says_which_demand_its_baseline_holds_that_ends(tmp_path: Path, kt: Run) -> None:
    world = make_world(tmp_path)
    world.usage.write_text(export_of(lambda _: 5), encoding="utf-8")
    demand = "planned_demand: [{reason: voice, monthly: 600.00, from: 2026-01, until: 2027-08}]"
    write_budgets(world, support=ONE % demand)
    assert kt("year", *world.options(), "--draft").code == 0
    text = (Path(f"{world.budgets}-FY2028") / "teams" / "support.yaml").read_text(encoding="utf-8")
    assert "# voice, 600.00 a month, is in it as far as it came and was planned until 2027-08: take it off" in text


@pytest.mark.parametrize(
    ("name", "now", "expected"),
    [
        ("FY2027", Period(2026, 6), ("FY2028", Period(2027, 6))),
        ("FY2027", Period(2026, 5), ("FY2027", Period(2026, 6))),
        ("FY2027", Period(2027, 5), ("FY2028", Period(2027, 6))),
        ("FY2027", Period(2027, 6), ("FY2028", Period(2027, 6))),
        ("FY2027", Period(2028, 7), ("FY2029", Period(2028, 6))),
        ("26/27", Period(2026, 8), ("27/28", Period(2027, 6))),
        ("FY2026/27", Period(2028, 6), ("FY2028/29", Period(2028, 6))),
        ("2026-2027", Period(2026, 8), ("2027-2028", Period(2027, 6))),
        ("FY27 (v2)", Period(2026, 8), ("FY28 (v2)", Period(2027, 6))),
        ("year 9", Period(2026, 8), ("year 10", Period(2027, 6))),
        ("GJ 09", Period(2026, 8), ("GJ 10", Period(2027, 6))),
        ("first", Period(2026, 8), ("first +1", Period(2027, 6))),
    ],
)
def test_a_draft_is_of_the_year_that_lacks_budgets(name: str, now: Period, expected: tuple[str, Period]) -> None:
    found = year_after(FiscalYear(name, Period(2026, 6)), now)
    assert (found.name, found.starts) == expected


def test_a_value_with_reasons_loses_the_comment_that_was_about_the_old_one_and_nothing_else() -> None:
    text = "a: 1   # one\nb: {c: 2}  # two\nd:\n  e: 3 # three\n"
    assert set_with_reasons(text, ("a",), "5", ("why",)) == "# why\na: 5\nb: {c: 2}  # two\nd:\n  e: 3 # three\n"
    assert set_with_reasons(text, ("d", "e"), "5", ()) == "a: 1   # one\nb: {c: 2}  # two\nd:\n  e: 5\n"


@pytest.mark.parametrize(
    ("as_of", "says"),
    [
        ("2026-05-20", "# this year's, which had not begun on the day of the draft"),
        ("2026-08-20", "# the year after FY2027"),
        ("2028-08-20", "# under way on the day of the draft, 2 years on"),
    ],
)
def test_the_draft_says_which_year_it_is_and_keeps_rules_with_their_fixtures(
    tmp_path: Path, kt: Run, as_of: str, says: str
) -> None:
    world = make_world(tmp_path)
    write_budgets(world, support=ONE % "")
    rules, text = world.budgets / "policies", DENIED
    rules.mkdir()
    (rules / "limits.yaml").write_text(text, encoding="utf-8")
    (rules / "limits.test.yaml").write_text("version: 1\ntests: []\n", encoding="utf-8")
    options = world.options(as_of=date.fromisoformat(as_of))
    assert kt("year", *options, "--draft", tmp_path / "next").code == 0
    assert (tmp_path / "next" / "policies" / "limits.yaml").read_text(encoding="utf-8") == text
    assert (tmp_path / "next" / "policies" / "limits.test.yaml").exists()
    assert says in (tmp_path / "next" / "org.yaml").read_text(encoding="utf-8")
    after = load(tmp_path / "next").desired
    assert after is not None
    assert list(after.organization.policies) == ["policies/limits.yaml"]
