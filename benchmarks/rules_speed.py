"""How long 100 rules of an organization take on a plan of 1,000 changes, beside a floor in plain Python.

The claim is a second or less, with the facts made anew, and no more than 30 s for rules that were made to take long.
The floor compares the same amounts with the same limits in Python, without a language, messages or unknown values.

Run: python benchmarks/rules_speed.py
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal

from ratio import Ratio

from reconciler.model.change import Allocate
from reconciler.model.money import Funds
from reconciler.model.organization import OrganizationBudget
from reconciler.model.period import Period
from reconciler.model.policy_input import PolicyInput, WalletFacts
from reconciler.model.rule import RuleSet
from reconciler.model.wallet_ref import WalletRef
from reconciler.policy.organization_rules import organization_rules
from reconciler.policy.rule import results
from reconciler.policy.rule_judging import LONGEST_SECONDS

DAY = date(2026, 6, 18)
LIMIT = 1.0
EXPRESSIONS = (
    "change.amount <= params.most",
    "change.amount <= part(params.share, change.funded_before)",
    "change.target >= wallet.spent",
    "change.target >= wallet.month_end.p90 || today.days_left_in_month > 3",
    "wallet.history.all(month, wallet.history[month] <= 2 * change.target)",
)
SLOW = "wallet.history.all(a, wallet.history.all(b, wallet.history.all(c, a.size() + b.size() + c.size() > 0)))"


def facts(changes: int) -> PolicyInput:
    """Return the facts of a plan that raises so many wallets, each with a year of history."""
    moves = tuple(
        Allocate(
            team=f"team{number}",
            environment="prod",
            wallet=WalletRef.team(f"team_{number}"),
            amount=Decimal(500),
            currency="USD",
            target=Decimal(4500),
            funded_before=Decimal(4000),
            funded_after=Decimal(4500),
            op="2026-06-00000000000000000000",
        )
        for number in range(changes)
    )
    month_end = {"0.1": Decimal(3000), "0.5": Decimal(3500), "0.9": Decimal(4200)}
    history = {Period(2025, 6).plus(month): Decimal(3000 + month) for month in range(12)}
    known = {"spent": Decimal(2000), "confidence": "normal", "month_end": month_end}
    return PolicyInput(
        organization="org_acme",
        currency="USD",
        period=Period(2026, 6),
        as_of=DAY,
        fiscal_year=Period(2026, 6),
        funds=Funds(available=None, after=None, allocated=Decimal(0), reclaimed=Decimal(0)),
        changes=moves,
        wallets={move.wallet: WalletFacts(team=move.team, environment="prod", **known) for move in moves},
        history={move.wallet: dict(history) for move in moves},
    )


def organization(rules: int, expressions: tuple[str, ...], *, level: str = "deny") -> OrganizationBudget:
    listed = [
        {
            "name": f"rule{number}",
            "level": level,
            "owner": "@acme/finance",
            "reason": "r",
            "when": "change.is_raise",
            "assert": expressions[number % len(expressions)],
            "message": "{change.team} gets {change.amount}",
        }
        for number in range(rules)
    ]
    own = RuleSet.model_validate({"parameters": {"most": "USD 1000.00", "share": "50%"}, "rules": listed})
    return OrganizationBudget.model_validate(
        {
            "version": 1,
            "organization": "org_acme",
            "currency": "USD",
            "fiscal_year": {"name": "FY2027", "starts": "2026-06"},
            "environments": ["prod"],
        }
    ).model_copy(update={"policies": {"policies/own.yaml": own}})


def judged(by: OrganizationBudget, seen: PolicyInput) -> int:
    """Return how many verdicts there are."""
    return len(results(organization_rules(by, day=DAY), seen, (), as_of=DAY))


def floor(rules: int, seen: PolicyInput) -> int:
    """Compare as many numbers in plain Python."""
    broken = 0
    for change in seen.changes:
        assert isinstance(change, Allocate)
        wallet = seen.wallets[change.wallet]
        assert wallet.spent is not None
        history = seen.history[change.wallet].values()
        for number in range(rules):
            match number % 5:
                case 0:
                    passes = change.amount <= 1000
                case 1:
                    passes = change.amount <= change.funded_before / 2
                case 2:
                    passes = change.target >= wallet.spent
                case 3:
                    passes = change.target >= wallet.month_end["0.9"]
                case _:
                    passes = all(spent <= 2 * change.target for spent in history)
            broken += not passes
    return broken


def seconds(run: Callable[[], int]) -> tuple[float, int]:
    """Return the median of three runs, and what they return."""
    taken = []
    for _ in range(3):
        begun = time.perf_counter()
        found = run()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken), found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rules", type=int, default=100)
    parser.add_argument("--changes", type=int, default=1000)
    asked = parser.parse_args()
    seen, passing = facts(asked.changes), organization(asked.rules, EXPRESSIONS)
    begun = time.perf_counter()
    assert judged(passing, facts(1)) == 0
    print(f"the first time, with the import and {asked.rules} rules to check: {time.perf_counter() - begun:.2f} s")
    own, verdicts = seconds(lambda: judged(passing, seen))
    least, broken = seconds(lambda: floor(asked.rules, seen))
    assert verdicts == broken == 0
    print(f"{asked.rules} rules, {asked.changes} changes, all pass: {own:.2f} s; floor {least:.2f} s")
    print(Ratio("rules to bare evaluation", own / least))
    failing, verdicts = seconds(lambda: judged(organization(asked.rules, ("change.amount < 0",)), seen))
    print(f"all {verdicts:,} fail: {failing:.2f} s")
    begun = time.perf_counter()
    slow = judged(organization(500, (SLOW,)), seen)
    taken = time.perf_counter() - begun
    print(f"500 rules that were made to take long: {taken:.1f} s, {slow} refusal")
    assert slow > 0
    assert taken < LONGEST_SECONDS + 10
    assert own <= LIMIT, f"{own:.2f} s is more than {LIMIT:.0f} s"


if __name__ == "__main__":
    main()
