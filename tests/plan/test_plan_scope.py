"""What a change is about: teams, kinds, the organization, and what money is; days of UTC wherever a machine stands."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import worlds
from plan.test_plan_rest import unused
from worlds import JULY, JUNE, billing_budget, desired, entry, live_wallet, taking_back, wallet

from reconciler.model.applied import LastApplied
from reconciler.model.kinds.billing_budget import BILLING_BUDGETS, BillingBudgets
from reconciler.model.kinds.managed_kind import text_of
from reconciler.model.kinds.registry import registered
from reconciler.model.live import Listing
from reconciler.model.organization import OrganizationBudget
from reconciler.model.wallet_ref import WalletRef
from reconciler.plan.by_hand import is_doubtful
from reconciler.plan.later import is_of_money
from reconciler.plan.ledger_usage import ledger_usage
from reconciler.plan.objects import objects_not_offered, undeclared, vanished_teams
from reconciler.plan.scope import begun, changed_teams, is_about, is_named, later_targets

AS_OF = date(2026, 6, 18)
D = Decimal


def test_before_any_yaml_there_were_owners_and_nothing_else() -> None:
    wanted = taking_back(desired([wallet("support", "prod", "5")]))
    owned = replace(
        wanted, organization=wanted.organization.model_copy(update={"owners": ("@a",), "annual_target": D(5)})
    )
    start = begun(owned)
    assert (start.organization.owners, start.organization.annual_target, start.organization.unused) == (
        ("@a",),
        None,
        "keep",
    )
    assert (start.organization.organization, start.organization.currency) == ("org_acme", "USD")
    assert (dict(start.teams), dict(start.wallets), dict(start.objects)) == ({}, {}, {})
    assert changed_teams(start, owned) is None
    least = {
        "version": 1,
        "organization": "org_acme",
        "currency": "USD",
        "owners": ["@a"],
        "environments": ["prod", "dev"],
    }
    fiscal = {"fiscal_year": {"name": "FY2027", "starts": "2026-06"}}
    assert start.organization == OrganizationBudget.model_validate({**least, **fiscal})


def test_later_targets_are_those_of_the_teams_alone() -> None:
    before = desired([wallet("support", "prod", "5"), wallet("ads", "prod", "5")])
    after = desired([wallet("support", "prod", "6"), wallet("ads", "prod", "6")])
    (item,) = later_targets(before, after, teams={"support"}, periods=[JULY])
    assert (item.team, item.environment, item.before, item.after) == ("support", "prod", D(5), D(6))


@pytest.mark.parametrize("key", ["currency", "fiscal_year", "annual_target", "unused", "forecast.resilience_margin"])
def test_what_money_is_and_is_to_be_is_of_money_where_it_is_the_organization_s(key: str) -> None:
    assert is_of_money(unused("keep", key=key))
    assert not is_of_money(unused("keep", key=key, team="ads"))
    assert not is_of_money(unused("keep", key="owners"))


@pytest.fixture
def _in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the machine's own time zone be one in which a day begins nine hours before UTC's."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("_in_tokyo")
def test_days_are_those_of_utc_wherever_the_machine_stands() -> None:
    evening = datetime(2026, 5, 24, 20, tzinfo=UTC)
    given = replace(entry("x", "allocate", "5"), created_at=evening, description="")
    assert not is_doubtful(given, JUNE)
    usage = ledger_usage(worlds.live([live_wallet("team_a", replace(given, kind="settle"))]), as_of=AS_OF)
    assert usage is not None
    assert [str(day) for day in usage.day] == ["2026-05-24"]


def test_what_git_has_no_say_in_are_the_objects_that_it_neither_declares_nor_deletes() -> None:
    state = worlds.live(budgets=[billing_budget(name, "5") for name in ("ours", "gone", "edited", "theirs")])
    wanted = desired(budgets=[("support", billing_budget(name, "6")) for name in ("ours", "edited")])
    gone, theirs = billing_budget("gone", "5"), billing_budget("theirs", "5")
    larger = billing_budget("theirs", "6")
    changes = [
        worlds.object_change("delete_billing_budget", text_of(gone.key), team="support", before=gone),
        worlds.object_change("update_billing_budget", text_of(theirs.key), team="support", before=theirs, after=larger),
    ]
    assert undeclared(BILLING_BUDGETS, wanted, state, changes) == {("team", "team_support", "theirs")}
    assert undeclared(BILLING_BUDGETS, wanted, state, ()) == {
        ("team", "team_support", "theirs"),
        ("team", "team_support", "gone"),
    }


class Quotas(BillingBudgets):
    """A second kind that belongs to teams."""

    name, section, noun, not_offered = "quota", "quotas", "quota", "quotas-not-offered"


def test_every_kind_of_a_team_is_named_where_its_file_is_gone() -> None:
    with registered(Quotas()):
        (note,) = vanished_teams(desired(), LastApplied(), ("gone",))
    assert note.message.endswith("its wallets and billing budgets and quotas are left as they are")


@pytest.mark.parametrize(
    ("teams", "team", "is_meant"),
    [(None, "", True), (None, "a", True), (("a",), "a", True), (("a",), "b", False), (("a", ""), "", False)],
)
def test_what_belongs_to_no_team_is_about_all_of_them(teams: tuple[str, ...] | None, team: str, is_meant: bool) -> None:
    assert is_about(teams, team) == is_meant


def test_where_a_kind_of_teams_is_not_offered_their_files_are_named() -> None:
    wanted = desired(budgets=[("support", billing_budget("ours", "6"))])
    quotas = replace(wanted, objects={"quota": wanted.of(BILLING_BUDGETS)})
    with registered(Quotas()):
        (note,) = objects_not_offered(quotas, replace(worlds.live(), objects={"quota": Listing(offered=False)}))
    assert note.hint == "remove `quotas` from the team's YAML, or ask for a newer Keeptrusts"
    assert note.code == "quotas-not-offered"


def test_wallets_are_named_for_a_first_apply_one_by_one_or_all_at_once() -> None:
    named, other = WalletRef.team("named"), WalletRef.team("other")
    assert [is_named(True, key) for key in (named, other)] == [True, True]
    assert [is_named(frozenset({named}), key) for key in (named, other)] == [True, False]
    assert not is_named(False, named)
