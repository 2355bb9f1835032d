"""Rule about amounts in whole units that are small beside those around them: who thinks in thousands writes `18`."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cached_property, lru_cache
from statistics import median_low
from typing import Any, NamedTuple

from reconciler.findings import Finding, Keys, Severity
from reconciler.model.kinds.billing_budget import watched
from reconciler.model.wallet_target import WalletTarget
from reconciler.source.context import Context, TeamView
from reconciler.source.documents import KEPT_FILES
from reconciler.source.parse import parse
from reconciler.source.problem import problem

_FAR = 100
_ENOUGH = 2
_THOUSAND = Decimal(1000)
_NOTHING = Decimal(0)


class SmallAmount(NamedTuple):
    """An amount below a thousand at `keys`, and what it is compared with; `beside` says in words what that is.

    That is `typical`, or where there is an `environment` the usual amount of the wallets for it in other files.
    """

    keys: Keys
    amount: Decimal
    typical: Decimal | None
    beside: str
    environment: str = ""

    @property
    def is_small(self) -> bool:
        return self.typical is not None and _is_far_below(self.amount, self.typical)


def small_amounts(view: TeamView) -> tuple[SmallAmount, ...]:
    """Return the amounts of a file that may be too small, as far as it tells by itself.

    A file whose YAML is flawed says more than that: `12,500` is read as 12 there.
    """
    return () if view.flawed else tuple(_may_be_small(view))


def _is_far_below(amount: Decimal, typical: Decimal) -> bool:
    return amount * _FAR < typical


def _may_be_small(view: TeamView) -> Iterator[SmallAmount]:
    team, usual = view.team, _usual(view)
    for environment, wallet in team.wallets.items():
        even = wallet.even
        if even is None or _NOTHING < even < _THOUSAND:
            yield from _small_in_wallet(environment, tuple(wallet.amounts()))
    for position, setting in enumerate(team.billing_budgets):
        if _NOTHING < setting.amount < _THOUSAND:
            watching = usual.get(watched(team, setting) or "", _NOTHING)
            if _is_far_below(setting.amount, watching):
                keys = ("billing_budgets", view.budget_index(position), "amount")
                yield SmallAmount(keys, setting.amount, watching, "the wallet that it watches")
    if (baseline := team.plan.baseline_monthly) is not None and _NOTHING < baseline < _THOUSAND:
        wallets = sum(usual.values(), _NOTHING)
        if _is_far_below(baseline, wallets):
            yield SmallAmount(("plan", "baseline_monthly"), baseline, wallets, "the team's wallets")


def _small_in_wallet(environment: str, amounts: Sequence[tuple[Keys, Decimal]]) -> Iterator[SmallAmount]:
    for index, (keys, amount) in enumerate(amounts):
        if _NOTHING < amount < _THOUSAND:
            own = [other for place, (_, other) in enumerate(amounts) if place != index and other > 0]
            at = ("wallets", environment, *keys)
            if not own:
                yield SmallAmount(at, amount, None, f"other teams' `{environment}`", environment)
            elif _is_far_below(amount, typical := median_low(own)):
                yield SmallAmount(at, amount, typical, "the wallet's other amounts")


@lru_cache(maxsize=KEPT_FILES)
def _usual(view: TeamView) -> Mapping[str, Decimal]:
    """Return the usual amount of each wallet of a file, by environment."""
    usual = {environment: _usual_of(wallet) for environment, wallet in view.team.wallets.items()}
    return {environment: amount for environment, amount in usual.items() if amount > _NOTHING}


def _usual_of(wallet: WalletTarget) -> Decimal:
    """Return the usual one of the amounts of a wallet that give it something, nothing where none does."""
    if (even := wallet.even) is not None:
        return even
    return median_low([one for _, one in wallet.amounts() if one > _NOTHING] or [_NOTHING])


class _Wallets:
    """By environment, the usual amount of the wallet of each file."""

    def __init__(self, views: Sequence[TeamView]) -> None:
        self._views = views

    @cached_property
    def _usual(self) -> Mapping[str, Mapping[str, Decimal]]:
        usual: dict[str, dict[str, Decimal]] = defaultdict(dict)
        for view in self._views:
            for environment, amount in _usual(view).items():
                usual[environment][view.path] = amount
        return usual

    @cached_property
    def _ordered(self) -> Mapping[str, Sequence[Decimal]]:
        return {environment: sorted(usual.values()) for environment, usual in self._usual.items()}

    def elsewhere(self, environment: str, path: str) -> Decimal | None:
        """Return the median of the wallets in other files than `path`, None where there are too few."""
        ordered, own = self._ordered.get(environment, []), self._usual.get(environment, {}).get(path)
        place = len(ordered) if own is None else bisect_left(ordered, own)
        count = len(ordered) - (own is not None)
        middle = (count - 1) // 2
        return ordered[middle + (middle >= place)] if count >= _ENOUGH else None

    def compared(self, one: SmallAmount, path: str) -> SmallAmount:
        """Return an amount of the file at `path` with what it is compared with."""
        return one._replace(typical=self.elsewhere(one.environment, path)) if one.environment else one


def size_problems(
    views: Sequence[TeamView], small: Mapping[str, Sequence[SmallAmount]], context: Context
) -> Iterator[tuple[str, Finding]]:
    """Yield, with the path of its file, each amount that is likely meant in thousands; one with cents is not.

    `small` are those that may be, by the path of the file.
    """
    wallets = _Wallets(views)
    for view in (view for view in views if small.get(view.path)):
        compared = (wallets.compared(one, view.path) for one in small[view.path])
        found = [one for one in compared if one.is_small]
        raw = parse(view.data).value if found else None
        for one in found:
            if "." not in str(_written(raw, one.keys)):
                yield view.path, _problem(one, context)


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


def _problem(one: SmallAmount, context: Context) -> Finding:
    typical = context.money(one.typical or Decimal(0))
    message = f"{context.money(one.amount)} is very little beside {one.beside}, {typical}"
    hint = (
        f"write {one.amount * _THOUSAND:.2f} if thousands are meant, or {one.amount:.2f} with its cents if it is right"
    )
    return problem("amount-small", message, hint, one.keys, severity=Severity.WARNING)
