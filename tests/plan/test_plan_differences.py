"""Every value of the budget files that may differ, and all that is told of it, word for word."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from plan.test_plan_later import DOCUMENTS, GUARDS, MONTHS, ORGANIZATION, TEAM, changed_at, places, state
from worlds import wallet

from reconciler.findings import Origin
from reconciler.model.desired import Desired
from reconciler.model.guards import Waiver
from reconciler.model.later import LaterExpectation
from reconciler.model.organization import UsageSettings
from reconciler.model.wallet_ref import WalletRef
from reconciler.plan.calendar import calendar
from reconciler.plan.differences import differences
from reconciler.plan.later import changed_expectations
from reconciler.plan.yaml_words import WORDS, spoken

AS_OF = date(2026, 6, 18)
WAIVER = ORGANIZATION["waivers"][0]
BUDGET, AGENT = TEAM["billing_budgets"]


def waived(**changes: Any) -> dict[str, Any]:
    return {"waivers": [{**WAIVER, **changes}, ORGANIZATION["waivers"][1]]}


def approving(**changes: Any) -> dict[str, Any]:
    return {"approvals": {**ORGANIZATION["approvals"], **changes}}


def guarding(**changes: Any) -> dict[str, Any]:
    return {"guards": {**GUARDS, **changes}}


def planned(**changes: Any) -> dict[str, Any]:
    return {"plan": {**TEAM["plan"], **changes}}


STEPS = [
    {"amount": 5, "from": "2026-06"},
    {"amount": 7, "from": "2026-08", "until": "2026-10"},
]
CHANGES: list[dict[str, Any]] = [
    {"owners": ["@mallory"]},
    {"owners": []},
    {"owners": [*ORGANIZATION["owners"], "@new"]},
    {"owners": ["@boss", "@new", "@other"]},
    approving(finance=[], platform=[]),
    approving(finance_above=None),
    approving(finance_above=5),
    approving(finance_above=900000),
    approving(finance_above=262000),
    approving(finance_above="261999.99"),
    guarding(total_moved=None, net_increase=9, largest_change=1, largest_change_percent=None),
    guarding(largest_change_percent="2.5%", hard_limit_on=False, alert_removed=False),
    waived(until="2026-06-17"),
    waived(until="2026-06-18"),
    waived(max=None, reason="another"),
    waived(team=None),
    {"waivers": []},
    {"waivers": [{**WAIVER, "until": "2026-06-17", "guard": "net-increase", "approved_by": "a"}]},
    {"waivers": list(reversed(ORGANIZATION["waivers"]))},
    {"acknowledged_drift": []},
    {"environments": ["prod"]},
    {"unused": "reclaim"},
    {"currency": "EUR"},
    {"currency": "EUR", "annual_target": 5},
    {"annual_target": None},
    {"fiscal_year": {"name": "FY", "starts": "2026-07"}},
    {"export_schedules": [], "usage": {"columns": {"cost": "sum", "lane": "l"}}},
]
TEAM_CHANGES: list[dict[str, Any]] = [
    {"state": "absent"},
    {"owners": []},
    {"wallets": dict(reversed(TEAM["wallets"].items()))},
    {"wallets": {"prod": {**TEAM["wallets"]["prod"], "team_id": "team_other", "overrides": {}}}},
    {"wallets": {"prod": {**TEAM["wallets"]["prod"], "monthly": "11000.50"}, "dev": TEAM["wallets"]["dev"]}},
    {"billing_budgets": [{**BUDGET, "hard_limit": False, "amount": 13000}, AGENT, {"name": "third", "amount": 3}]},
    {"billing_budgets": [AGENT, BUDGET]},
    {"billing_budgets": [AGENT]},
    {"wallets": {"prod": {**TEAM["wallets"]["prod"], "overrides": {"2026-09": "+20%"}}, "dev": TEAM["wallets"]["dev"]}},
    {"wallets": {"prod": {**TEAM["wallets"]["prod"], "monthly": STEPS}, "dev": TEAM["wallets"]["dev"]}},
    planned(baseline_monthly=None),
    planned(growth=[], planned_demand=[]),
    planned(fallback=None, cache_hit_rate=None, provider_mix=[], rate_limits=[]),
    planned(planned_demand=[*TEAM["plan"]["planned_demand"], {"reason": "voice", "monthly": 5, "from": "2026-09"}]),
]


def told(before: Desired, after: Desired) -> Iterator[str]:
    later = changed_expectations(before, after, teams={"support", "ads"}, periods=MONTHS, as_of=AS_OF)
    return (line(item, origin) for item, origin in later)


def line(item: LaterExpectation, origin: Origin) -> str:
    """Return all that is told of a difference, without what is as usual."""
    facts = {"meaning": item.meaning, "amount": item.amount, "monthly": item.monthly, "total": item.total}
    known = "".join(f"; {name} {value}" for name, value in facts.items() if value not in ("", None))
    until = f"-{item.until}" if item.until else ""
    assert not any(str(key).startswith("plan.") for key in origin.keys)
    keys = ".".join(map(str, origin.keys))
    return (
        f"{origin.path}:{keys} [{item.team}|{item.key}|{item.kind}] {item.name}: {item.before!r} → {item.after!r}"
        f" in {item.period}{until}{known}; by {', '.join(item.approvers)}"
    )


def pairs() -> Iterator[tuple[str, Desired, Desired]]:
    wallets = {
        WalletRef.team("team_support"): wallet("support", "prod", "120000", m2026_08="240000"),
        WalletRef.team("team_dev"): wallet("support", "dev", "22000", m2026_09="142000"),
    }
    before = replace(state(), wallets=wallets)
    for change in CHANGES:
        yield f"org.yaml: {change}", before, replace(state({**ORGANIZATION, **change}), wallets=wallets)
    for change in TEAM_CHANGES:
        yield f"team: {change}", before, state(team={**TEAM, **change})
    bare = {"version": 1, "team": "support"}
    for team in (bare, {**bare, "state": "absent", "billing_budgets": [AGENT]}):
        yield f"the team is new: {team}", state(team=None), state(team=team)
    yield "the team is new", state(team=None), state()
    yield "the team is gone", state(), state(team=None)
    nobody = state({**ORGANIZATION, **approving(finance_above=None)})
    over = state({**ORGANIZATION, **waived(until="2026-06-17")})
    yield "what is over already is taken out", over, state({**ORGANIZATION, "waivers": []})
    yield "finance is asked from now on", nobody, replace(state(), wallets=wallets)
    yield "lists from now on", state({**ORGANIZATION, "waivers": [], "acknowledged_drift": []}), state()
    unlimited = {**ORGANIZATION, **guarding(total_moved=None, alert_removed=False), "annual_target": None}
    yield "limits from now on", state(unlimited), state()


def test_what_is_told_of_a_change(golden: Callable[[str, str], None]) -> None:
    sections = ["\n".join([f"# {name}", *told(before, after), ""]) for name, before, after in pairs()]
    golden("plan/changes.txt", "\n".join(sections))


def test_what_is_told_of_each_single_value(golden: Callable[[str, str], None]) -> None:
    lines = [
        line
        for team, (model, document) in DOCUMENTS.items()
        for path, value in places(document, model)
        for line in told(state(), state(**{"team" if team else "organization": changed_at(document, path, value)}))
    ]
    golden("plan/values.txt", "\n".join([*lines, ""]))


def test_a_number_is_spoken_without_its_zeros_and_a_mapping_by_its_keys() -> None:
    assert spoken({"ratio": Decimal("1.50"), "hard": True, "none": None}, "USD") == "ratio 1.5, hard on, none "


def test_how_often_a_waiver_may_be_used_is_spoken_in_plans() -> None:
    says = WORDS[Waiver]["uses"].says
    assert says is not None
    assert [says(uses, "USD") for uses in (None, 1, 1_000)] == ["any number of plans", "1 plan", "1,000 plans"]


def test_a_waiver_of_a_share_lets_a_share_pass_and_no_money() -> None:
    half, more = (waived(guard="largest-change-percent", max=share) for share in ("47.5", "60"))
    before, after = (state({**ORGANIZATION, **changes}) for changes in (half, more))
    assert any("waiver" in text and "'47.5%' → '60%'" in text for text in told(before, after))
    added = state({**ORGANIZATION, "waivers": []})
    assert any("up to 60%" in text for text in told(added, after))
    assert "the guard largest-change-percent is let pass up to 60% for the last time" in " ".join(
        entry.what for entry, _ in calendar(after, AS_OF)
    )


def test_what_is_not_there_is_none_on_that_side() -> None:
    bare, named = UsageSettings(), UsageSettings(columns={"cost": "total"})
    sides = [(one.old, one.new) for one in differences(bare, named, currencies=("USD", "USD"))]
    assert sides == [(None, "total")]


def test_without_a_day_it_is_the_first_of_the_first_month() -> None:
    after = state({**ORGANIZATION, **waived(until="2026-06-01")})
    on_the_first = changed_expectations(state(), after, teams=(), periods=MONTHS, as_of=MONTHS[0].first)
    assert list(changed_expectations(state(), after, teams=(), periods=MONTHS)) == list(on_the_first)


def test_an_empty_amount_stands_for_nothing_of_the_money() -> None:
    (item,) = changed_expectations(
        state({**ORGANIZATION, "annual_target": None}), state(), teams=(), periods=MONTHS, as_of=AS_OF
    )
    assert item[0].amount == Decimal(700000)
