"""What a plan holds for a desired and a live organization, and the laws that hold for every pair."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
import worlds
from hypothesis import given
from hypothesis import strategies as st
from worlds import JUNE, billing_budget, desired, entry, live, live_wallet, usd, wallet

from reconciler.model.applied import LastApplied
from reconciler.model.change import Allocate, Reclaim
from reconciler.model.desired import Desired, DesiredWallet
from reconciler.model.kinds.billing_budget import BILLING_BUDGETS
from reconciler.model.kinds.export_schedule import ExportSchedule
from reconciler.model.kinds.managed_kind import text_of
from reconciler.model.live import Live, LiveObject, OtherWallet
from reconciler.model.money import Money
from reconciler.model.operation import operation_id
from reconciler.model.period import Period
from reconciler.model.policy_input import Currencies
from reconciler.model.team import TeamBudget
from reconciler.model.wallet_ref import WalletRef
from reconciler.plan.diff import Diff, make_plan
from reconciler.plan.ledger_usage import ledger_usage
from reconciler.plan.scope import changed_teams, later_targets

WEEKLY = ExportSchedule.model_validate(
    {"name": "weekly", "cron": "0 6 * * MON", "window": "7d", "s3": {"bucket": "artifacts"}}
)


def plan(wanted: Desired, state: Live, last_applied: LastApplied | None = None) -> Diff:
    return make_plan(wanted, state, JUNE, last_applied=last_applied)


def codes(diff: Diff) -> list[str]:
    return [note.code for note in diff.notes]


def test_a_wallet_that_does_not_exist_yet_is_funded_in_full() -> None:
    (change,) = plan(desired([wallet("support", "prod", "12500")]), live()).changes
    assert isinstance(change, Allocate)
    assert (change.wallet, change.amount, change.funded_before, change.funded_after) == (
        "team_support",
        Decimal("12500.00"),
        Decimal("0.00"),
        Decimal("12500.00"),
    )


def test_the_difference_comes_from_the_ledger_and_not_from_the_balance() -> None:
    state = live([live_wallet("team_support", entry("txn_1", "allocate", "10000"), available="12.34")])
    (change,) = plan(desired([wallet("support", "prod", "12500")]), state).changes
    assert isinstance(change, Allocate)
    assert change.amount == Decimal("2500.00")


def test_an_override_replaces_the_monthly_target_for_its_month_only() -> None:
    wanted = desired([wallet("support", "prod", "12500", m2026_06="15000")])
    assert [change.amount for change in make_plan(wanted, live(), JUNE).changes] == [Decimal("15000.00")]  # type: ignore[union-attr]
    assert [change.amount for change in make_plan(wanted, live(), JUNE.plus(1)).changes] == [Decimal("12500.00")]  # type: ignore[union-attr]


def test_reclaims_come_before_allocations_so_that_the_pool_can_pay() -> None:
    state = live(
        [
            live_wallet("team_aa", available="0"),
            live_wallet("team_zz", entry("txn_1", "allocate", "900"), available="900"),
        ],
        pool="0",
    )
    diff = plan(desired([wallet("aa", "prod", "400"), wallet("zz", "prod", "500")]), state)
    assert [change.kind for change in diff.changes] == ["reclaim", "allocate"]
    assert diff.funds.after == 0
    worlds.applied(state, diff.changes)


def test_what_is_already_spent_is_stated_and_not_reclaimed() -> None:
    state = live([live_wallet("team_support", entry("txn_1", "allocate", "1000"), available="150")])
    diff = plan(desired([wallet("support", "prod", "400")]), state)
    (change,) = diff.changes
    assert isinstance(change, Reclaim)
    assert (change.amount, change.unreclaimable) == (Decimal("150.00"), Decimal("450.00"))
    assert "unreclaimable" in codes(diff)


def test_an_excess_that_is_wholly_spent_leaves_nothing_to_do() -> None:
    state = live([live_wallet("team_support", entry("txn_1", "allocate", "1000"))])
    diff = plan(desired([wallet("support", "prod", "400")]), state)
    assert diff.changes == ()
    assert "unreclaimable" in codes(diff)


def test_a_pool_that_cannot_be_seen_is_unknown_and_not_empty() -> None:
    diff = plan(desired([wallet("support", "prod", "500")]), live(pool=None))
    assert diff.funds.available is None
    assert "pool-unknown" in codes(diff)


def test_free_money_in_the_pool_is_said_to_soften_the_limits() -> None:
    assert "soft-cap" in codes(plan(desired([wallet("support", "prod", "500")]), live(pool="501")))
    assert "soft-cap" not in codes(plan(desired([wallet("support", "prod", "500")]), live(pool="500")))


@pytest.mark.parametrize(
    ("pool", "hint"),
    [
        ("1400", "leave it there: the opening of 2026-07 takes USD 700.00"),
        (
            "1400.01",
            "allocate or move out USD 0.01 of it if team wallets are meant to be hard limits, and keep the rest for the"
            " opening of 2026-07",
        ),
    ],
)
def test_who_might_move_free_money_out_reads_what_the_next_opening_takes(pool: str, hint: str) -> None:
    wanted = desired([wallet("support", "prod", "500"), wallet("sales", "prod", "200")])
    assert [note.hint for note in plan(wanted, live(pool=pool)).notes] == [hint]


@pytest.mark.parametrize(
    ("as_of", "pool", "missing"),
    [
        ("2026-06-24", "1000", "USD 400.00"),
        ("2026-06-30", "1399.99", "USD 0.01"),
        ("2026-06-30", "1400", None),
        ("2026-06-23", "1000", None),
        ("2026-07-01", "1000", None),
    ],
)
def test_in_the_last_week_of_a_month_a_pool_that_cannot_open_the_next_one_is_told(
    as_of: str, pool: str, missing: str | None
) -> None:
    wanted = desired([wallet("support", "prod", "500"), wallet("sales", "prod", "200")])
    diff = make_plan(wanted, live(pool=pool), JUNE, as_of=date.fromisoformat(as_of))
    found = [note for note in diff.notes if note.code == "next-month-short"]
    assert [note.hint for note in found] == (
        [f"credit {missing} to the organization wallet before 2026-07-01"] if missing else []
    )


def test_a_pool_that_gets_back_what_is_unspent_may_be_short_of_the_next_opening() -> None:
    wanted = desired([wallet("support", "prod", "500")])
    organization = wanted.organization.model_copy(update={"unused": "reclaim"})
    diff = make_plan(replace(wanted, organization=organization), live(pool="700"), JUNE, as_of=JUNE.last)
    (note,) = (note for note in diff.notes if note.code == "next-month-short")
    assert "takes USD 500.00, less what wallets have not spent by then and give back: USD 300.00 may be" in note.message
    assert note.hint == "credit up to USD 300.00 to the organization wallet before 2026-07-01"


def test_the_month_after_the_fiscal_year_needs_nothing_that_is_known() -> None:
    last = Period(2027, 5)
    diff = make_plan(desired([wallet("support", "prod", "500")]), live(pool="1"), last, as_of=last.last)
    assert "next-month-short" not in codes(diff)


def test_entries_of_other_months_and_other_kinds_do_not_fund_the_period() -> None:
    may = Period(2026, 5)
    own_may = operation_id(
        organization="org_acme",
        wallet=WalletRef.team("team_support"),
        period=may,
        kind="allocate",
        amount=Decimal(7),
        funded_before=Decimal(0),
        sequence=0,
    )
    state = live(
        [
            live_wallet(
                "team_support",
                entry("txn_1", "allocate", "100", month=may),
                entry("txn_2", "settle", "50"),
                entry("txn_3", "reserve", "5"),
                entry("txn_4", "allocate", "7", operation=own_may),
            )
        ]
    )
    (change,) = plan(desired([wallet("support", "prod", "100")]), state).changes
    assert isinstance(change, Allocate)
    assert change.funded_before == 0


def test_a_billing_budget_is_created_updated_and_left_alone_by_its_value() -> None:
    wanted = desired(
        budgets=[
            ("support", billing_budget("new", "10")),
            ("support", billing_budget("changed", "20")),
            ("support", billing_budget("same", "30")),
        ]
    )
    state = live(budgets=[billing_budget("changed", "19.99"), billing_budget("same", "30.00")])
    changes = plan(wanted, state).changes
    assert [(change.kind, change.key) for change in changes] == [  # type: ignore[union-attr]
        ("update_billing_budget", "team/team_support/changed"),
        ("create_billing_budget", "team/team_support/new"),
    ]


def test_absence_never_deletes_what_git_never_declared() -> None:
    diff = plan(desired(teams=["support"]), live(budgets=[billing_budget("handmade", "10")]))
    assert diff.changes == ()
    assert [item.key for item in diff.unmanaged] == ["team/team_support/handmade"]


def test_a_billing_budget_that_the_last_applied_commit_declared_is_deleted() -> None:
    last = LastApplied(objects={"billing_budget": {"team/team_support/old": "support"}})
    (change,) = plan(desired(teams=["support"]), live(budgets=[billing_budget("old", "10")]), last).changes
    assert change.kind == "delete_billing_budget"
    assert change.team == "support"


def test_a_vanished_team_file_deletes_nothing_and_is_said() -> None:
    last = LastApplied(objects={"billing_budget": {"team/team_support/old": "support"}})
    diff = plan(desired(), live(budgets=[billing_budget("old", "10")]), last)
    assert diff.changes == ()
    assert "team-file-vanished" in codes(diff)
    assert [item.key for item in diff.unmanaged] == ["team/team_support/old"]


def test_an_absent_team_gives_its_money_back_and_loses_its_alerts() -> None:
    state = live(
        [live_wallet("team_support", entry("txn_1", "allocate", "80"), available="80")], [billing_budget("old", "10")]
    )
    wanted = desired(
        [wallet("support", "prod", "80", absent=True)], absent_budgets=[("support", billing_budget("old", "99"))]
    )
    assert [change.kind for change in plan(wanted, state).changes] == ["reclaim", "delete_billing_budget"]


def test_export_schedules_are_created_updated_deleted_and_listed() -> None:
    changed = WEEKLY.model_copy(update={"cron": "0 7 * * MON"})
    old = WEEKLY.model_copy(update={"name": "old"})
    foreign = WEEKLY.model_copy(update={"name": "foreign"})
    new = WEEKLY.model_copy(update={"name": "new"})
    diff = plan(
        desired(schedules=[WEEKLY, new]),
        live(schedules=[changed, old, foreign]),
        LastApplied(objects={"export_schedule": {"old": "", "weekly": ""}}),
    )
    assert [(change.kind, change.key) for change in diff.changes] == [  # type: ignore[union-attr]
        ("delete_export_schedule", "old"),
        ("update_export_schedule", "weekly"),
        ("create_export_schedule", "new"),
    ]
    assert [item.key for item in diff.unmanaged] == ["foreign"]


def test_a_deployment_without_schedules_is_said_and_not_taken_as_empty() -> None:
    diff = plan(desired(schedules=[WEEKLY]), live(schedules=None))
    assert diff.changes == ()
    assert "schedules-not-offered" in codes(diff)


def test_a_team_that_keeptrusts_does_not_list_is_said_before_the_first_allocation() -> None:
    wanted = desired([wallet("support", "prod", "5"), wallet("sales", "prod", "5")])
    notes = plan(wanted, live(teams={"team_support": "Support"})).notes
    assert [note.message for note in notes if note.code == "unknown-team"] == [
        "Keeptrusts lists no team `team_sales`, so its first allocation may be refused"
    ]


def test_an_allocation_by_hand_after_ours_is_drift_with_its_ledger_id() -> None:
    wanted = desired([wallet("support", "prod", "100")])
    state = worlds.applied(live(), plan(wanted, live()).changes)
    current = state.wallets[WalletRef.team("team_support")]
    moved = replace(current, ledger=(*current.ledger, entry("txn_hand", "allocate", "15", day=28)), available=usd(115))
    diff = plan(wanted, replace(state, wallets={WalletRef.team("team_support"): moved}))
    (item,) = diff.drift
    assert (item.category, item.amount, item.evidence) == ("changed", Decimal("15.00"), ("txn_hand",))
    assert [change.kind for change in diff.changes] == ["reclaim"]


def test_an_operation_that_the_ledger_shows_twice_is_drift_with_a_reclaim_proposed() -> None:
    wanted = desired([wallet("support", "prod", "100")])
    state = worlds.applied(live(), plan(wanted, live()).changes)
    current = state.wallets[WalletRef.team("team_support")]
    twice = replace(current.ledger[0], id="txn_again")
    doubled = replace(current, ledger=(*current.ledger, twice), available=usd(200))
    diff = plan(wanted, replace(state, wallets={WalletRef.team("team_support"): doubled}))
    assert [item.evidence for item in diff.drift] == [("txn_again",)]
    assert [(change.kind, change.amount) for change in diff.changes] == [("reclaim", Decimal("100.00"))]  # type: ignore[union-attr]


def test_an_unmanaged_wallet_is_listed_with_its_spend() -> None:
    other = OtherWallet("team_lab", "wal_lab", "Lab", "USD", usd(10), usd(32))
    diff = plan(desired(), replace(live(), other_wallets=(other,)))
    assert [(item.kind, item.key, item.amount) for item in diff.unmanaged] == [("wallet", "team_lab", Decimal("32.00"))]


def test_a_wallet_in_another_currency_is_said_and_never_netted() -> None:
    euros = OtherWallet("team_support", "wal_1", "Support", "EUR", Money(Decimal(900), "EUR"), Money(Decimal(0), "EUR"))
    diff = plan(desired([wallet("support", "prod", "100")]), replace(live(), currency_mismatches=(euros,)))
    assert "other-currency" in codes(diff)
    assert [(change.kind, change.amount) for change in diff.changes] == [("allocate", Decimal("100.00"))]  # type: ignore[union-attr]


@pytest.mark.parametrize("pools", [("EUR",), ()], ids=["pool", "teams"])
def test_nothing_is_planned_in_a_currency_that_the_organization_has_no_money_of(pools: tuple[str, ...]) -> None:
    euros = OtherWallet("team_support", "wal_1", "Support", "EUR", Money(Decimal(900), "EUR"), Money(Decimal(0), "EUR"))
    state = replace(live(pool=None), pool_currencies=pools, currency_mismatches=(euros,))
    budget = billing_budget("x", "10")
    diff = plan(desired([wallet("support", "prod", "100")], budgets=[("support", budget)]), state)
    assert diff.changes == ()
    assert diff.currencies == Currencies(held=("EUR",), of_pool=bool(pools))
    both = replace(state, pool_currencies=("EUR", "USD"))
    assert len(plan(desired([wallet("support", "prod", "100")]), both).changes) == 1


def test_wallets_of_other_teams_in_git_tell_what_money_there_is() -> None:
    state = replace(live(pool=None), currencies=frozenset({"USD"}))
    diff = plan(desired([wallet("support", "prod", "100")]), state)
    assert diff.currencies == Currencies(held=("USD",), of_pool=False)
    assert len(diff.changes) == 1


def test_a_billing_budget_that_is_there_twice_is_said() -> None:
    once = live(budgets=[billing_budget("x", "10")])
    twice = replace(once.of(BILLING_BUDGETS), surplus=(LiveObject("bud_again", billing_budget("x", "10")),))
    state = replace(once, objects={**once.objects, "billing_budget": twice})
    diff = plan(desired(budgets=[("support", billing_budget("x", "10"))]), state)
    assert "repeated-billing-budget" in codes(diff)
    assert diff.changes == ()


def test_a_month_outside_the_fiscal_year_is_said() -> None:
    wanted = desired([wallet("support", "prod", "5")])
    assert "outside-fiscal-year" in codes(make_plan(wanted, live(), Period(2026, 5)))
    assert "outside-fiscal-year" not in codes(make_plan(wanted, live(), Period(2027, 5)))


def test_a_fingerprint_ignores_balances_and_sees_funding() -> None:
    wanted = desired([wallet("support", "prod", "100"), wallet("sales", "prod", "50")])
    before = live([live_wallet("team_support", entry("txn_1", "allocate", "120"), available="90")])
    spent = live([live_wallet("team_support", entry("txn_1", "allocate", "120"), available="3")])
    moved = live([live_wallet("team_support", entry("txn_1", "allocate", "121"), available="90")])
    approved = plan(wanted, before).fingerprints
    assert plan(wanted, spent).fingerprints == approved
    after = plan(wanted, moved).fingerprints
    assert after["support"] != approved["support"]
    assert after["sales"] == approved["sales"]


SEASONAL = wallet("support", "prod", "12500", m2027_02="17000")
amounts = st.decimals(min_value=0, max_value=9999, places=2, allow_nan=False, allow_infinity=False)
names = st.sampled_from(["aa", "bb", "cc", "dd"])


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Desired, Live]:
    targets = draw(st.dictionaries(st.tuples(names, st.sampled_from(["prod", "dev"])), amounts, max_size=5))
    wallets = [wallet(team, environment, str(amount)) for (team, environment), amount in targets.items()]
    budgets = draw(st.dictionaries(st.tuples(names, st.sampled_from(["x", "y"])), amounts, max_size=4))
    declared = [
        (team, billing_budget(name, str(amount), scope_id=f"team_{team}")) for (team, name), amount in budgets.items()
    ]
    found = draw(st.dictionaries(names, st.tuples(amounts, st.integers(0, 100)), max_size=4))
    existing = [
        live_wallet(
            f"team_{team}",
            entry(f"txn_{team}", "allocate", amount),
            available=(amount * share / 100).quantize(Decimal("0.01")),
        )
        for team, (amount, share) in found.items()
    ]
    other = draw(st.lists(names, max_size=2, unique=True))
    return desired(wallets, declared, teams=["aa"]), live(
        existing, [billing_budget("x", "5", scope_id=f"team_{team}") for team in other]
    )


@given(pairs())
def test_applying_a_plan_converges_and_a_second_plan_is_empty(pair: tuple[Desired, Live]) -> None:
    wanted, state = pair
    after = worlds.applied(state, plan(wanted, state).changes)
    assert plan(wanted, after).changes == ()


@given(pairs(), st.randoms(use_true_random=False))
def test_a_plan_does_not_depend_on_the_order_of_its_inputs(pair: tuple[Desired, Live], shuffler: random.Random) -> None:
    wanted, state = pair

    def shuffled(mapping: dict[Any, Any]) -> dict[Any, Any]:
        items = list(mapping.items())
        shuffler.shuffle(items)
        return dict(items)

    again = plan(
        replace(
            wanted,
            wallets=shuffled(dict(wanted.wallets)),
            objects={name: shuffled(dict(listed)) for name, listed in wanted.objects.items()},
        ),
        replace(
            state,
            wallets=shuffled(dict(state.wallets)),
            objects={
                name: replace(listed, objects=shuffled(dict(listed.objects))) for name, listed in state.objects.items()
            },
        ),
    )
    assert again == plan(wanted, state)


@given(pairs(), st.sets(names))
def test_a_plan_for_some_teams_is_the_whole_plan_without_the_others(
    pair: tuple[Desired, Live], teams: set[str]
) -> None:
    wanted, state = pair
    keys = {key for key, asked in wanted.wallets.items() if asked.team in teams}
    narrow = replace(state, wallets={key: found for key, found in state.wallets.items() if key in keys})
    whole, some = plan(wanted, state), make_plan(wanted, narrow, JUNE, teams=teams)
    assert some.changes == tuple(change for change in whole.changes if change.team in teams)
    assert {team: some.fingerprints[team] for team in teams & set(whole.fingerprints)} == {
        team: print_ for team, print_ in whole.fingerprints.items() if team in teams
    }
    assert set(some.fingerprints) == teams


def test_a_plan_for_some_teams_leaves_export_schedules_and_other_teams_budgets_alone() -> None:
    wanted = desired(teams=["aa", "bb"], schedules=[WEEKLY])
    state = live(budgets=[billing_budget("x", "5", scope_id=f"team_{team}") for team in ("aa", "bb")])
    declared = {text_of(key): key[1].removeprefix("team_") for key in state.of(BILLING_BUDGETS).objects}
    last = LastApplied(objects={"billing_budget": declared})
    some = make_plan(wanted, state, JUNE, last_applied=last, teams={"bb"})
    assert [(change.kind, change.team) for change in some.changes] == [("delete_billing_budget", "bb")]
    assert make_plan(wanted, state, JUNE, last_applied=last, teams=()).changes == ()


def test_a_plan_for_some_teams_holds_their_budgets_wherever_the_others_stand() -> None:
    budgets = [(team, billing_budget("x", "5", scope_id=f"team_{team}")) for team in ("aa", "bb", "cc")]
    some = make_plan(desired(budgets=budgets), live(), JUNE, teams={"aa", "cc"})
    assert [(change.kind, change.team) for change in some.changes] == [
        ("create_billing_budget", "aa"),
        ("create_billing_budget", "cc"),
    ]


def test_a_declared_wallet_of_another_team_is_not_taken_for_an_unmanaged_one() -> None:
    wanted = desired([wallet("aa", "prod", "5"), wallet("bb", "prod", "5")])
    seen = OtherWallet("team_bb", "wal_1", "bb", "USD", usd(5), usd(0))
    state = replace(live([live_wallet("team_aa")]), other_wallets=(seen, replace(seen, key="team_cc")))
    assert [item.key for item in make_plan(wanted, state, JUNE, teams={"aa"}).unmanaged] == ["team_cc"]


def test_the_teams_that_a_change_is_about_are_those_that_it_adds_removes_or_changes() -> None:
    before = desired(teams=["aa", "bb", "cc"])
    changed = TeamBudget(version=1, team="bb", name="B")
    after = replace(before, teams={"aa": before.teams["aa"], "bb": changed, "dd": TeamBudget(version=1, team="dd")})
    assert changed_teams(before, after) == frozenset({"bb", "cc", "dd"})
    assert changed_teams(before, before) == frozenset()
    other = before.organization.model_copy(update={"unused": "reclaim"})
    assert changed_teams(before, replace(before, organization=other)) is None


@given(pairs())
def test_money_moves_only_in_wallets_that_are_off_their_target_and_by_no_more_than_the_gap(
    pair: tuple[Desired, Live],
) -> None:
    wanted, state = pair
    for change in plan(wanted, state).changes:
        if isinstance(change, Allocate | Reclaim):
            assert change.amount > 0
            assert change.amount <= abs(change.target - change.funded_before)


@pytest.mark.parametrize(
    "change", [{"amount": Decimal(2)}, {"sequence": 1}, {"funded_before": Decimal(1)}, {"kind": "reclaim"}]
)
def test_an_operation_id_is_the_same_for_the_same_facts_and_another_for_any_other(change: dict[str, object]) -> None:
    facts: dict[str, object] = {
        "organization": "org_acme",
        "wallet": "team_support",
        "period": JUNE,
        "kind": "allocate",
        "amount": Decimal("1.00"),
        "funded_before": Decimal(0),
        "sequence": 0,
    }
    assert operation_id(**facts) == operation_id(**{**facts, "amount": Decimal(1)})  # type: ignore[arg-type]
    assert operation_id(**facts) != operation_id(**{**facts, **change})  # type: ignore[arg-type]


def opening(unused: str, state: Live, *wallets: DesiredWallet) -> Diff:
    wanted = desired(wallets)
    organization = wanted.organization.model_copy(update={"unused": unused})
    return plan(replace(wanted, organization=organization), state)


LEFT_FROM_MAY = live_wallet("team_support", entry("txn_may", "allocate", "500", month=Period(2026, 5)), available="120")


def test_unspent_money_is_taken_back_when_a_month_opens_and_counts_for_the_month_it_came_from() -> None:
    diff = opening("reclaim", live([LEFT_FROM_MAY]), wallet("support", "prod", "300"))
    back, out = diff.changes
    assert isinstance(back, Reclaim)
    assert (back.amount, back.carried_from, back.op[:7]) == (Decimal("120.00"), Period(2026, 5), "2026-05")
    assert (back.funded_before, back.funded_after) == (Decimal(0), Decimal(0))
    assert isinstance(out, Allocate)
    assert out.amount == Decimal("300.00")


def test_opening_a_month_a_second_time_changes_nothing() -> None:
    state = live([LEFT_FROM_MAY])
    after = worlds.applied(state, opening("reclaim", state, wallet("support", "prod", "300")).changes)
    assert opening("reclaim", after, wallet("support", "prod", "300")).changes == ()
    assert after.wallets[WalletRef.team("team_support")].money_left == usd(300)


def test_an_opening_that_stopped_half_way_goes_on_where_it_stopped() -> None:
    state = live([LEFT_FROM_MAY])
    half = worlds.applied(state, opening("reclaim", state, wallet("support", "prod", "300")).changes[:1])
    assert [change.kind for change in opening("reclaim", half, wallet("support", "prod", "300")).changes] == [
        "allocate"
    ]


def test_kept_money_is_left_where_it_is_and_said() -> None:
    diff = opening("keep", live([LEFT_FROM_MAY]), wallet("support", "prod", "300"))
    assert [change.kind for change in diff.changes] == ["allocate"]
    assert [note.message for note in diff.notes if note.code == "carried-over"] == [
        "support/prod keeps USD 120.00 from earlier months on top of its target of USD 300.00"
    ]


@pytest.mark.parametrize(("day", "told"), [(date(2026, 5, 31), 0), (date(2026, 6, 1), 1), (date(2026, 6, 18), 1)])
def test_what_a_wallet_holds_today_is_not_told_as_carried_into_a_month_to_come(day: date, told: int) -> None:
    diff = make_plan(desired([wallet("support", "prod", "300")]), live([LEFT_FROM_MAY]), JUNE, as_of=day)
    assert codes(diff).count("carried-over") == told


def test_money_of_a_month_that_is_already_open_is_not_mistaken_for_a_rest() -> None:
    state = live([live_wallet("team_support", entry("txn_1", "allocate", "300"), available="300")])
    assert opening("reclaim", state, wallet("support", "prod", "300")).changes == ()


def test_an_absent_team_gives_back_what_earlier_months_left_too() -> None:
    diff = opening("keep", live([LEFT_FROM_MAY]), wallet("support", "prod", "300", absent=True))
    assert [(change.kind, change.amount) for change in diff.changes] == [("reclaim", Decimal("120.00"))]  # type: ignore[union-attr]


def test_what_earlier_months_left_of_a_team_that_leaves_within_one_is_said_until_the_next_one_opens() -> None:
    funded, spent = entry("txn_1", "allocate", "300"), entry("txn_2", "settle", "40")
    leaving = wallet("support", "prod", "300", absent=True)
    held = live([live_wallet("team_support", funded, spent, available="380")])
    diff = plan(desired([leaving]), held)
    assert [(change.kind, change.amount) for change in diff.changes] == [("reclaim", Decimal("300.00"))]  # type: ignore[union-attr]
    told = "support/prod keeps USD 80.00 from earlier months or by a refund until 2026-07 opens, which takes it back"
    assert [note.message for note in diff.notes if note.code == "carried-over"] == [
        f"{told}: it cannot be told from money of 2026-06"
    ]
    back = live([live_wallet("team_support", funded, spent, entry("txn_3", "reclaim", "300"), available="80")])
    assert codes(plan(desired([leaving]), back)).count("carried-over") == 1, "also once all that can be was taken back"
    july = make_plan(desired([leaving]), back, JUNE.plus(1), as_of=date(2026, 7, 1))
    assert [(change.kind, change.amount) for change in july.changes] == [("reclaim", Decimal("80.00"))]  # type: ignore[union-attr]
    empty = live([live_wallet("team_support", funded, available="300")])
    assert "carried-over" not in codes(plan(desired([leaving]), empty))


def test_what_a_wallet_spent_on_a_day_is_what_the_ledger_settled_less_refunds() -> None:
    moment = datetime(2026, 6, 18, 23, 30, tzinfo=timezone(timedelta(hours=-1)))
    entries = (
        entry("a", "settle", "10.50"),
        replace(entry("b", "settle", "2.25"), created_at=moment - timedelta(hours=2)),
        replace(entry("c", "refund", "1.00"), created_at=moment - timedelta(hours=3)),
        replace(entry("d", "settle", "99"), created_at=moment),
        replace(entry("e", "allocate", "50"), created_at=moment - timedelta(hours=3)),
    )
    found = live_wallet("team_support", *entries)
    assert found.spent_on(date(2026, 6, 18)) == Decimal("1.25")
    assert found.spent_on(date(2026, 6, 19)) == Decimal(99)


def test_the_ledger_tells_what_was_spent_by_day_when_there_is_no_export() -> None:
    state = live(
        [
            live_wallet(
                "team_support",
                entry("txn_1", "settle", "1.25", day=2),
                entry("txn_2", "settle", "2.000001", day=2),
                entry("txn_3", "refund", "1", day=3),
                entry("txn_4", "allocate", "100", day=3),
                entry("txn_5", "settle", "9", day=18),
            ),
            live_wallet("team_sales"),
        ]
    )
    usage = ledger_usage(state, as_of=date(2026, 6, 18))
    assert usage is not None
    assert usage.cost.tolist() == [3_250_001_000, -1_000_000_000]
    assert usage.credits.tolist() == [0, -1_000_000_000]
    assert [str(day) for day in usage.day] == ["2026-06-02", "2026-06-03"]
    assert ledger_usage(live([live_wallet("team_sales")]), as_of=date(2026, 6, 18)) is None


def test_the_ledger_tells_spend_of_any_magnitude_exactly() -> None:
    entries = [entry(f"txn_{day}", "settle", "98765432109876.54", day=day) for day in range(1, 18)]
    usage = ledger_usage(live([live_wallet("team_support", *entries)]), as_of=date(2026, 6, 18))
    assert usage is not None
    assert usage.cost.tolist() == [98_765_432_109_876_540_000_000] * 17
    assert sum((usage.cost - usage.credits).tolist()) == 17 * 98_765_432_109_876_540_000_000


@given(pairs(), pairs(), st.sets(names))
def test_later_targets_are_what_differs_between_two_states_of_the_yaml(
    one: tuple[Desired, Live], other: tuple[Desired, Live], teams: set[str]
) -> None:
    before, after = one[0], other[0]
    later = list(later_targets(before, after, teams=teams, periods=(JUNE.plus(1), JUNE.plus(2))))
    assert list(later_targets(after, after, teams=teams, periods=(JUNE.plus(1),))) == []
    assert {item.team for item in later} <= teams
    old, new = (
        {key: found.target(JUNE).amount for key, found in side.wallets.items() if found.team in teams}
        for side in (before, after)
    )
    assert {(item.wallet, item.before, item.after) for item in later} == {
        (key, old.get(key), new.get(key)) for key in {*old, *new} if old.get(key) != new.get(key)
    }
    ordered = [(item.team, item.environment, item.wallet, item.period) for item in later]
    assert ordered == sorted(ordered)


def test_another_wallet_in_the_same_place_is_a_wallet_that_goes_and_one_that_comes() -> None:
    before = wallet("support", "dev", "1000")
    setting = before.setting.model_copy(update={"team_id": "team_other"})
    after = replace(before, key=WalletRef.team("team_other"), setting=setting)
    later = later_targets(desired([before]), desired([after]), teams={"support"}, periods=[JUNE.plus(1)])
    assert [(item.wallet, item.before, item.after) for item in later] == [
        ("team_other", None, Decimal(1000)),
        ("team_support_dev", Decimal(1000), None),
    ]
    moved = replace(before, team="helpdesk")
    assert not list(
        later_targets(desired([before]), desired([moved]), teams={"support", "helpdesk"}, periods=[JUNE.plus(1)])
    )


def test_an_override_changes_its_month_alone() -> None:
    before, after = desired([wallet("support", "prod", "12500")]), desired([SEASONAL])
    (item,) = later_targets(before, after, teams={"support"}, periods=[JUNE.plus(month) for month in range(1, 13)])
    assert (str(item.period), item.before, item.after) == ("2027-02", Decimal(12500), Decimal(17000))


def test_money_from_before_our_time_is_not_called_by_hand_once_we_took_it_into_account() -> None:
    early = entry("txn_adopted", "allocate", "60", day=1)
    before = live([live_wallet("team_support", early, available="60")])
    state = worlds.applied(before, plan(desired([wallet("support", "prod", "100")]), before).changes)
    assert state.wallets[WalletRef.team("team_support")].ledger[0].id == "txn_adopted"
    raised = plan(desired([wallet("support", "prod", "150")]), state)
    assert [change.amount for change in raised.changes] == [Decimal("50.00")]  # type: ignore[union-attr]
    assert raised.drift == ()


def test_an_entry_whose_mark_was_cut_off_is_ours_where_the_journal_knows_its_id() -> None:
    wanted = desired([wallet("support", "prod", "100")])
    state = worlds.applied(live(), plan(wanted, live()).changes)
    current = state.wallets[WalletRef.team("team_support")]
    cut = replace(current, ledger=(*current.ledger, entry("txn_cut", "allocate", "15", day=28)), available=usd(115))
    moved = replace(state, wallets={WalletRef.team("team_support"): cut})
    assert [item.evidence for item in make_plan(wanted, moved, JUNE).drift] == [("txn_cut",)]
    assert make_plan(wanted, moved, JUNE, own={"txn_cut"}).drift == ()
