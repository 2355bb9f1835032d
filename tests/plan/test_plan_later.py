"""Nothing that two states of the YAML say differently is left out of what a reviewer is told."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from thorough import drawn
from worlds import JUNE, desired, wallet

from reconciler.app.budget_files import changed_parts
from reconciler.findings import Origin
from reconciler.model.desired import Desired
from reconciler.model.frozen import Frozen
from reconciler.model.later import LaterExpectation
from reconciler.model.organization import OrganizationBudget
from reconciler.model.policy_input import Effects
from reconciler.model.team import TeamBudget
from reconciler.model.wallet_ref import WalletRef
from reconciler.plan.later import changed_expectations
from reconciler.plan.scope import changed_teams
from reconciler.plan.yaml_words import KNOWN_BY, WORDS
from reconciler.policy.approvals import Step, declared, requirements

pytestmark = pytest.mark.slow

MONTHS = [JUNE.plus(ahead) for ahead in range(12)]
WAIVER = {"guard": "largest-change", "team": "support", "max": 5, "until": "2026-07-31", "reason": "r"}
OF_RULE = {"name": "own-july", "rule": "own", "team": "support", "until": "2026-07-31", "uses": 2}
OF_RULE |= {"reason": "r", "approved_by": "a"}
ORGANIZATION: dict[str, Any] = {
    "version": 1,
    "organization": "org_acme",
    "currency": "USD",
    "fiscal_year": {"name": "FY2027", "starts": "2026-06"},
    "annual_target": 700000,
    "environments": ["prod", "dev"],
    "unused": "keep",
    "journal": "git:origin",
    "owners": ["@acme/finance", "@boss"],
    "guards": {
        "total_moved": 1,
        "largest_change": 2,
        "largest_change_percent": "3%",
        "net_increase": 4,
        "target_below_spend": True,
        "target_below_forecast": True,
        "hard_limit_on": True,
        "alert_removed": True,
    },
    "waivers": [{**WAIVER, "approved_by": "a"}, {**WAIVER, "team": "ads", "approved_by": "a"}, OF_RULE],
    "policies": {
        "money": {
            "parameters": {"most": "20%"},
            "rules": [
                {
                    "name": "own",
                    "level": "deny",
                    "owner": "@acme/finance",
                    "reason": "r",
                    "each": "change",
                    "applies_to": {"teams": ["support"], "environments": ["prod"]},
                    "from": "2026-06-01",
                    "until": "2026-07-01",
                    "when": "change.is_raise",
                    "assert": "change.is_cut",
                    "message": "no",
                }
            ],
        }
    },
    "approvals": {"finance_above": 10000, "finance": ["@cfo"], "platform": ["@platform"]},
    "acknowledged_drift": [
        {"key": "team_support", "until": "2026-07-31", "reason": "r", "approved_by": "a", "team": "support"}
    ],
    "drift_issues": "per_team",
    "forecast": {"interval": "80%", "horizon_months": 12, "resilience_margin": "3%"},
    "export_schedules": [
        {
            "name": "weekly",
            "cron": "0 6 * * MON",
            "window": "7d",
            "type": "traces",
            "format": "csv",
            "s3": {"bucket": "b", "prefix": "p/"},
            "enabled": False,
        }
    ],
    "usage": {"columns": {"cost": "total", "model": "m"}},
    "api": {
        "billing_budgets_path": "/v1/budgets",
        "description_field": "note",
        "ledger_types": {"grant": "allocate", "fine": "reclaim"},
        "page_size": 500,
    },
}
TEAM: dict[str, Any] = {
    "version": 1,
    "team": "support",
    "name": "Support",
    "state": "present",
    "owners": ["@lead", "@acme/leads"],
    "plan": {
        "baseline_monthly": 10000,
        "growth": [{"reason": "r", "rate": "10%", "from": "2026-08"}, {"reason": "s", "rate": "5%", "from": "2026-09"}],
        "cache_hit_rate": {"from": "14%", "to": "28%", "by": "2026-12", "since": "2026-07"},
        "provider_mix": [
            {"reason": "r", "from": "a/b", "to": "c/d", "share": "30%", "by": "2026-12", "since": "2026-07"}
        ],
        "keep_mix": "contract review",
        "planned_demand": [
            {"reason": "voice", "monthly": 600, "from": "2026-10", "until": "2026-12", "lane": "premium"}
        ],
        "fallback": {"share": "3%", "price_ratio": 2},
        "rate_limits": [{"reason": "r", "daily": 800, "from": "2026-07"}],
    },
    "wallets": {
        "prod": {
            "team_id": "team_support",
            "monthly": 12000,
            "overrides": {"2026-08": 15000, "2026-01": {"amount": 7, "demand": "usual"}},
        },
        "dev": {"team_id": "team_support_dev", "monthly": 2000, "previously": "test"},
    },
    "billing_budgets": [
        {
            "name": "support-monthly",
            "amount": 12000,
            "alert_percentages": [80, 100],
            "hard_limit": True,
            "previously": "support-soft",
            "environment": "prod",
            "period": "weekly",
        },
        {"name": "agents", "amount": 5, "scope": {"type": "agent", "id": "agent_triage"}},
    ],
}
DOCUMENTS: dict[str, tuple[type[OrganizationBudget | TeamBudget], dict[str, Any]]] = {
    "": (OrganizationBudget, ORGANIZATION),
    "support": (TeamBudget, TEAM),
}
ALTERNATIVES: list[Any] = [
    *(1, 3, 77, 2.5, True, False, "13%", "41%", "2026-09", "2026-11", "2026-08-01", "2027-01-31"),
    *("EUR", "reclaim", "keep", "absent", "present", "file:elsewhere", "organization", "user", "off_peak", "daily"),
    *(
        "json",
        "events",
        "0 7 * * *",
        "3d",
        "/v2/x",
        "description",
        "settle",
        "net-increase",
        "other",
        "x/y",
        "warn",
        "plan",
    ),
    *(["@mallory"], ["prod", "staging"], [50, 90]),
]
Path = tuple[str | int, ...]


def leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield every place of a document: values, entries, and what holds them."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inside in items:
        yield from leaves(inside, (*path, key))


def changed_at(document: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """Return the document with another value at `path`, or without that place for None."""
    changed = copy.deepcopy(document)
    at: Any = changed
    for key in path[:-1]:
        at = at[key]
    if value is None:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return changed


def state(organization: dict[str, Any] = ORGANIZATION, team: dict[str, Any] | None = TEAM) -> Desired:
    teams = {"support": TeamBudget.model_validate(team)} if team else {}
    return replace(desired(), organization=OrganizationBudget.model_validate(organization), teams=teams)


def told(before: Desired, after: Desired) -> list[tuple[LaterExpectation, Origin]]:
    return list(changed_expectations(before, after, teams={"support"}, periods=MONTHS, as_of=date(2026, 6, 18)))


def one(before: Desired, after: Desired) -> LaterExpectation:
    ((item, _),) = told(before, after)
    return item


def models(model: Any) -> Iterator[type[Frozen]]:
    """Yield every model of the budget files that `model` holds, itself included."""
    if isinstance(model, type) and issubclass(model, Frozen):
        yield model
        for info in model.model_fields.values():
            yield from models(info.annotation)
    for argument in get_args(model):
        yield from models(argument)


def test_every_field_of_the_budget_files_has_words() -> None:
    known = {*models(OrganizationBudget), *models(TeamBudget)}
    assert {model: set(words) for model, words in WORDS.items()} == {model: set(model.model_fields) for model in known}
    for model, fields in KNOWN_BY.items():
        assert set(fields) <= set(model.model_fields)


def test_the_documents_of_this_test_hold_every_field() -> None:
    for model, document in DOCUMENTS.values():
        held = {key for path in leaves(document) for key in path}
        named = {info.alias or field for found in models(model) for field, info in found.model_fields.items()}
        assert named <= held


@pytest.mark.parametrize("team", DOCUMENTS, ids=["organization", "team"])
@settings(max_examples=drawn(400, sample=50), deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(data=st.data())
def test_whatever_value_differs_something_is_told_of_it(team: str, data: st.DataObject) -> None:
    model, document = DOCUMENTS[team]
    sides = []
    for _ in range(2):
        changed = document
        for _ in range(data.draw(st.integers(0, 2))):
            path = data.draw(st.sampled_from(list(leaves(changed))))
            changed = changed_at(changed, path, data.draw(st.sampled_from([None, *ALTERNATIVES])))
        sides.append(changed)
    try:
        first, second = (model.model_validate(side) for side in sides)
    except ValidationError:
        assume(False)
    assume(all(getattr(side, "team", "support") == "support" for side in (first, second)))
    states = [state(**{"team" if team else "organization": side}) for side in sides]
    found = [item for item, _ in told(*states)]
    assert bool(found) == (first != second)
    assert all(item.name and item.before != item.after and item.team == team for item in found)


def places(document: dict[str, Any], model: type[Frozen]) -> Iterator[tuple[Path, Any]]:
    """Yield each place whose value can be another one, with the first such value."""
    valid = model.model_validate(document)
    for path in leaves(document):
        for value in (*ALTERNATIVES, None):
            try:
                other = model.model_validate(changed_at(document, path, value))
            except ValidationError:
                continue
            if other != valid and getattr(other, "team", "support") == "support":
                yield path, value
                break


def test_every_single_value_is_told_at_its_place() -> None:
    reached = set()
    for team, (model, document) in DOCUMENTS.items():
        for path, value in places(document, model):
            after = changed_at(document, path, value)
            found = told(state(), state(**{"team" if team else "organization": after}))
            assert found, path
            assert all(origin.keys[:1] == path[:1] for _, origin in found), path
            reached.add(path)
    inner = {path[:depth] for path in reached for depth in range(1, len(path))}
    every = {path for _, document in DOCUMENTS.values() for path in leaves(document)}
    assert every - reached - inner == {("version",), ("team",)}


def test_a_team_of_one_side_alone_is_told_with_its_money() -> None:
    item = one(state(team=None), state())
    assert (item.team, item.before) == ("support", "")
    assert item.after.startswith("prod USD 12,000.00 a month, dev USD 2,000.00 a month, 2 alerts, owners @lead")
    gone = one(state(), state(team=None))
    assert gone.after == ""
    assert "state: absent" in gone.meaning


def test_the_order_of_wallets_is_told_because_an_alert_watches_the_first() -> None:
    other = {**TEAM, "wallets": dict(reversed(TEAM["wallets"].items()))}
    assert one(state(), state(team=other)).name == "wallet order"
    assert changed_teams(state(), state(team=other)) == frozenset({"support"})
    assert changed_parts(state(), state(team=other)) == frozenset({"support"})
    asked = requirements(state(), Step(Effects(), declared(state(), state(team=other))))
    assert [(item.team, item.owners) for item in asked] == [("support", ("@lead", "@acme/leads"))]


GUARDS = ORGANIZATION["guards"]


@pytest.mark.parametrize(
    ("change", "name", "before", "after", "meaning"),
    [
        ({"owners": ["@mallory"]}, "owners", "@acme/finance, @boss", "@mallory", "they approve from now on"),
        (
            {"owners": ["@boss", "@mallory"]},
            "owners",
            "@acme/finance, @boss",
            "@boss, @mallory",
            "@mallory may approve; @acme/finance may not any more",
        ),
        (
            {"guards": {**GUARDS, "total_moved": None}},
            "guard on all money",
            "USD 1.00",
            "no limit",
            "it refuses nothing any more",
        ),
        (
            {"guards": {**GUARDS, "net_increase": 9}},
            "guard on the growth",
            "USD 4.00",
            "USD 9.00",
            "it lets more pass",
        ),
        ({"guards": {**GUARDS, "alert_removed": False}}, "guard on alerts", "on", "off", "it refuses nothing"),
        (
            {"waivers": [ORGANIZATION["waivers"][0], OF_RULE]},
            "waiver largest-change, ads",
            "up to USD 5.00, until 2026-07-31",
            "",
            "no longer let pass",
        ),
        (
            {"waivers": [*ORGANIZATION["waivers"][:2], {**OF_RULE, "uses": 1}]},
            "waiver own-july, own, support, for",
            "2 plans",
            "1 plan",
            "",
        ),
        ({"environments": ["prod"]}, "environments", "prod, dev", "prod", ""),
        ({"unused": "reclaim"}, "unused money", "keep", "reclaim", "goes back to the organization wallet"),
        ({"journal": "file:x"}, "journal", "git:origin", "file:x", "not seen in the new one"),
    ],
)
def test_what_follows_is_said(change: dict[str, Any], name: str, before: str, after: str, meaning: str) -> None:
    item = one(state(), state({**ORGANIZATION, **change}))
    assert item.name.startswith(name)
    assert item.before.startswith(before)
    assert item.after == after
    assert meaning in item.meaning
    assert item.approvers == ("@acme/finance", "@boss")


def test_a_waiver_that_is_over_is_said_to_let_nothing_pass() -> None:
    over = {"guard": "net-increase", "until": "2026-06-17", "reason": "r", "approved_by": "a"}
    item = one(state(), state({**ORGANIZATION, "waivers": [*ORGANIZATION["waivers"], over]}))
    assert item.meaning == "that day is over: it lets nothing pass"


def test_the_finance_threshold_is_told_with_what_it_lets_pass() -> None:
    approvals = {**ORGANIZATION["approvals"], "finance_above": 900000}
    wallets = {WalletRef.team("team_support"): wallet("support", "prod", "120000", m2026_08="240000")}
    item = one(state(), replace(state({**ORGANIZATION, "approvals": approvals}), wallets=wallets))
    assert (item.before, item.after, item.amount) == ("USD 10,000.00", "USD 900,000.00", Decimal(900000))
    assert item.meaning == (
        "up to USD 900,000.00 in one run or month moves without finance, so that finance is asked for nothing;"
        " all targets of August 2026 together are USD 240,000.00"
    )


def test_owners_of_a_team_are_approved_by_those_before() -> None:
    item = one(state(), state(team={**TEAM, "owners": ["@mallory"]}))
    assert (item.approvers, item.key) == (("@lead", "@acme/leads"), "owners")
