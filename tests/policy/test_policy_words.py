"""Every guard at its boundary, the waivers that let it pass, and all that is said of it, word for word."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from policy.test_policy_guards import AS_OF, alert, input_of, move, update
from worlds import object_change

from reconciler.model.change import Allocate, Reclaim
from reconciler.model.guards import GuardSettings, Waiver
from reconciler.model.policy_input import Currencies, PolicyInput, WalletFacts
from reconciler.policy import rule
from reconciler.policy.guards import ALWAYS, guard_rules
from reconciler.policy.rule import BuiltIn, Verdict

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
