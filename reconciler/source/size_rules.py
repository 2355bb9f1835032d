"""Rule about amounts in whole units that are small beside those around them: who thinks in thousands writes `18`."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from statistics import median_low
from typing import Any, NamedTuple

from reconciler.findings import Finding, Keys, Severity
from reconciler.model.kinds.billing_budget import watched
from reconciler.source.context import Context, TeamView
from reconciler.source.parse import parse
from reconciler.source.problem import problem

_FAR = 100
_ENOUGH = 2
_THOUSAND = 1000


class _Amount(NamedTuple):
    """An amount at `keys`, and the median of those that it is compared with, if any; `beside` says in words which."""

    keys: Keys
    amount: Decimal
    typical: Decimal | None
    beside: str


class _Wallets:
    """By file and environment the `amounts` of each wallet, and the usual one of them."""

    def __init__(self, views: Sequence[TeamView]) -> None:
        self.amounts = {
            view.path: {environment: tuple(wallet.amounts()) for environment, wallet in view.team.wallets.items()}
            for view in views
        }
        self._usual: dict[str, dict[str, Decimal]] = defaultdict(dict)
        for path, wallets in self.amounts.items():
            for environment, amounts in wallets.items():
                if positive := [amount for _, amount in amounts if amount > 0]:
                    self._usual[environment][path] = median_low(positive)
        self._ordered = {environment: sorted(usual.values()) for environment, usual in self._usual.items()}

    def usual(self, environment: str | None, path: str) -> Decimal:
        """Return the median of a wallet's amounts, nothing where it has none."""
        return self._usual.get(environment or "", {}).get(path, Decimal(0))

    def elsewhere(self, environment: str, path: str) -> Decimal | None:
        """Return the median of the wallets in other files than `path`, None where there are too few."""
        ordered, own = self._ordered.get(environment, []), self._usual[environment].get(path)
        place = len(ordered) if own is None else bisect_left(ordered, own)
        count = len(ordered) - (own is not None)
        middle = (count - 1) // 2
        return ordered[middle + (middle >= place)] if count >= _ENOUGH else None


def size_problems(views: Sequence[TeamView], context: Context) -> Iterator[tuple[str, Finding]]:
    """Yield, with the path of its file, each amount that is likely meant in thousands; one with cents is not.

    A file whose YAML is flawed says more than that: `12,500` is read as 12 there.
    """
    wallets = _Wallets(views)
    for view in (view for view in views if not view.flawed):
        found = [one for one in _few_digits(view, wallets) if _is_small(one)]
        raw = parse(view.data).value if found else None
        for one in found:
            if "." not in str(_written(raw, one.keys)):
                yield view.path, _problem(one, context)


def _few_digits(view: TeamView, wallets: _Wallets) -> Iterator[_Amount]:
    """Yield the amounts of a file below a thousand."""
    team = view.team
    for environment, amounts in wallets.amounts[view.path].items():
        for index, (keys, amount) in enumerate(amounts):
            if not 0 < amount < _THOUSAND:
                continue
            own = [other for place, (_, other) in enumerate(amounts) if place != index and other > 0]
            typical, beside = median_low(own) if own else None, "the wallet's other amounts"
            if not own:
                typical, beside = wallets.elsewhere(environment, view.path), f"other teams' `{environment}`"
            yield _Amount(("wallets", environment, *keys), amount, typical, beside)
    for position, setting in enumerate(team.billing_budgets):
        if 0 < setting.amount < _THOUSAND:
            watching = wallets.usual(watched(team, setting), view.path)
            keys = ("billing_budgets", view.budget_index(position), "amount")
            yield _Amount(keys, setting.amount, watching, "the wallet that it watches")
    if (baseline := team.plan.baseline_monthly) is not None and 0 < baseline < _THOUSAND:
        total = sum((wallets.usual(environment, view.path) for environment in team.wallets), Decimal(0))
        yield _Amount(("plan", "baseline_monthly"), baseline, total, "the team's wallets")


def _is_small(one: _Amount) -> bool:
    return one.typical is not None and one.amount * _FAR < one.typical


def _written(value: Any, keys: Keys) -> object:
    """Return what the file says at `keys`; text that has a point, so that nothing is said, where it cannot be found."""
    for key in keys:
        if isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        elif isinstance(value, dict):
            value = next((inner for name, inner in value.items() if str(name) == str(key)), "...")
        else:
            return "..."
    return value


def _problem(one: _Amount, context: Context) -> Finding:
    typical = context.money(one.typical or Decimal(0))
    message = f"{context.money(one.amount)} is very little beside {one.beside}, {typical}"
    hint = (
        f"write {one.amount * _THOUSAND:.2f} if thousands are meant, or {one.amount:.2f} with its cents if it is right"
    )
    return problem("amount-small", message, hint, one.keys, severity=Severity.WARNING)
