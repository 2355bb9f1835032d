"""Whether dashboard, export and ledger say the same sum: how much they differ by, where, and since when.

The dashboard and the export know who asked; the ledger knows who paid. What a team's wallet could not pay, the wallet
of the organization did, or that of a user before it: such money is looked for day by day in what the team wallets fall
short of, and only what stays over is a disagreement (decision 0096). What rounding to cents alone can make of a day is
none: half a cent for each entry of a ledger, and for each row of a dashboard's day, that is in whole cents.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from reconciler.model.desired import Desired
from reconciler.model.money import differ, rounding
from reconciler.model.spend import ByDay, Disagreement, Reading, Surface
from reconciler.model.wallet_ref import WalletRef

NOTHING = Decimal(0)

_Course = Mapping[date, Decimal]
"""Exact money by day."""


def by_wallet(days: ByDay) -> dict[str, Decimal]:
    """Return the sums of wallets, exact."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for (_, wallet), amount in days.items():
        found[wallet] += amount
    return dict(found)


def dashboard(reading: Reading) -> dict[str, Decimal] | None:
    """Return what the dashboard says by wallet, None where it says nothing."""
    rows = reading.spend.get("team")
    return None if rows is None else {key: row.cost for key, row in rows.items()}


def needs_days(reading: Reading) -> bool:
    """Whether single days of the dashboard are worth a look: no export that agrees with it tells them."""
    shown = dashboard(reading)
    if shown is None:
        return False
    if reading.export is not None:
        return _far(shown, by_wallet(reading.export))
    paid = by_wallet(reading.ledger)
    if any(reading.elsewhere.values()):
        return differ(sum(shown.values(), NOTHING), sum((*paid.values(), *reading.elsewhere.values()), NOTHING))
    return _far(shown, paid)


def _far(first: Mapping[str, Decimal], second: Mapping[str, Decimal]) -> bool:
    return any(differ(first.get(wallet, NOTHING), second.get(wallet, NOTHING)) for wallet in {*first, *second})


def disagreements(reading: Reading, desired: Desired) -> tuple[Disagreement, ...]:
    """Return every disagreement of a cent and more that rounding does not make, the largest first."""
    found = [*_shown_against_export(reading, desired), *_against_ledger(reading, desired)]
    return tuple(sorted(found, key=lambda one: (-abs(one.amount), one.between, one.wallet)))


@dataclass(frozen=True, slots=True, eq=False)
class _Sides:
    """Two surfaces day by day, and by how much rounding alone can set them apart on each.

    `whole` is what the first says of all the days at once, where it is asked for that: rounded once, not once a day.
    """

    first: _Course
    second: _Course
    rounded: _Course
    whole: Decimal | None = None

    @property
    def sums(self) -> tuple[Decimal, Decimal]:
        first = sum(self.first.values(), NOTHING) if self.whole is None else self.whole
        return first, sum(self.second.values(), NOTHING)

    @property
    def days(self) -> list[date]:
        """The days on which they say another sum, to the cent."""
        return [day for day in sorted({*self.first, *self.second}) if differ(*self._on(day), self._rounded(day))]

    @property
    def apart(self) -> bool:
        """Whether they differ by more than rounding makes of the days that differ beyond it.

        Days within it are left aside: what it can make of a whole month would hide what is wrong on one day.
        """
        beyond = [day for day in {*self.first, *self.second} if self._gap(day) > self._rounded(day)]
        gaps = [second - first for first, second in map(self._on, beyond)]
        return differ(*self.sums) and differ(sum(gaps, NOTHING), NOTHING, sum(map(self._rounded, beyond), NOTHING))

    def _on(self, day: date) -> tuple[Decimal, Decimal]:
        return self.first.get(day, NOTHING), self.second.get(day, NOTHING)

    def _gap(self, day: date) -> Decimal:
        first, second = self._on(day)
        return abs(second - first)

    def _rounded(self, day: date) -> Decimal:
        return self.rounded.get(day, NOTHING)


def _sides(first: ByDay, second: ByDay, rounded: ByDay, whole: Mapping[str, Decimal]) -> dict[str, _Sides]:
    """Return the two surfaces by wallet; `whole` are sums that the first says itself."""
    one, other, spread = (_courses(days) for days in (first, second, rounded))
    return {
        wallet: _Sides(one.get(wallet, {}), other.get(wallet, {}), spread.get(wallet, {}), whole.get(wallet))
        for wallet in sorted({*one, *other})
    }


def _courses(days: ByDay) -> dict[str, dict[date, Decimal]]:
    found: dict[str, dict[date, Decimal]] = defaultdict(dict)
    for (day, wallet), amount in days.items():
        found[wallet][day] = amount
    return found


def _shown_against_export(reading: Reading, desired: Desired) -> Iterator[Disagreement]:
    shown = dashboard(reading)
    if shown is None or reading.export is None:
        return
    exported, by_day = by_wallet(reading.export), _sides(reading.days, reading.export, {}, shown)
    for wallet in sorted({*shown, *exported}):
        sums = shown.get(wallet, NOTHING), exported.get(wallet, NOTHING)
        if differ(*sums):
            days = by_day[wallet].days if reading.days else []
            yield _disagreement(desired, ("spend", "export"), wallet, sums, days)


def _against_ledger(reading: Reading, desired: Desired) -> Iterator[Disagreement]:
    """Yield what wallets did not pay, or paid too much, beside what was asked for by whatever tells single days."""
    asked = reading.days or reading.export
    if asked is None:
        return
    between: tuple[Surface, Surface] = ("spend" if reading.days else "export", "ledger")
    whole = dashboard(reading) or {} if reading.days else {}
    rounded = defaultdict(Decimal, reading.rounded)
    for key, cost in reading.days.items():
        rounded[key] += rounding(cost)
    covers = any((*reading.elsewhere.values(), *reading.rounded_elsewhere.values()))
    alone = {
        wallet: sides
        for wallet, sides in _sides(asked, reading.ledger, rounded, whole).items()
        if sides.apart and (not covers or sides.sums[1] > sides.sums[0])
    }
    for wallet, sides in alone.items():
        yield _disagreement(desired, between, wallet, sides.sums, sides.days)
    if covers:
        paid = _all_of(reading.ledger, alone, reading.elsewhere)
        told = sum((sum_of for wallet, sum_of in whole.items() if wallet not in alone), NOTHING) if whole else None
        sides = _Sides(_all_of(asked, alone), paid, _all_of(rounded, alone, reading.rounded_elsewhere), told)
        if sides.apart:
            yield _disagreement(desired, between, "", sides.sums, sides.days).model_copy(update={"together": True})


def _all_of(days: ByDay, without: Collection[str], others: _Course | None = None) -> _Course:
    """Return the days of all wallets but those that are told alone, with those of wallets of no team."""
    found: dict[date, Decimal] = defaultdict(Decimal, others or {})
    for (day, wallet), amount in days.items():
        if wallet not in without:
            found[day] += amount
    return found


def _disagreement(
    desired: Desired,
    between: tuple[Surface, Surface],
    wallet: str,
    sums: tuple[Decimal, Decimal],
    days: list[date],
) -> Disagreement:
    declared = desired.wallets.get(WalletRef.parse(wallet))
    return Disagreement(
        between=between,
        wallet=wallet,
        team=declared.team if declared else "",
        environment=declared.environment if declared else "",
        amount=sums[1] - sums[0],
        first_amount=sums[0],
        second_amount=sums[1],
        since=days[0] if days else None,
        until=days[-1] if days else None,
        days=len(days),
    )
