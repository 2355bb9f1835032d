"""PolicyInput: the facts that guards and approvals are judged by. A plan holds them, so that all judge the same."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import PlainSerializer, WithJsonSchema

from reconciler.model.change import Allocate, Change, ObjectChange, Reclaim
from reconciler.model.drift import DriftItem
from reconciler.model.forecast import Quantiles, TeamAssumptions
from reconciler.model.frozen import Frozen
from reconciler.model.kinds.billing_budget import AlertPercentage, BillingBudget
from reconciler.model.later import Later
from reconciler.model.money import ZERO, Amount, Funds
from reconciler.model.period import Period

Probability = Annotated[
    Decimal,
    PlainSerializer(lambda value: f"{value:f}", str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^[01](\.\d+)?$"}),
]
"""A probability from 0 to 1, as text with all of its decimals: a rule that compares it never meets a float."""


def exact(probability: float) -> Decimal:
    """Return a probability of a forecast with the decimals that plan.json shows."""
    return Decimal(repr(probability))


class Effects(Frozen):
    """What changes do, as far as it matters to who must approve them.

    `moved` is the money that moves, in and out. `switched` are the billing budgets whose hard limit is switched in
    Keeptrusts, with their team. `is_general` is whether something changes that belongs to no team.
    """

    teams: tuple[str, ...] = ()
    moved: Amount = ZERO
    switched: dict[str, str] = {}
    is_general: bool = False


class Declared(Frozen):
    """What the YAML says otherwise than in the commit `since`, as far as it matters to who must approve it.

    `organization` is whether org.yaml says something else, `teams` are those of whom something else is said.
    `retargeted` is by how much wallets' targets change together, in the month where that is the most. `hard_limits`
    are the billing budgets whose hard limit the YAML switches, with their team; no team where it went to another one.
    """

    since: str
    organization: bool
    teams: tuple[str, ...]
    retargeted: Amount
    hard_limits: dict[str, str]


class Currencies(Frozen):
    """Which currencies the organization's money is in: that of its own wallets where one is visible, else of teams'."""

    held: tuple[str, ...]
    of_pool: bool

    def lack(self, currency: str) -> bool:
        """Whether there is money, and none of it in `currency`."""
        return bool(self.held) and currency not in self.held


class WalletSide(Frozen):
    """A wallet's money before or after the plan. `ceiling` is what the month can spend: spent so far plus money left.

    `runs_out` is how probable it is that the money is gone before the period is over; None where nobody can tell.
    """

    target: Amount
    ceiling: Amount
    money_left: Amount
    runs_out: Probability | None


class AlertFacts(Frozen):
    """One percentage of one alert that watches a wallet, as it will be after the plan.

    `fires` is how probable it is that it fires in the period, `unwarned` that the money runs out without its warning.
    """

    name: str
    amount: Amount
    percentage: AlertPercentage
    fires: Probability
    unwarned: Probability


class WalletFacts(Frozen):
    """What is known of one wallet. `spent` is the larger of what ledger and usage say of the month; None: neither does.

    `month_end` are quantiles of what the whole month costs, by probability as text, such as `0.9`; `confidence` says
    how much they are worth, and none is known where it is `none`. `history_days` are the days of usage behind it.
    Without a forecast nothing is known of `before` and `after` but what the changes say.
    """

    team: str
    environment: str
    spent: Amount | None = None
    confidence: Literal["normal", "low", "none"] = "none"
    history_days: int = 0
    month_end: Quantiles = {}
    before: WalletSide | None = None
    after: WalletSide | None = None
    alerts: tuple[AlertFacts, ...] = ()

    @property
    def expected(self) -> Decimal | None:
        """What the month will probably cost: the middle of the forecast, where there is one."""
        return None if self.confidence == "none" else self.month_end["0.5"]


class ObjectFacts(Frozen):
    """A managed object that git declares, such as a billing budget: `value` is what it is to be, as in a change."""

    kind: str
    key: str
    team: str
    environment: str | None
    value: dict[str, Any]


class PolicyInput(Frozen):
    """The facts of one plan. Amounts are in major units of `currency` and exact; nothing is a float.

    `funds` is the pool along the run. `wallets` are by Keeptrusts team id. By how much a wallet changes in percent is
    not rounded here: it is `amount` of `funded_before` of its change. `history` is what each wallet spent in whole
    months before the period, where usage tells all of them. `objects` are those of the teams that the plan is about.
    `later` is what the YAML says of months to come, `declared` how it differs for approvals. None stands for what a
    plan does not tell: nothing was compared, or a version made it that did not note it.
    """

    format: Literal["kt-budgets.policy-input/1"] = "kt-budgets.policy-input/1"
    organization: str
    currency: str
    period: Period
    as_of: date
    fiscal_year: Period | None = None
    currencies: Currencies | None = None
    funds: Funds
    changes: tuple[Change, ...]
    wallets: dict[str, WalletFacts]
    history: dict[str, dict[Period, Amount]] = {}
    objects: tuple[ObjectFacts, ...] | None = None
    assumptions: tuple[TeamAssumptions, ...] = ()
    drift: tuple[DriftItem, ...] = ()
    later: Later | None = None
    declared: Declared | None = None

    @property
    def allocated(self) -> Decimal:
        return sum((change.amount for change in self.changes if isinstance(change, Allocate)), ZERO)

    @property
    def reclaimed(self) -> Decimal:
        return sum((change.amount for change in self.changes if isinstance(change, Reclaim)), ZERO)

    @property
    def effects(self) -> Effects:
        """What the changes do, as far as approvals look at it."""
        switched = {
            change.key: change.team
            for change in self.changes
            if isinstance(change, ObjectChange) and _is_hard(change.before) != _is_hard(change.after)
        }
        return Effects(
            teams=tuple(sorted({change.team for change in self.changes if change.team})),
            moved=self.allocated + self.reclaimed,
            switched=switched,
            is_general=any(not change.team for change in self.changes),
        )


def _is_hard(value: Frozen | None) -> bool:
    return isinstance(value, BillingBudget) and value.hard_limit
