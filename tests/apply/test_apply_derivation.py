"""A plan file is executed only as far as it is what the YAML and the ledger give when it is applied."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from apply.loop import Loop
from apply.world import World, statuses
from hypothesis import given
from hypothesis import strategies as st
from worlds import JULY, JUNE, billing_budget, desired, entry, live, live_wallet, taking_back, usd, wallet

from reconciler.apply.derivation import as_reviewed, first_contact, read_since, unlike
from reconciler.findings import ExitCode
from reconciler.model.change import Allocate, Change, ObjectChange, Reclaim
from reconciler.model.period import Period
from reconciler.model.plan import Plan, read_plan, sealed
from reconciler.model.wallet_ref import WalletRef

WANTED = desired(
    [wallet("support", "prod", "100"), wallet("support", "dev", "40"), wallet("sales", "prod", "40")],
    [("support", billing_budget("support-monthly", "100")), ("sales", billing_budget("sales-monthly", "40"))],
)


def new_loop() -> Loop:
    """Sales has 50 more than it is to have, support nothing yet."""
    world = World()
    world.by_hand("allocate", "team_sales", "90")
    return Loop(WANTED, world)


@pytest.fixture
def loop() -> Loop:
    return new_loop()


def edited(plan: Plan, kind: str, subject: str, /, **values: Any) -> Plan:
    """Return `plan` with one change edited and sealed again, as anybody can who has the file."""
    changes = tuple(
        change.model_copy(update=values)
        if change.kind == kind and subject in (getattr(change, "wallet", ""), getattr(change, "key", ""))
        else change
        for change in plan.changes
    )
    assert changes != plan.changes
    return read_plan(sealed(plan.model_copy(update={"changes": changes})).text())


def without(plan: Plan, *changes: Change) -> Plan:
    return plan.model_copy(update={"changes": tuple(change for change in plan.changes if change not in changes)})


def replaced(alert: Any) -> Any:
    return alert.model_copy(update={"amount": Decimal(99_000), "name": "n" * 100})


EDITS: list[tuple[str, str, dict[str, Any]]] = [
    ("allocate", "team_support", {"amount": Decimal(99_000)}),
    ("allocate", "team_support", {"amount": Decimal("100.01"), "funded_after": Decimal("100.01")}),
    ("allocate", "team_support", {"wallet": "team_mallory"}),
    ("allocate", "team_support", {"environment": "dev"}),
    ("allocate", "team_support", {"target": Decimal(1)}),
    ("allocate", "team_support", {"currency": "EUR"}),
    ("allocate", "team_support", {"funded_before": Decimal(1)}),
    ("allocate", "team_support", {"op": "2026-06-" + "0" * 20}),
    ("reclaim", "team_sales", {"amount": Decimal(90)}),
    ("reclaim", "team_sales", {"amount": Decimal(1)}),
    ("reclaim", "team_sales", {"carried_from": JUNE.plus(-1)}),
    ("reclaim", "team_sales", {"unreclaimable": Decimal(3)}),
    ("create_billing_budget", "team/team_support/support-monthly", {"key": "team/team_sales/support-monthly"}),
    ("create_billing_budget", "team/team_support/support-monthly", {"environment": None}),
]


@pytest.mark.parametrize(("kind", "subject", "values"), EDITS)
def test_an_edited_change_is_refused_with_its_whole_team_and_the_others_go_on(
    loop: Loop, kind: str, subject: str, values: dict[str, Any]
) -> None:
    plan = edited(loop.plan(), kind, subject, **values)
    result = loop.apply(plan)
    team = "sales" if kind == "reclaim" else "support"
    assert result.exit_code is ExitCode.STALE
    assert list(result.stale) == [team]
    assert "the plan is not what its YAML and the ledger give" in result.stale[team]
    assert {o.status for o in result.run.outcomes if o.team == team} == {"refused"}
    assert {o.status for o in result.run.outcomes if o.team != team} == {"applied"}
    assert "team_mallory" not in loop.world.accounts
    assert loop.world.funded("team_support", JUNE) == (0 if team == "support" else 100)
    assert loop.world.funded("team_sales", JUNE) == (90 if team == "sales" else 40)


def test_the_refusal_says_what_is_in_the_file_and_what_follows(loop: Loop, golden: Callable[[str, str], None]) -> None:
    plan = loop.plan()
    alert = next(change.after for change in plan.changes if isinstance(change, ObjectChange))
    support = [change for change in plan.changes if change.team == "support"]
    opening = taking_back(desired([wallet("sales", "prod", "40"), wallet("sales", "dev", "40")]))
    rest = Loop(opening, loop.world, period=JULY).plan()
    plans = {
        **{
            f"{kind} {subject}: {values}": (edited(plan, kind, subject, **values), plan)
            for kind, subject, values in EDITS
        },
        "a place": (edited(plan, "allocate", "team_support", position="budgets/x.yaml:1"), plan),
        "an alert": (
            edited(plan, "create_billing_budget", "team/team_support/support-monthly", after=replaced(alert)),
            plan,
        ),
        "nothing of support": (without(plan, *support), plan),
        "less of support": (without(plan, *support[:2]), plan),
        "more of support": (plan, without(plan, support[0], support[-1])),
        "no rest": (without(rest, next(move for move in rest.changes if isinstance(move, Reclaim))), rest),
        "what belongs to no team": (edited(plan, "allocate", "team_support", team=""), plan),
    }
    told = [
        "\n".join([f"# {name}", *unlike(file, real.changes, stale={"gone": ""}).values(), ""])
        for name, (file, real) in plans.items()
    ]
    golden("apply/derivation.txt", "\n".join(told))
    assert unlike(plans["nothing of support"][0], plan.changes, stale={}) == {}
    assert unlike(plans["less of support"][0], plan.changes, stale={"support": "moved"}) == {}


def test_a_first_apply_that_is_said_on_one_side_alone_is_named() -> None:
    why = "sales: it moves money in a wallet that nothing was ever applied to; nothing was applied for this team. "
    assert first_contact(["sales"], first_apply=True) == {
        "sales": f"{why}The plan was made without `--first-apply`: apply it without, or plan with it and have that"
        " reviewed."
    }
    assert first_contact(["sales"], first_apply=False) == {
        "sales": f"{why}The plan was made with `--first-apply`: run `kt-budgets apply --first-apply` to carry it out."
    }


def test_of_an_earlier_month_only_what_was_given_by_hand_may_be_for_this_one() -> None:
    may = JUNE.plus(-1)
    begun = replace(entry("begun", "settle", "1"), created_at=JUNE.start_instant)
    ahead = entry("ahead", "allocate", "5", day=30, month=may, operation="2026-06-" + "1" * 20)
    given, known = (entry(name, "allocate", "2", day=20, month=may) for name in ("given", "known"))
    others = (
        entry("own", "allocate", "3", day=20, month=may, operation="2026-05-" + "1" * 20),
        entry("taken", "reclaim", "4", day=20, month=may),
    )
    read = replace(live_wallet("team_sales", given, *others, ahead, begun), earlier=(known,))
    found = read_since(live([read]), JUNE).wallets[read.key]
    assert found.ledger == (ahead, begun)
    assert found.early == (known, given)
    assert found.earlier == (known, given, *others)


@pytest.mark.parametrize(
    ("available", "carried_from", "left"),
    [("50", None, "50"), ("49.99", None, "30"), ("51", None, "51"), ("51", JUNE.plus(-1), "120")],
)
def test_what_was_left_is_what_the_review_saw_where_less_is_left_than_the_excess(
    loop: Loop, available: str, carried_from: Period | None, left: str
) -> None:
    plan = edited(loop.plan(), "reclaim", "team_sales", amount=Decimal(30), carried_from=carried_from)
    back = next(change for change in plan.changes if isinstance(change, Reclaim))
    unread, undeclared = (back.model_copy(update={"wallet": WalletRef.team(key)}) for key in ("t1", "t2"))
    plan = plan.model_copy(update={"changes": (plan.changes[0], unread, undeclared, back)})
    ninety = entry("t", "allocate", "90")
    read = [live_wallet(key, ninety, available=available) for key in ("team_sales", "t2")]
    wanted = desired([*WANTED.wallets.values(), replace(wallet("other", "prod", "1"), key=unread.wallet)])
    found = as_reviewed(live(read), plan, wanted).wallets
    assert found[WalletRef.team("team_sales")].available == usd(left)
    assert found[WalletRef.team("t2")].available == usd(available)


def test_a_change_that_was_taken_out_of_the_file_or_put_in_twice_is_noticed(loop: Loop) -> None:
    plan = loop.plan()
    first = next(change for change in plan.changes if isinstance(change, Allocate))
    without = sealed(plan.model_copy(update={"changes": tuple(c for c in plan.changes if c is not first)}))
    assert "the plan lacks it" in loop.apply(without).stale["support"]
    twice = sealed(plan.model_copy(update={"changes": (*plan.changes, first)}))
    assert "is there 2 times" in loop.apply(twice).stale["support"]
    assert loop.world.funded("team_support", JUNE) == 0


def test_a_change_for_a_team_that_the_plan_does_not_name_is_refused(loop: Loop) -> None:
    plan = loop.plan()
    first = next(change for change in plan.changes if isinstance(change, Allocate))
    foreign = first.model_copy(update={"team": "mallory", "wallet": "team_mallory"})
    result = loop.apply(sealed(plan.model_copy(update={"changes": (*plan.changes, foreign)})))
    assert list(result.stale) == ["mallory"]
    assert "team_mallory" not in loop.world.accounts


@given(
    index=st.integers(0, 4),
    values=st.fixed_dictionaries(
        {},
        optional={
            "amount": st.decimals(0, 10**6, places=2),
            "wallet": st.sampled_from(["team_support", "team_support_dev", "team_sales", "team_mallory"]),
            "team": st.sampled_from(["support", "sales", "mallory"]),
            "funded_before": st.decimals(0, 10**4, places=2),
            "funded_after": st.decimals(0, 10**4, places=2),
        },
    ),
)
def test_whatever_is_edited_no_wallet_ends_at_anything_but_what_it_was_or_its_target(
    index: int, values: dict[str, Any]
) -> None:
    loop = new_loop()
    plan = loop.plan()
    changes = list(plan.changes)
    known = {name: value for name, value in values.items() if name in type(changes[index]).model_fields}
    changes[index] = changes[index].model_copy(update=known)
    loop.apply(sealed(plan.model_copy(update={"changes": tuple(changes)})))
    for key, allowed in {"team_support": (0, 100), "team_support_dev": (0, 40), "team_sales": (40, 90)}.items():
        assert loop.world.funded(key, JUNE) in allowed
    assert "team_mallory" not in loop.world.accounts


def test_what_was_spent_since_the_review_is_no_edit(loop: Loop) -> None:
    loop.world.spend("team_sales", "60")
    plan = loop.plan()
    (back,) = [change for change in plan.changes if isinstance(change, Reclaim)]
    assert (back.amount, back.unreclaimable) == (Decimal(30), Decimal(20))
    loop.world.spend("team_sales", "5")
    result = loop.apply(plan)
    assert result.stale == {}
    assert "less than the USD 30.00" in result.run.outcomes[0].reason
    assert set(statuses(result.run.outcomes[1:])) == {"applied"}


def test_a_plan_that_ran_once_is_derived_alike_when_it_runs_again(loop: Loop) -> None:
    plan = loop.plan()
    loop.apply(plan)
    loop.world.spend("team_sales", "35")
    again = loop.apply(plan)
    assert again.exit_code is ExitCode.DONE
    assert set(statuses(again.run.outcomes)) == {"already_applied"}


def test_the_opening_of_a_month_is_derived_again_too(loop: Loop) -> None:
    loop.wanted = taking_back(WANTED)
    loop.world.spend("team_sales", "20")
    loop.open(JULY)
    result = loop.apply(edited(loop.plan(), "allocate", "team_sales", amount=Decimal(41)))
    assert list(result.stale) == ["sales"]
    assert loop.world.accounts["team_sales"].held == 70
    assert loop.apply(loop.plan()).exit_code is ExitCode.DONE
    assert loop.world.accounts["team_sales"].held == 40


def test_money_is_not_sent_in_another_month_than_its_own(loop: Loop) -> None:
    plan = loop.plan()
    loop.world.clock.instant = JULY.start_instant
    result = loop.apply(plan)
    assert loop.world.sends[:2] == ["create", "create"]
    assert {o.status for o in result.run.outcomes if o.wallet} == {"refused"}
    assert "2026-06 is over on 2026-07-01" in result.run.outcomes[0].reason


def test_a_run_that_reaches_midnight_on_the_last_day_stops_moving_money(loop: Loop) -> None:
    plan = loop.plan()

    def midnight(_: str) -> None:
        loop.world.clock.instant = JULY.start_instant

    loop.world.after_send = midnight
    result = loop.apply(plan)
    assert statuses([o for o in result.run.outcomes if o.wallet]) == ["applied", "refused", "refused"]


def test_what_a_killed_run_left_unsent_is_not_paid_by_resume_in_a_later_month(loop: Loop) -> None:
    plan = loop.plan()
    loop.flag.requested = True
    loop.apply(plan)
    loop.flag.requested = False
    loop.world.clock.instant = JULY.plus(2).start_instant
    result = loop.resume()
    assert result is not None
    assert result.exit_code is ExitCode.PARTIAL
    assert {o.status for o in result.run.outcomes if o.wallet} == {"refused"}
    assert loop.world.funded("team_support", JUNE) == 0
    assert loop.resume() is None


def test_a_rehearsal_of_another_day_is_what_was_asked_for(loop: Loop) -> None:
    plan = loop.plan()
    loop.world.clock.instant = JULY.start_instant
    loop.rehearsed = date(2026, 6, 18)
    result = loop.apply(plan)
    assert set(statuses(result.run.outcomes)) == {"applied"}
