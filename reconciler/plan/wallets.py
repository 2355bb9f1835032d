"""Wallets: the ledger-funded difference between a target and what a period was funded with."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

from reconciler.findings import Finding, Origin, Severity
from reconciler.model.change import Allocate, Reclaim
from reconciler.model.desired import DesiredWallet
from reconciler.model.drift import DriftItem
from reconciler.model.live import LiveWallet
from reconciler.model.money import ZERO, Money
from reconciler.model.operation import MoneyMove, operation_id
from reconciler.model.outcome import Doubt, LeftAsFound
from reconciler.model.period import Period
from reconciler.plan.by_hand import entries_by_hand, foreign_entries, funding_near, told
from reconciler.plan.whose_month import WhoseMonth, first_flags


@dataclass(frozen=True)
class WalletGap:
    """One wallet's desired and live funding for a period. `own` are ids of the ledger that are not by hand.

    With a `doubt` about the reading, nothing follows from it. `to_open` says that the wallet was met before `period`
    was opened, so that what others gave it meanwhile keeps nothing of earlier periods in it. One that is not `is_known`
    is `is_first`, unless somebody says otherwise.
    """

    organization: str
    desired: DesiredWallet
    live: LiveWallet
    period: Period
    unused: Literal["keep", "reclaim"] = "keep"
    own: Collection[str] = ()
    doubt: Doubt | None = None
    is_known: bool = True
    is_first: bool = False
    to_open: bool = False

    @cached_property
    def target(self) -> Money:
        return self.desired.target(self.period)

    @cached_property
    def funded(self) -> Money:
        return self.live.funded(self.period)

    @property
    def is_open(self) -> bool:
        return self.doubt is not None or self.target != self.funded or self.takes_rest_back

    @cached_property
    def is_opening(self) -> bool:
        """Whether this wallet is still to be opened: nobody has funded it for the period, or others alone have."""
        funding = self.live.funding(self.period)
        if not funding:
            return True
        is_ours = len(foreign_entries(funding, self.own)) < len(funding)
        return self.to_open and not is_ours and not self._took_rest

    @property
    def _took_rest(self) -> bool:
        """Whether we took back, within the period, what the one before had left."""
        taken = (entry for entry in self.live.ledger if entry.kind == "reclaim" and entry.operation)
        return any(entry.created_at in self.period and entry.funds(self.period.plus(-1)) for entry in taken)

    @property
    def takes_rest_back(self) -> bool:
        """Whether what earlier periods left is taken back: when a period opens, by `unused` or an absent team.

        Of a wallet that others have funded for the period, what it holds beyond that.
        """
        goes = self.is_opening and self.live.id is not None and (self.unused == "reclaim" or self.desired.absent)
        return goes and (self._rest.amount > 0 or not self.live.funding(self.period))

    @cached_property
    def _rest(self) -> Money:
        return self.live.rest(self.period)

    @property
    def origin(self) -> Origin:
        return self.desired.origin

    @property
    def facts(self) -> dict[str, str]:
        """What a review of this wallet approves: nothing volatile, so neither balances nor times."""
        if self.doubt:
            return {"wallet": self.desired.key, "in_doubt": ", ".join(self.doubt.operations)}
        return {
            "wallet": self.desired.key,
            "currency": self.desired.currency,
            "target": f"{self.target.amount:.2f}",
            "funded": f"{self.funded.amount:.2f}",
            **({"unused": "reclaim"} if self.takes_rest_back else {}),
        }

    def changes(self) -> Iterator[Allocate | Reclaim]:
        """Yield the moves of money that close the gap as far as it can be closed, none when in doubt or in question."""
        if self.doubt is None and self.question is None:
            yield from (move for move in self._moves if not self.is_first or isinstance(move, Allocate))

    def first_contact_note(self) -> Finding | None:
        """Say what is not taken back from a wallet that nothing was ever applied to, or whose month is asked about."""
        if (left := self.left_out()) is None:
            return None
        return self._warning(left.code, left.reason, hint=left.hint)

    def _warning(self, code: str, message: str, *, hint: str) -> Finding:
        return Finding(self.origin, code, Severity.WARNING, message, hint)

    def left_out(self) -> LeftAsFound | None:
        """Return what of this wallet is left as it was found until somebody says what it is."""
        if self.doubt is not None:
            return None
        if self.question is not None:
            return self.question
        held = [move for move in self._moves if isinstance(move, Reclaim)] if self.is_first else []
        if not held:
            return None
        amount, name = held[0].money, f"{self.desired.team}/{self.desired.environment}"
        return LeftAsFound(
            wallet=self.desired.key,
            amount=amount.amount,
            currency=amount.currency,
            reason=f"{name} holds {amount} that would be taken back, and nothing was ever applied to this wallet:"
            " it may be there on purpose, and stays",
            hint=f"{first_flags(name)} take it back; or write what the wallet has as its target",
        )

    def settled(self) -> tuple[str, ...] | None:
        """Return the funding entries of a wallet that is as git says, with nothing left of earlier months beyond it.

        None for every other wallet. Whoever gave that money, git has the same to say of it.
        """
        is_right = not self.is_open and not self.question and not self.desired.absent
        if not is_right or self.live.id is None or self.live.money_left.amount > self.target.amount:
            return None
        return tuple(sorted(entry.id for entry in funding_near(self.live, self.period)))

    @cached_property
    def question(self) -> LeftAsFound | None:
        """What a person is asked about the month that money is meant for."""
        by_words = self.is_known and self.to_open and self.is_opening and self.unused == "keep"
        asking = WhoseMonth(self.desired, self.live, self.period, self.own, is_first=self.is_first, by_words=by_words)
        return asking.asked()

    @cached_property
    def _moves(self) -> tuple[Allocate | Reclaim, ...]:
        return tuple(self._made_moves())

    def _made_moves(self) -> Iterator[Allocate | Reclaim]:
        held = self.live.money_left
        if self.takes_rest_back and self._rest.amount > 0:
            earlier, held = self.period.plus(-1), held - self._rest
            move = self._move("reclaim", self._rest, after=self.funded, period=earlier)
            yield Reclaim(**move, unreclaimable=ZERO, carried_from=earlier)
        delta = self.target - self.funded
        if delta.amount > 0:
            yield Allocate(**self._move("allocate", delta, after=self.target, period=self.period))
        elif (amount := min(-delta, held)).amount > 0:
            move = self._move("reclaim", amount, after=self.funded - amount, period=self.period)
            yield Reclaim(**move, unreclaimable=(-delta - amount).amount)

    def _sequence(self, period: Period) -> int:
        """Return how many operations the ledger already shows for this wallet and `period`.

        An entry without a mark counts as one: a ledger may strip ours.
        """
        return len({entry.operation or entry.id for entry in self.live.funding(period)})

    def _move(self, kind: MoneyMove, amount: Money, *, after: Money, period: Period) -> dict[str, Any]:
        return {
            "team": self.desired.team,
            "environment": self.desired.environment,
            "wallet": self.desired.key,
            "amount": amount.amount,
            "currency": amount.currency,
            "target": self.target.amount,
            "funded_before": self.funded.amount,
            "funded_after": after.amount,
            "op": operation_id(
                organization=self.organization,
                wallet=self.desired.key,
                period=period,
                kind=kind,
                amount=amount.amount,
                funded_before=self.funded.amount,
                sequence=self._sequence(period),
            ),
        }

    def unreclaimable_note(self) -> Finding | None:
        """Say how much of an excess is already spent or reserved, so that it cannot be taken back."""
        excess = self.funded - self.target
        stuck = excess - self.live.money_left
        if self.doubt or excess.amount <= 0 or stuck.amount <= 0:
            return None
        name = f"{self.desired.team}/{self.desired.environment}"
        return self._warning(
            "unreclaimable",
            f"{name} was funded with {self.funded} for {self.period}, {excess} above its target;"
            f" {stuck} of that is already spent or reserved and cannot be taken back",
            hint=f"nothing to do, or raise the target to {Money(self.target.amount + stuck.amount, stuck.currency)}"
            " so that git says what happened",
        )

    def carried_over_note(self) -> Finding | None:
        """Say how much of earlier periods a wallet keeps when a period opens, or where its team has left within one."""
        rest = self._rest
        if self.desired.absent:
            return self._left_over_note()
        if (
            self.doubt
            or self.question
            or not self.is_opening
            or self.takes_rest_back
            or rest.amount <= 0
            or self.target.amount <= 0
        ):
            return None
        return self._warning(
            "carried-over",
            f"{self.desired.team}/{self.desired.environment} keeps {rest} from earlier months on top of its"
            f" target of {self.target}",
            hint="nothing to do, or set `unused: reclaim` in org.yaml to take unspent money back when a month opens",
        )

    def _left_over_note(self) -> Finding | None:
        """Say what of earlier periods stays in the wallet of a team that left until the next period opens."""
        rest = self.live.money_left - sum((move.money for move in self.changes()), Money(ZERO, self.live.currency))
        if self.doubt or self.is_first or self.takes_rest_back or rest.amount <= 0:
            return None
        return self._warning(
            "carried-over",
            f"{self.desired.team}/{self.desired.environment} keeps {rest} from earlier months or by a refund"
            f" until {self.period.plus(1)} opens, which takes it back: it cannot be told from money of {self.period}",
            hint="nothing to do; until then the team can spend it",
        )

    def doubt_note(self) -> Finding | None:
        """Say why nothing is planned for this wallet."""
        if self.doubt is None:
            return None
        return self._warning(
            f"{self.doubt.kind}-wallet",
            f"{self.desired.team}/{self.desired.environment}: {self.doubt.reason}",
            hint=self.doubt.hint,
        )

    def drift(self) -> DriftItem | None:
        """Return what was moved by hand, or twice, since our last own operation, while the wallet is off its target."""
        is_off = self.is_open and not self.doubt
        foreign = entries_by_hand(self.live.funding(self.period), self.own) if is_off else ()
        if not foreign:
            return None
        return DriftItem(
            **{"class": "changed"},
            team=self.desired.team,
            wallet=self.desired.key,
            amount=sum((entry.signed for entry in foreign), Decimal(0)),
            evidence=tuple(entry.id for entry in foreign),
            sentence=f"{self.desired.team} / {self.desired.environment} {told(foreign, self.desired.currency)}."
            f" Git says {self.target}, the ledger {self.funded}.",
        )
