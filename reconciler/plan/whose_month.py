"""Whose month: money that was moved by hand and may be another month's than its date says (decisions 0012 and 0135)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from reconciler.model.desired import DesiredWallet
from reconciler.model.live import LedgerEntry, LiveWallet
from reconciler.model.money import ZERO, Money
from reconciler.model.outcome import LeftAsFound
from reconciler.model.period import Period
from reconciler.plan.by_hand import foreign_entries, funding_near, is_doubtful


@dataclass(frozen=True)
class WhoseMonth:
    """What is asked about one wallet's funding for a period. `own` are ids of the ledger that are not by hand."""

    desired: DesiredWallet
    live: LiveWallet
    period: Period
    own: Collection[str]
    is_first: bool

    def asked(self) -> LeftAsFound | None:
        """Return the question which month money is meant for, unless YAML says what this one gets."""
        if self.desired.absent or self.period in self.desired.setting.overrides:
            return None
        if (taken := self._taken) is not None:
            return self._asked(taken, self._lost(taken), self._earlier(taken))
        if self.is_first and (given := self._given) is not None:
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

    @property
    def _given(self) -> LedgerEntry | None:
        """The first allocation that may be meant for another month than its date's."""
        return next((entry for entry in funding_near(self.live, self.period) if is_doubtful(entry, self.period)), None)

    def _asked(self, entry: LedgerEntry, reason: str, hint: str) -> LeftAsFound:
        amount = Money(entry.amount, entry.currency)
        return LeftAsFound(
            wallet=self.desired.key,
            amount=amount.amount,
            currency=amount.currency,
            reason=f"{self.name} {reason}",
            hint=hint,
            asks=True,
        )

    def _meant(self, entry: LedgerEntry) -> str:
        amount = Money(entry.amount, entry.currency)
        return (
            f"was given {amount} on {entry.created_at:%Y-%m-%d} ({entry.id}), which may be"
            " meant for another month than its date's; nothing was ever applied to this wallet, it is left alone"
        )

    def _answer(self, entry: LedgerEntry) -> str:
        """Say which override gives the month its target when `entry` is another month's than its date's."""
        if entry in self.live.early:
            rest = max(self._target.amount - entry.amount, ZERO)
            meant = f"if it was meant for {self.period}, write what that is still to get: `{self.period}: {rest:.2f}`"
        else:
            whole = self._target.amount + entry.amount
            meant = f"if it was meant for another month, write what {self.period} gets with it:"
            meant += f" `{self.period}: {whole:.2f}`"
        return f"{meant} under `overrides:`; if its date is right, use {first_flags(self.name)}"

    def _lost(self, entry: LedgerEntry) -> str:
        return (
            f"had {Money(entry.amount, entry.currency)} taken by hand on {entry.created_at:%Y-%m-%d}"
            f" ({entry.id}), and {self.period} now has {self._funded}: more was taken than it was given, which may be"
            " money of an earlier month; the wallet is left alone"
        )

    def _earlier(self, entry: LedgerEntry) -> str:
        """Say which override gives the month its target, whichever month lost what was taken."""
        rest = self._target.amount + self._funded.amount
        earlier = f"write `{self.period}: {max(rest, ZERO):.2f}` under `overrides:`"
        if rest < 0:
            earlier = f"give {Money(-rest, entry.currency)} back in Keeptrusts and then {earlier}"
        return (
            f"if it was an earlier month's, {earlier}, so that {self.period} gets its"
            f" {self._target}; if it is to be given again on top, write `{self.period}: {self._target.amount:.2f}`"
        )


def first_flags(name: str) -> str:
    """Say how a wallet that nothing was ever applied to is taken for one that is known."""
    return f"`plan --first-apply {name}` and `apply --first-apply {name}`"
