"""Drift: how live state differs from what was last applied, and which of it needs a person.

Three sides are compared: `applied`, the YAML of the last applied commit; `merged`, the YAML of the default branch now;
and `live`. A difference that merged or proposed YAML explains is pending, money that cannot be taken back because it is
spent is unreclaimable, and one that `org.yaml` accepts until a day is acknowledged; what is left was changed by hand,
is missing, or is unmanaged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from reconciler.model.desired import Desired, DesiredWallet
from reconciler.model.drift import DriftCategory, DriftItem
from reconciler.model.live import LedgerEntry, Live, LiveWallet
from reconciler.model.money import Money
from reconciler.model.outcome import Doubt
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef
from reconciler.plan.by_hand import entries_by_hand, foreign_entries, told
from reconciler.plan.drifted_objects import ObjectDrift

UNFINISHED = "no run has finished it"
LOST = (
    "what was applied is in no commit, so nobody can tell what it is to be. Next: commit the file as it was applied,"
    " and merge it; or plan and apply what is merged"
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """An open change request: what it is called, and what its YAML declares."""

    name: str
    desired: Desired


@dataclass(frozen=True, slots=True)
class Drifted:
    """One difference. `needs_person` is False for what is explained, accepted, or spends nothing."""

    item: DriftItem
    needs_person: bool


def classify(
    merged: Desired,
    live: Live,
    period: Period,
    *,
    day: date,
    applied: Desired | None = None,
    proposals: Sequence[Proposal] = (),
    unfinished: Collection[str] = (),
    lost: Collection[str] = (),
    gone: Mapping[str, str] | None = None,
    own: Collection[str] = (),
    doubts: Mapping[WalletRef, Doubt] | None = None,
) -> tuple[Drifted, ...]:
    """Return every difference between `live` and what was applied, classified, in a fixed order.

    Without `applied`, nothing is known of what was applied: the ledger alone then tells what was done by hand, and a
    managed object that differs from git is pending. What differs for the teams in `unfinished` is pending too, because
    the last run did not do it; a person is needed, since nothing does it by itself. So it is for the teams that are
    `lost`: what was applied of them is in no commit. `gone` are the wallets of teams whose files are gone, each with
    its team. `own` are the ledger's ids of our operations and of what was adopted, as far as the journal knows them.
    `doubts` say by wallet what the journal has against its reading: such a wallet is pending, and needs a person too.
    """
    waits = {**dict.fromkeys(unfinished, UNFINISHED), **dict.fromkeys(lost, LOST)}
    view = _View(merged, live, period, day, applied, tuple(proposals), waits, frozenset(own), doubts or {}, gone or {})
    objects = ObjectDrift(merged, applied, live, tuple(one.desired for one in proposals), waits)
    return tuple(
        view.judged(item, needs_person=needs_person)
        for item, needs_person in (
            *view.wallets(),
            *objects.differing(),
            *view.unmanaged_wallets(),
            *objects.unmanaged(),
        )
    )


def with_released(found: Iterable[Drifted], released: Mapping[str, Collection[str]]) -> tuple[Drifted, ...]:
    """Return `found` with what belongs to `released` teams, by their keys, as something that needs nobody."""
    return tuple(_with_released(entry, released) for entry in found)


def _with_released(entry: Drifted, released: Mapping[str, Collection[str]]) -> Drifted:
    item = entry.item
    names = {item.wallet, item.key, _watched(item.key or "")} - {None}
    team = next((team for team, keys in released.items() if names & set(keys)), None)
    if item.category != "unmanaged" or team is None:
        return entry
    words = f"{item.sentence} {team} was released from management."
    return Drifted(item.model_copy(update={"category": "acknowledged", "sentence": words}), needs_person=False)


def _watched(key: str) -> str | None:
    """Return the id of the team that the object of a key is about; what comes after it is a name, whatever it says."""
    scope, _, rest = key.partition("/")
    return rest.partition("/")[0] if scope == "team" else None


@dataclass(frozen=True, slots=True)
class _View:
    merged: Desired
    live: Live
    period: Period
    day: date
    applied: Desired | None
    proposals: tuple[Proposal, ...]
    waits: Mapping[str, str]
    own: frozenset[str]
    doubts: Mapping[WalletRef, Doubt]
    gone: Mapping[str, str]

    def judged(self, item: DriftItem, *, needs_person: bool) -> Drifted:
        """Return the difference, acknowledged when an entry of `org.yaml` covers it."""
        names = {item.wallet, item.key} - {None}
        covering = [
            entry
            for entry in self.merged.organization.acknowledged_drift
            if any(name is not None and entry.covers(name, self.day) for name in names)
        ]
        if not covering:
            return Drifted(item, needs_person)
        last = max(covering, key=lambda entry: entry.until)
        words = f"{item.sentence} Accepted until {last.until} by {last.approved_by}: {last.reason}."
        update = {"category": "acknowledged", "sentence": words}
        return Drifted(item.model_copy(update=update), needs_person=False)

    def wallets(self) -> Iterator[tuple[DriftItem, bool]]:
        """Yield each declared wallet that is not funded as git says now, or whose reading is in doubt."""
        for key, wanted in self.merged.wallets.items():
            if doubt := self.doubts.get(key):
                words = f"{_name(wanted)}: {doubt.reason}. Next: {doubt.hint}."
                yield DriftItem(**{"class": "pending"}, team=wanted.team, wallet=key, sentence=words), True
                continue
            found = self.live.wallets.get(key) or LiveWallet(key, wanted.currency)
            if found.funded(self.period) != wanted.target(self.period):
                yield self._wallet(found, wanted)

    def _wallet(self, found: LiveWallet, wanted: DesiredWallet) -> tuple[DriftItem, bool]:
        if wanted.team in self.waits:
            by_hand = entries_by_hand(found.funding(self.period), self.own)
            return self._pending(wanted, found.funded(self.period), by_hand)
        before = self.applied.wallets.get(found.key) if self.applied else None
        target = (before or wanted).target(self.period)
        funded = found.funded(self.period)
        if funded == target or (self.applied and before is None):
            return self._pending(wanted, funded)
        if found.id is None and before and target.amount > 0:
            words = f"{_name(wanted)} was applied with {target}, and Keeptrusts has no such wallet any more."
            return _item("missing", wanted, -target, (), words), True
        entries = _responsible(found.funding(self.period), (funded - target).amount, self.own)
        if not entries and funded.amount < 0:
            entries = foreign_entries(found.funding(self.period), self.own)
        if not entries:
            return self._stuck(found, wanted, target) or self._pending(wanted, funded)
        moved = Money(sum((entry.signed for entry in entries), Decimal(0)), wanted.currency)
        evidence = tuple(entry.id for entry in entries)
        for proposal in self.proposals:
            proposed = proposal.desired.wallets.get(found.key)
            if proposed and proposed.target(self.period) == funded:
                words = f"{_name(wanted)} has {funded}, as {proposal.name} asks for; git says {target}."
                return _item("pending", wanted, moved, evidence, words), False
        words = f"{_name(wanted)} {told(entries, wanted.currency)}. Git says {target}, the ledger {funded}."
        return _item("changed", wanted, moved, evidence, words), True

    def _stuck(self, found: LiveWallet, wanted: DesiredWallet, target: Money) -> tuple[DriftItem, bool] | None:
        """Return that the excess of a wallet is spent; None where git asks for another target, or some can go back."""
        funded = found.funded(self.period)
        can_tell = self.applied is not None and found.available is not None
        if not can_tell or target != wanted.target(self.period) or funded.amount < target.amount:
            return None
        if found.money_left.amount > 0:
            return None
        words = f"{_name(wanted)}: git says {target}, the ledger {funded}; {funded - target} is already spent or"
        return _item("unreclaimable", wanted, funded - target, (), f"{words} reserved and cannot be taken back."), False

    def _pending(
        self, wanted: DesiredWallet, funded: Money, by_hand: Sequence[LedgerEntry] = ()
    ) -> tuple[DriftItem, bool]:
        target = wanted.target(self.period)
        how = self.waits.get(wanted.team, "not applied yet")
        moved = f"; it {told(by_hand, wanted.currency)}" if by_hand else ""
        words = f"{_name(wanted)}: git says {target}, the ledger {funded}{moved}; {how}."
        item = _item("pending", wanted, target - funded, (entry.id for entry in by_hand), words)
        return item, wanted.team in self.waits

    def unmanaged_wallets(self) -> Iterator[tuple[DriftItem, bool]]:
        """Yield the wallets that no YAML declares. Only one that money is spent from needs a person."""
        for wallet in sorted(self.live.other_wallets, key=lambda wallet: (wallet.key, wallet.currency, wallet.id)):
            words = f"{wallet.key} ({wallet.name}) is in no YAML; it has spent {wallet.spent}."
            if team := self.gone.get(wallet.key):
                words += (
                    f" It was {team}'s, whose file is gone. Next: `kt-budgets release {team}` leaves it as it is; or"
                    f" bring {self.merged.team_path(team)} back with `state: absent`, which takes its money back."
                )
            yield (
                DriftItem(
                    **{"class": "unmanaged"}, team="", wallet=wallet.key, amount=wallet.spent.amount, sentence=words
                ),
                wallet.spent.amount > 0,
            )


def _item(
    category: DriftCategory, about: DesiredWallet, amount: Money, evidence: Iterable[str], words: str
) -> DriftItem:
    return DriftItem(
        **{"class": category},
        team=about.team,
        wallet=about.key,
        amount=amount.amount,
        evidence=tuple(evidence),
        sentence=words,
    )


def _responsible(funding: Sequence[LedgerEntry], difference: Decimal, own: Collection[str]) -> tuple[LedgerEntry, ...]:
    """Return the entries by hand, or repeated, that explain `difference`, oldest first; none when they do not.

    The newest ones that add up to it; else those after our last own entry, which took all earlier ones into account;
    where none is ours, all of them when they are too much, and none when there is still something to apply.
    """
    foreign = foreign_entries(funding, own)
    total = Decimal(0)
    for count, entry in enumerate(reversed(foreign), start=1):
        total += entry.signed
        if total == difference:
            return foreign[-count:]
    if len(foreign) < len(funding):
        return entries_by_hand(funding, own)
    return foreign if difference > 0 else ()


def _name(wallet: DesiredWallet) -> str:
    return f"{wallet.team} / {wallet.environment}"
