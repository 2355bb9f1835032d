"""Whose month: money moved by hand that may be another month's than its date says (decisions 0012, 0135 and 0139)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from functools import cached_property

from reconciler.model.desired import DesiredWallet
from reconciler.model.live import LedgerEntry, LiveWallet
from reconciler.model.money import ZERO, Money
from reconciler.model.outcome import LeftAsFound
from reconciler.model.period import Period
from reconciler.plan.by_hand import foreign_entries, funding_near, is_doubtful, named_months


@dataclass(frozen=True)
class WhoseMonth:
    """What is asked about one wallet's funding for a period. `own` are ids of the ledger that are not by hand.

    Of a wallet that `is_first` an allocation is asked about that may be meant for another month; where only the words
    tell, `by_words`, one that names another month than its date, and that nobody has taken for its date's since.
    """

    desired: DesiredWallet
    live: LiveWallet
    period: Period
    own: Collection[str]
    is_first: bool
    by_words: bool = False

    def asked(self) -> LeftAsFound | None:
        """Return the question which month money is meant for, unless YAML says what this one gets."""
        if self.desired.absent or self.period in self.desired.setting.overrides:
            return None
        if (taken := self._taken) is not None:
            return self._asked((taken,), self._lost(taken), self._earlier(taken))
        if self.is_first and (given := self._given):
            return self._asked(given, self._meant(given), self._answer(given))
        if self.by_words and (given := tuple(entry for entry in self._given if self._is_unanswered(entry))):
            return self._asked(given, self._meant(given), self._answer(given))
        return None

    @property
    def name(self) -> str:
        return f"{self.desired.team}/{self.desired.environment}"

    @cached_property
    def _target(self) -> Money:
        return self.desired.target(self.period)

    @cached_property
    def _funded(self) -> Money:
        return self.live.funded(self.period)

    @property
    def _taken(self) -> LedgerEntry | None:
        """What was taken by hand last, where the period was never given as much."""
        if self._funded.amount >= 0:
            return None
        foreign = foreign_entries(self.live.funding(self.period), self.own)
        return next((entry for entry in reversed(foreign) if entry.signed < 0), None)

    @cached_property
    def _given(self) -> tuple[LedgerEntry, ...]:
        """The allocations that may be meant for another month than their dates'."""
        return tuple(entry for entry in funding_near(self.live, self.period) if is_doubtful(entry, self.period))

    def _is_unanswered(self, entry: LedgerEntry) -> bool:
        """Whether the words of `entry` name another month than its date, and neither a run of ours nor YAML has since
        taken it for its date's.
        """
        dated = Period.of(entry.created_at.astimezone(UTC).date())
        if entry.id in self.own or set(named_months(entry.description, near=dated)) <= {dated}:
            return False
        read = [each for each in (*self.live.earlier, *self.live.ledger) if each.is_funding]
        if any(each.created_at > entry.created_at and (each.operation or each.id in self.own) for each in read):
            return False
        funded = sum((each.signed for each in read if each.funds(dated)), ZERO)
        return dated not in self.desired.setting.overrides or funded != self.desired.target(dated).amount

    def _asked(self, entries: tuple[LedgerEntry, ...], reason: str, hint: str) -> LeftAsFound:
        return LeftAsFound(
            wallet=self.desired.key,
            amount=sum((entry.amount for entry in entries), ZERO),
            currency=self.desired.currency,
            reason=f"{self.name} {reason}",
            hint=hint,
            asks=True,
        )

    def _meant(self, entries: tuple[LedgerEntry, ...]) -> str:
        given = " and ".join(
            f"{Money(entry.amount, entry.currency)} on {entry.created_at:%Y-%m-%d} ({entry.id})" for entry in entries
        )
        why = "nothing was ever applied to this wallet, it" if self.is_first else "the wallet"
        return f"was given {given}, which may be meant for another month than its date's; {why} is left alone"

    def _answer(self, entries: tuple[LedgerEntry, ...]) -> str:
        """Say which override gives the month its target when `entries` are another month's than their dates'."""
        early = [entry for entry in entries if entry in self.live.early]
        gets = self._target.amount + sum((-entry.amount if entry in early else entry.amount for entry in entries), ZERO)
        override = self._override(max(gets, ZERO))
        if early:
            meant = f"if it was meant for {self.period}, write what that is still to get: {override}"
        else:
            meant = f"if it was meant for another month, write what {self.period} gets with it: {override}"
        dated = first_flags(self.name) if self.is_first else f"write `{self.period}: {self._target.amount:.2f}`"
        return f"{meant} under `overrides:`; if its date is right, {'use ' if self.is_first else ''}{dated}"

    def _override(self, amount: Decimal) -> str:
        """Return what gives the month an amount although its demand is what it is."""
        return f"`{self.period}: {self.desired.setting.corrected(self.period, amount)}`"

    def _lost(self, entry: LedgerEntry) -> str:
        return (
            f"had {Money(entry.amount, entry.currency)} taken by hand on {entry.created_at:%Y-%m-%d}"
            f" ({entry.id}), and {self.period} now has {self._funded}: more was taken than it was given, which may be"
            " money of an earlier month; the wallet is left alone"
        )

    def _earlier(self, entry: LedgerEntry) -> str:
        """Say which override gives the month its target, whichever month lost what was taken."""
        rest = self._target.amount + self._funded.amount
        earlier = f"write {self._override(max(rest, ZERO))} under `overrides:`"
        if rest < 0:
            earlier = f"give {Money(-rest, entry.currency)} back in Keeptrusts and then {earlier}"
        return (
            f"if it was an earlier month's, {earlier}, so that {self.period} gets its"
            f" {self._target}; if it is to be given again on top, write `{self.period}: {self._target.amount:.2f}`"
        )


def first_flags(name: str) -> str:
    """Say how a wallet that nothing was ever applied to is taken for one that is known."""
    return f"`plan --first-apply {name}` and `apply --first-apply {name}`"
