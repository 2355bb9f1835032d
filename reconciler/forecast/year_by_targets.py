"""What wallets may spend over a fiscal year: what was spent, what they carry over, and the targets that are to come."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from reconciler.forecast.history import Spending
from reconciler.forecast.year import QUIET_START
from reconciler.model.carried import Carried, Rest, YearRest
from reconciler.model.desired import Desired, DesiredWallet
from reconciler.model.money import ZERO, cents
from reconciler.model.period import FiscalYear, Period
from reconciler.model.wallet_ref import WalletRef
from reconciler.model.year_targets import YearTargets


def year_targets(
    desired: Desired,
    known: Spending,
    *,
    since: date | None,
    carried: Carried | None = None,
    past: Desired | None = None,
) -> YearTargets:
    """Return what the wallets in git may cost over the fiscal year; what was spent is `known`, from the day `since`.

    A month that is over counts with what was spent where the usage holds all of it for every wallet; every other
    month, and one of which a part is unknown, counts with its targets: those of `past`, where it is over. What wallets
    have `carried` over is added, with what stays of the present month beyond its targets, less what it lacks of them,
    and what wallets of teams that left spent on every day that is known.
    """
    organization = desired.organization
    year = organization.fiscal_year.value
    months = _months(year, known, since)
    rest, rests = _rests(desired, carried, months, as_of=known.as_of)
    parts = {
        key: _part(wallet, known, months, past=past.wallets.get(key, wallet) if past else wallet)
        for key, wallet in desired.wallets.items()
    }
    spent, gone = (cents(sum((part[place] for part in parts.values()), ZERO)) for place in range(2))
    return YearTargets(
        year=year,
        currency=organization.currency,
        total=spent + gone + rest.kept + rest.stays - rest.lacks + sum((part.targets for part in parts.values()), ZERO),
        teams=sum(team.state == "present" for team in desired.teams.values()),
        over=months.told,
        spent=spent,
        by_target=months.by_target,
        gone=gone,
        rest=rest,
        keeps=organization.unused == "keep",
        exact={key: sum(part, rests.get(key, ZERO)) for key, part in parts.items()},
    )


class _Months(NamedTuple):
    """The months of a year: those that are over and known, those that are over and count with targets, the others."""

    told: tuple[Period, ...]
    by_target: tuple[Period, ...]
    to_come: tuple[Period, ...]


def _months(year: FiscalYear, known: Spending, since: date | None) -> _Months:
    over = [period for period in year.periods if period.end <= known.as_of]
    told = tuple(period for period in over if since is not None and _whole(period, known, since))
    by_target = tuple(period for period in over if period not in told)
    return _Months(told, by_target, year.periods[len(over) :])


class _Part(NamedTuple):
    """What one wallet adds to the year: what it spent in months that are known, and else if its team left; targets."""

    spent: Decimal
    gone: Decimal
    targets: Decimal


def _part(wallet: DesiredWallet, known: Spending, months: _Months, *, past: DesiredWallet) -> _Part:
    spent = _between(known, wallet.key, months.told)
    if wallet.absent:
        return _Part(spent, _between(known, wallet.key, (*months.by_target, *months.to_come)), ZERO)
    return _Part(spent, ZERO, past.setting.over(months.by_target) + wallet.setting.over(months.to_come))


def _between(known: Spending, key: str, months: Sequence[Period]) -> Decimal:
    """Return what a wallet spent in `months`, as far as they are over."""
    if key not in known.wallets:
        return ZERO
    spend = known.of(key)
    return sum((spend.between(month.first, min(month.end, known.as_of)) for month in months), ZERO)


def _rests(
    desired: Desired, carried: Carried | None, months: _Months, *, as_of: date
) -> tuple[YearRest, dict[WalletRef, Decimal]]:
    """Return what of the money that is `carried` is in the year's sum, and how much of it is of which wallet.

    Of what is there before the year begins nobody knows what will be left, and after it nothing can be spent in it.
    """
    year = desired.organization.fiscal_year.value
    if carried is None or as_of >= year.end:
        return YearRest(), {}
    if as_of < year.starts.first:
        return YearRest(at_least=desired.organization.unused == "keep"), {}
    whole = carried.rests.values()
    beyond = {key: _beyond(rest, desired.wallets[key], months.by_target) for key, rest in carried.rests.items()}
    kept = _told(rest.kept for rest in beyond.values())
    rest = YearRest(
        kept=kept,
        now=_told(rest.now for rest in beyond.values()),
        taken=_told(rest.taken for rest in whole),
        back=_told(rest.back for rest in whole),
        stays=cents(sum((rest.stays for rest in whole), ZERO)),
        lacks=cents(sum((rest.lacks for rest in whole), ZERO)),
        in_targets=_told([*(rest.kept for rest in whole), -kept]),
        at_least=carried.at_least,
    )
    return rest, {key: one.stays - one.lacks + (one.kept if kept else ZERO) for key, one in beyond.items()}


def _beyond(rest: Rest, wallet: DesiredWallet, by_target: Sequence[Period]) -> Rest:
    """Return what a wallet holds beyond its targets of months that count with these: what they left is in them."""
    within = wallet.setting.over(by_target)
    return rest._replace(kept=max(rest.kept - within, ZERO), now=max(rest.now - within, ZERO))


def _told(amounts: Iterable[Decimal]) -> Decimal:
    """Return a sum in cents, nothing where it is less than one: so much is left by a ledger that rounds."""
    total = cents(sum(amounts, ZERO))
    return total if total >= 1 else ZERO


def _whole(period: Period, known: Spending, since: date) -> bool:
    """Whether the usage, which begins at `since`, holds every day of `period` for every wallet."""
    ends = [spend.unknown_from for spend in known.wallets.values() if spend.unknown_from is not None]
    left_out = any(day in period for spend in known.wallets.values() for day in spend.gaps)
    return since - period.first <= QUIET_START and period.end <= min([known.known_until, *ends]) and not left_out
