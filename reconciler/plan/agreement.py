"""Whether dashboard, export and ledger say the same sum: how much they differ by, where, and since when.

The dashboard and the export know who asked; the ledger knows who paid. What a team's wallet could not pay, the wallet
of the organization did, or that of a user before it: such money is looked for day by day in what the team wallets fall
short of, and only what stays over is a disagreement (decision 0096).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from decimal import Decimal

from reconciler.model.desired import Desired
from reconciler.model.money import CENT
from reconciler.model.spend import ByDay, Disagreement, Reading, Surface
from reconciler.model.wallet_ref import WalletRef

NOTHING = Decimal(0)


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
        exported = by_wallet(reading.export)
        return any(_far(shown, exported, wallet) for wallet in {*shown, *exported})
    paid = by_wallet(reading.ledger)
    if any(reading.elsewhere.values()):
        return abs(NOTHING + sum(shown.values()) - sum(paid.values()) - sum(reading.elsewhere.values())) >= CENT
    return any(_far(shown, paid, wallet) for wallet in {*shown, *paid})


def disagreements(reading: Reading, desired: Desired) -> tuple[Disagreement, ...]:
    """Return every disagreement of a cent and more, the largest first."""
    found = [*_shown_against_export(reading, desired), *_against_ledger(reading, desired)]
    return tuple(sorted(found, key=lambda one: (-abs(one.amount), one.between, one.wallet)))


def _far(first: Mapping[str, Decimal], second: Mapping[str, Decimal], wallet: str) -> bool:
    return abs(first.get(wallet, NOTHING) - second.get(wallet, NOTHING)) >= CENT


def _shown_against_export(reading: Reading, desired: Desired) -> Iterator[Disagreement]:
    shown = dashboard(reading)
    if shown is None or reading.export is None:
        return
    exported = by_wallet(reading.export)
    for wallet in sorted({*shown, *exported}):
        if _far(shown, exported, wallet):
            told = _days_of(reading.days, reading.export, wallet) if reading.days else []
            sums = shown.get(wallet, NOTHING), exported.get(wallet, NOTHING)
            yield _disagreement(desired, ("spend", "export"), wallet, sums, told)


def _against_ledger(reading: Reading, desired: Desired) -> Iterator[Disagreement]:
    """Yield what wallets did not pay, or paid too much, beside what was asked for by whatever tells single days."""
    asked = reading.days or reading.export
    if asked is None:
        return
    between: tuple[Surface, Surface] = ("spend" if reading.days else "export", "ledger")
    wanted, paid = by_wallet(asked), by_wallet(reading.ledger)
    covers = any(reading.elsewhere.values())
    alone = {
        wallet
        for wallet in {*wanted, *paid}
        if _far(wanted, paid, wallet) and (not covers or paid.get(wallet, NOTHING) > wanted.get(wallet, NOTHING))
    }
    for wallet in sorted(alone):
        sums = wanted.get(wallet, NOTHING), paid.get(wallet, NOTHING)
        yield _disagreement(desired, between, wallet, sums, _days_of(asked, reading.ledger, wallet))
    if covers:
        yield from _together(reading, desired, asked, between, alone)


def _together(
    reading: Reading, desired: Desired, asked: ByDay, between: tuple[Surface, Surface], without: Collection[str]
) -> Iterator[Disagreement]:
    """Yield what the wallets of the organization and of users did not pay of what the others fall short of."""
    wanted, paid = _all_of(asked, without), _all_of(reading.ledger, without)
    for day, amount in reading.elsewhere.items():
        paid[day, ""] += amount
    sums = sum(wanted.values(), NOTHING), sum(paid.values(), NOTHING)
    if abs(sums[0] - sums[1]) >= CENT:
        yield _disagreement(desired, between, "", sums, _days_of(wanted, paid, ""))


def _all_of(days: ByDay, without: Collection[str]) -> dict[tuple[date, str], Decimal]:
    found: dict[tuple[date, str], Decimal] = defaultdict(Decimal)
    for (day, wallet), amount in days.items():
        if wallet not in without:
            found[day, ""] += amount
    return found


def _days_of(first: ByDay, second: ByDay, wallet: str) -> list[date]:
    """Return the days on which two surfaces say another sum of a wallet, to the cent."""
    days = {day for day, key in (*first, *second) if key == wallet}
    apart = (day for day in days if abs(first.get((day, wallet), NOTHING) - second.get((day, wallet), NOTHING)) >= CENT)
    return sorted(apart)


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
