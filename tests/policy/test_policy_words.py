"""Every guard and every approval at its boundary, and all that is said of it, word for word."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from policy.test_policy_facts import BARE, SWITCHED, guarded
from policy.test_policy_guards import AS_OF, alert, input_of, move, update
from worlds import JUNE, billing_budget, desired, object_change, wallet

from reconciler.model.approvals import Approvals
from reconciler.model.change import Allocate, Reclaim
from reconciler.model.desired import Desired
from reconciler.model.guards import GuardSettings, Waiver
from reconciler.model.plan import Plan
from reconciler.model.policy_input import Currencies, Declared, Effects, PolicyInput, WalletFacts
from reconciler.policy import rule
from reconciler.policy.approvals import Step, approval_rules, declared, requirements
from reconciler.policy.facts import Told, facts_of, judged, refusals, step_of
from reconciler.policy.guards import ALWAYS, guard_rules
from reconciler.policy.plan_record import (
    NOTHING,
    PlanRecord,
    change_digests,
    pending,
    read_record,
    record_of,
    record_text,
)
from reconciler.policy.rule import BuiltIn, Verdict
from reconciler.policy.rulings import Conclusion, Ruling, State, conclusion_of

ALL = {
    "total_moved": "700",
    "net_increase": "300",
    "largest_change": "499.99",
    "largest_change_percent": "49.5%",
    "target_below_spend": True,
    "target_below_forecast": True,
    "hard_limit_on": True,
    "alert_removed": True,
}
SALES = "team_sales"


def knowing(spent: str | None = None, expected: str | None = None, confidence: str = "low") -> dict[str, WalletFacts]:
    facts: dict[str, Any] = {"spent": spent, "confidence": confidence if expected else "none"}
    return {"team_support": WalletFacts(team="support", environment="prod", month_end={"0.5": expected or 0}, **facts)}


INPUTS: dict[str, PolicyInput] = {
    "nothing changes": input_of(pool="5"),
    "one wallet gets more": input_of(move(Allocate, "500"), pool="500"),
    "one wallet gets less": input_of(move(Reclaim, "500"), pool="0"),
    "two wallets, each below the limits": input_of(
        move(Allocate, "300", wallet=SALES), move(Reclaim, "400"), pool="0", wallets=knowing("600", "600")
    ),
    "a cent beyond in all": input_of(
        move(Allocate, "500.01"), move(Reclaim, "200", wallet=SALES), pool="300", wallets=knowing("1500.02")
    ),
    "a share just at its limit": input_of(move(Allocate, "495")),
    "a share a cent beyond": input_of(move(Allocate, "495.01")),
    "half of one was funded before": input_of(move(Allocate, "0.25", before="0.5")),
    "nothing was funded before": input_of(move(Allocate, "400", before="0")),
    "a target below what is spent": input_of(move(Reclaim, "400"), wallets=knowing("600.01")),
    "a target of what is spent": input_of(move(Reclaim, "400"), wallets=knowing("600.00")),
    "a raise below what is spent": input_of(move(Allocate, "100"), wallets=knowing("1100.01", "1100.01")),
    "a target below the forecast": input_of(move(Reclaim, "400"), wallets=knowing(None, "600.01")),
    "a target of the forecast": input_of(move(Reclaim, "400"), wallets=knowing(None, "600.00")),
    "a forecast that is worth nothing": input_of(
        move(Reclaim, "400"), wallets=knowing(None, "600.01", confidence="none")
    ),
    "a hard limit is switched on, an alert goes": input_of(
        update(alert(), alert("90", (100,), hard_limit=True)),
        update(alert(hard_limit=True), alert(hard_limit=True)),
        update(alert(hard_limit=True), alert()),
    ),
    "alerts are deleted and made": input_of(
        object_change("delete_billing_budget", team="support", environment=None, key="team/t/x", before=alert()),
        object_change(
            "create_billing_budget", team="support", environment=None, key="team/t/y", after=alert(hard_limit=True)
        ),
    ),
    "the pool lacks a cent": input_of(move(Allocate, "500"), pool="499.99"),
    "a pool in debt that nothing is asked of": input_of(move(Reclaim, "1"), pool="-3"),
    "a currency of the pool": input_of(currencies=Currencies(held=("EUR",), of_pool=True)),
    "currencies of teams": input_of(currencies=Currencies(held=("EUR", "GBP"), of_pool=False)),
}


def verdicts(facts: PolicyInput, waivers: tuple[Waiver, ...] | None = ()) -> Iterator[str]:
    said = (
        *rule.results(ALWAYS, facts, None, as_of=AS_OF),
        *rule.results(guard_rules(GuardSettings.model_validate(ALL)), facts, waivers, as_of=AS_OF),
    )
    for one in said:
        yield f"{one.guard} {one.status} [{one.team}|{one.position}] {one.value} of {one.limit}: {one.message}"
        yield f"  {one.hint}"


def test_what_guards_say(golden: Callable[[str, str], None]) -> None:
    sections = ["\n".join([f"# {name}", *verdicts(facts), ""]) for name, facts in INPUTS.items()]
    golden("policy/verdicts.txt", "\n".join(sections))


def waiver(until: str, by: str, **fields: Any) -> Waiver:
    return Waiver.model_validate(
        {
            "guard": "largest-change",
            "team": "support",
            "until": until,
            "reason": f"as {by} says",
            "approved_by": by,
            **fields,
        }
    )


@pytest.mark.parametrize("is_reversed", [False, True])
def test_of_two_waivers_that_cover_one_change_the_one_that_holds_longest_is_named(is_reversed: bool) -> None:
    held = [waiver("2026-06-20", "ada"), waiver("2026-07-31", "bob"), waiver("2026-06-30", "cara")]
    (first, *_) = rule.results(
        guard_rules(GuardSettings(largest_change=Decimal(1))),
        input_of(move(Allocate, "500")),
        reversed(held) if is_reversed else held,
        as_of=AS_OF,
    )
    assert (first.status, first.hint) == ("waived", "waived until 2026-07-31 by bob: as bob says")


def test_a_waiver_covers_up_to_and_with_its_most_and_its_last_day() -> None:
    def status(value: str, **fields: Any) -> str:
        (found,) = rule.results(
            guard_rules(GuardSettings(largest_change=Decimal(1))),
            input_of(move(Allocate, value)),
            [waiver(str(AS_OF), "ada", max="500", **fields)],
            as_of=AS_OF,
        )
        return found.status

    assert status("500") == "waived"
    assert status("500.01") == "refused"


def test_what_has_no_number_is_not_waived_and_its_waiver_is_proposed_without_a_most() -> None:
    def judge(_: PolicyInput) -> Iterator[Verdict]:
        yield Verdict("largest-change", "never", "ask", about=3)

    rules = [BuiltIn("own", "deny", judge)]
    facts = input_of()
    (refused,) = rule.results(rules, facts, [waiver("2026-07-31", "ada")], as_of=AS_OF)
    until = AS_OF + timedelta(days=14)
    assert refused.hint == (
        f'ask, or add to `waivers:` `- {{guard: largest-change, until: {until}, reason: "...", approved_by: "..."}}`'
    )
    assert (refused.status, refused.value, refused.limit, refused.team) == ("refused", "", "", "")
    (told,) = rule.results(rules, facts, None, as_of=AS_OF)
    assert told.hint == "ask"


def owned(**approvals: Any) -> Desired:
    return guarded(GuardSettings(), owners=("@acme/leads",), approvals=Approvals.model_validate(approvals))


STEPS: dict[str, tuple[Desired, Step]] = {
    "nothing changes": (owned(), Step(Effects(), declared(owned(), owned()))),
    "the organization says otherwise": (owned(), Step(Effects(), declared(owned(), owned(finance_above=5)))),
    "teams change in Keeptrusts and in git": (
        owned(),
        Step(
            Effects(teams=("support", "new"), moved=Decimal(5), is_general=True),
            Declared(since="", organization=False, teams=("sales",), retargeted=Decimal(0), hard_limits={}),
        ),
    ),
    "just what finance need not approve": (
        owned(finance_above="100.00", finance=["@cfo"]),
        Step(Effects(moved=Decimal(100)), declared(owned(), owned())),
    ),
    "a cent more moves": (
        owned(finance_above="100.00", finance=["@cfo"]),
        Step(Effects(moved=Decimal("100.01")), declared(owned(), owned())),
    ),
    "targets change by a cent more": (
        owned(finance_above="100.00"),
        Step(
            Effects(moved=Decimal(1)),
            Declared(since="", organization=False, teams=(), retargeted=Decimal("100.01"), hard_limits={}),
        ),
    ),
    "hard limits are switched in both": (
        owned(platform=["@platform"]),
        Step(
            Effects(switched={"team/t/b": "support", "team/t/a": ""}),
            Declared(since="", organization=False, teams=(), retargeted=Decimal(0), hard_limits={"team/t/c": "sales"}),
        ),
    ),
    "hard limits, and nobody for the platform": (
        owned(),
        Step(Effects(switched={"team/t/b": ""}), declared(owned(), owned())),
    ),
}


def test_who_is_asked(golden: Callable[[str, str], None]) -> None:
    sections = [
        "\n".join(
            [f"# {name}"]
            + [
                f"{one.reason} [{one.team}]: {', '.join(one.owners)}; else {', '.join(one.fallback)}"
                for one in requirements(rules, step)
            ]
            + [""]
        )
        for name, (rules, step) in STEPS.items()
    ]
    golden("policy/approvals.txt", "\n".join(sections))


def test_rules_of_approval_have_names_and_ask() -> None:
    assert [(one.name, one.level) for one in approval_rules(owned())] == [
        ("organization", "approve"),
        ("teams", "approve"),
        ("finance", "approve"),
        ("platform", "approve"),
    ]


def hard(team: str, name: str, *, is_on: bool) -> tuple[str, Any]:
    return team, billing_budget(name, "5", scope_id="team_x", hard_limit=is_on)


def test_what_is_declared_is_told_by_team_and_the_dearest_month() -> None:
    before = desired(
        [wallet("support", "prod", "100", m2026_08="150"), wallet("sales", "prod", "50"), wallet("old", "prod", "7")],
        [hard("support", "on", is_on=False), hard("support", "moved", is_on=False), hard("sales", "same", is_on=True)],
    )
    after = desired(
        [wallet("support", "prod", "100", m2026_08="120", m2028_01="1"), wallet("sales", "prod", "40")],
        [hard("support", "on", is_on=True), hard("sales", "moved", is_on=True), hard("sales", "same", is_on=True)],
        teams=["old"],
    )
    found = declared(before, after, since="c0ffee")
    assert (found.since, found.organization, found.teams) == ("c0ffee", False, ())
    assert found.retargeted == Decimal(99 + 10 + 7)
    assert found.hard_limits == {"team/team_x/on": "support", "team/team_x/moved": ""}
    assert declared(before, before).retargeted == 0
    lower = desired([wallet("support", "prod", "100", m2026_08="120"), wallet("sales", "prod", "50")], teams=["old"])
    assert declared(before, lower).retargeted == Decimal(30 + 7)


def test_the_fiscal_years_of_both_sides_are_looked_at() -> None:
    before = desired([wallet("support", "prod", "100")])
    moved = before.organization.model_copy(
        update={"fiscal_year": before.organization.fiscal_year.model_copy(update={"starts": JUNE.plus(-6)})}
    )
    as_before: dict[str, Any] = {f"m{JUNE.plus(month)}".replace("-", "_"): "100" for month in range(12)}
    after = replace(desired([wallet("support", "prod", "160", **as_before)]), organization=moved)
    assert declared(before, after).retargeted == Decimal(60)


def test_a_wallet_that_is_new_is_retargeted_by_all_that_it_gets() -> None:
    before, after = desired(teams=["support"]), desired([wallet("support", "prod", "160")])
    assert declared(before, after).retargeted == declared(after, before).retargeted == Decimal(160)
    assert declared(before, after).since == ""


def refused(plan: Plan, before: list[Desired], after: Desired, *, as_of: date = AS_OF) -> list[tuple[str, str, bool]]:
    return [(one.guard, one.limit, is_before) for one, is_before in refusals(plan, before, after, as_of=as_of)]


def test_limits_from_before_the_change_refuse_too_and_a_waiver_may_come_with_it() -> None:
    strict, lax = GuardSettings(largest_change=Decimal(60)), GuardSettings(largest_change=Decimal(99))
    late = waiver(str(AS_OF), "ada")
    plan = judged(BARE, GuardSettings(largest_change=Decimal(70)), (), Told())
    at = "largest-change"
    noted = (at, "70.00", False)
    assert refused(plan, [guarded(strict), guarded(GuardSettings())], guarded(lax)) == [
        (at, "60.00", True),
        noted,
        (at, "99.00", False),
    ]
    assert refused(plan, [], guarded(GuardSettings(largest_change=Decimal(100)))) == [noted]
    assert refused(plan, [guarded(strict)], guarded(lax, late)) == [noted]
    assert refused(plan, [guarded(strict, late)], guarded(lax)) == [noted, (at, "99.00", False)]
    tomorrow = AS_OF + timedelta(days=1)
    assert refused(plan, [guarded(strict)], guarded(lax, late), as_of=tomorrow) == [
        (at, "60.00", True),
        noted,
        (at, "99.00", False),
    ]


def test_what_is_to_be_approved_is_what_the_plan_does_and_what_the_commits_say() -> None:
    before, after = guarded(GuardSettings()), guarded(GuardSettings(), sales="41")
    plan = judged(BARE, GuardSettings(), (), Told(declared=declared(before, before)))
    assert step_of(plan, before, after) == Step(facts_of(plan).effects, declared(before, after))
    assert step_of(plan, before, after).declared.retargeted == Decimal(1)
    assert step_of(plan, before, after).effects.moved == Decimal(150)


def test_teams_are_stale_by_the_plan_that_is_there_now() -> None:
    known = record()
    plan = BARE.model_copy(update={"changes": (*BARE.changes, SWITCHED)})
    assert known.stale_teams(plan) == ()
    other = {**BARE.fingerprints, "support": "sha256:other"}
    assert known.stale_teams(plan.model_copy(update={"fingerprints": other})) == ()
    assert known.stale_teams(plan.model_copy(update={"fingerprints": {**other, "new": "sha256:new"}})) == ("new",)
    larger = BARE.changes[1].model_copy(update={"amount": Decimal(7)})
    changed = plan.model_copy(update={"fingerprints": other, "changes": (BARE.changes[0], larger)})
    assert known.stale_teams(changed) == ("support",)
    assert known.stale_teams(plan.model_copy(update={"organization": "org_other"})) == ("sales", "support")
    assert known.stale_teams(plan.model_copy(update={"period": JUNE.plus(1)})) == ("sales", "support")


def record(**changes: Any) -> PlanRecord:
    made = record_of(
        BARE.model_copy(update={"changes": (*BARE.changes, SWITCHED)}),
        repository="a/b",
        pull_request=7,
        head="c0ffee",
        run=(4, 2),
        base="ba5e",
    )
    return made.model_copy(update=changes)


def test_a_record_says_which_plan_was_shown_where_and_is_read_as_it_is_written(
    golden: Callable[[str, str], None],
) -> None:
    text = record_text(record())
    golden("policy/record.md", text)
    assert read_record(text) == record()
    assert read_record(text.replace("\n", "\r\n")) == record()
    assert read_record(f"before\n{text}after") == record()


@pytest.mark.parametrize(
    "text", [None, 5, "", "```json\n{}\n```", "```json\nnot json\n```", "text {}"], ids=lambda text: repr(text)[:12]
)
def test_what_is_no_record_is_none(text: object) -> None:
    assert read_record(text) is None


def moved(known: PlanRecord, now: dict[str, str], *changes: Any, **other: Any) -> tuple[str, ...]:
    facts = {"organization": known.organization, "period": known.period, **other}
    return known.moved(now, changes, **facts)


def test_teams_move_when_their_fingerprint_is_another_and_not_when_part_of_their_changes_is_left() -> None:
    known = record()
    prints = dict(known.fingerprints or {})
    assert set(prints) == {"sales", "support"}
    assert moved(known, prints) == ()
    other = {**prints, "support": "sha256:other"}
    assert moved(known, other) == ()
    (allocate,) = (change for change in BARE.changes if change.team == "support")
    assert moved(known, other, allocate) == ()
    assert moved(known, other, allocate.model_copy(update={"amount": Decimal(7)})) == ("support",)
    assert moved(record(changes=None), other) == ("support",)
    assert moved(known, {**prints, "new": "sha256:new"}) == ("new",)
    assert moved(known, {**prints, "done": NOTHING}) == ()
    assert moved(known, prints, organization="org_other") == ("sales", "support")
    assert moved(known, prints, period=JUNE.plus(1)) == ("sales", "support")
    assert moved(known, {"support": NOTHING}, period=JUNE.plus(1)) == ()


def test_a_record_that_was_too_small_for_fingerprints_compares_them_all_at_once() -> None:
    known = record(fingerprints=None, changes=None)
    prints = dict(record().fingerprints or {})
    assert moved(known, prints) == ()
    assert moved(known, {**prints, "support": "sha256:other"}) == ("sales", "support")


def test_a_reclaim_is_the_same_change_however_much_is_left_to_take_back() -> None:
    (reclaim,) = (change for change in BARE.changes if isinstance(change, Reclaim))
    (allocate,) = (change for change in BARE.changes if isinstance(change, Allocate))
    digests = change_digests([reclaim, allocate, SWITCHED])
    assert {team: len(found) for team, found in digests.items()} == {"sales": 1, "support": 2}
    assert list(digests) == ["sales", "support"]
    assert all(len(digest) == 16 and ":" not in digest for found in digests.values() for digest in found)
    less = {"amount": Decimal(3), "unreclaimable": Decimal(47), "funded_after": Decimal(87), "op": "x", "position": "y"}
    assert change_digests([reclaim.model_copy(update=less)])["sales"] == digests["sales"]
    assert change_digests([reclaim.model_copy(update={"target": Decimal(3)})])["sales"] != digests["sales"]
    for field in ("amount", "funded_after"):
        assert change_digests([allocate.model_copy(update={field: Decimal(3)})])["support"][0] not in digests["support"]
    assert pending({"b": "x", "a": "y", "c": NOTHING}) == {"a": "y", "b": "x"}
    assert list(pending({"b": "x", "a": "y"})) == ["a", "b"]


@pytest.mark.parametrize(
    ("mine", "other", "is_older"),
    [((4, 2), (4, 3), True), ((4, 2), (5, 1), True), ((4, 2), (4, 2), False), ((4, 2), (3, 9), False)],
)
def test_a_record_is_older_by_its_run_and_its_attempt(
    mine: tuple[int, int], other: tuple[int, int], is_older: bool
) -> None:
    assert record(run=mine).is_older_than(record(run=other)) == is_older
    assert not record(run=None).is_older_than(record(run=other))
    assert not record(run=mine).is_older_than(record(run=None))


def test_a_record_leaves_out_what_a_check_run_has_no_room_for_the_least_needed_first() -> None:
    def shape(teams: int, changes: int) -> tuple[bool, bool, bool]:
        many = tuple(
            BARE.changes[1].model_copy(update={"team": f"team{number:05}", "amount": Decimal(number)})
            for number in range(changes)
        )
        prints = {f"team{number:05}": f"sha256:{number:064}" for number in range(teams)}
        made = record_of(
            BARE.model_copy(update={"changes": many, "fingerprints": prints}), repository="a", pull_request=1, head="c"
        )
        assert len(record_text(made)) < 65_000
        return made.fingerprints is not None, made.changes is not None, made.effects is not None

    assert shape(10, 10) == (True, True, True)
    assert shape(10, 1500) == (True, True, False)
    assert shape(10, 2500) == (True, False, False)
    assert shape(1000, 10) == (False, False, False)


@pytest.mark.parametrize(
    ("states", "conclusion"),
    [
        ([], "success"),
        (["nothing", "approved"], "success"),
        (["approved", "waiting"], "waiting"),
        (["waiting", "refused", "approved"], "failure"),
    ],
)
def test_a_check_says_what_is_worst(states: list[State], conclusion: Conclusion) -> None:
    assert conclusion_of([Ruling(1, "head", state) for state in states]) == conclusion
