"""PolicyInput: the facts that guards and approvals are judged by. A plan holds them, so that all judge the same."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, PlainSerializer, WithJsonSchema

from reconciler.model.assumption import TeamAssumptions
from reconciler.model.change import Allocate, Change, ObjectChange, Reclaim
from reconciler.model.document import Document
from reconciler.model.drift import DriftItem
from reconciler.model.forecast import Quantiles
from reconciler.model.frozen import Frozen
from reconciler.model.kinds.billing_budget import AlertPercentage, is_hard
from reconciler.model.later import Later
from reconciler.model.money import ZERO, Amount, Funds
from reconciler.model.period import Period
from reconciler.model.requirement import Requirement
from reconciler.model.waiver_uses import WaiverUses
from reconciler.model.wallet_ref import WalletRef

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

    teams: tuple[str, ...] = Field((), description="Teams of which something changes.")
    moved: Amount = Field(ZERO, description="Money that moves, in and out.")
    switched: dict[str, str] = Field(
        {}, description="Billing budgets whose hard limit is switched in Keeptrusts, with their team."
    )
    is_general: bool = Field(False, description="Whether something changes that belongs to no team.")


class Declared(Frozen):
    """What the YAML says otherwise than in the commit `since`, as far as it matters to who must approve it.

    `organization` is whether org.yaml says something else, `teams` are those of whom something else is said.
    `retargeted` is by how much wallets' targets change together, in the month where that is the most. `hard_limits`
    are the billing budgets whose hard limit the YAML switches, with their team; no team where it went to another one.
    """

    since: str = Field(description="The commit that the YAML is compared with.")
    organization: bool = Field(description="Whether org.yaml says something else.")
    teams: tuple[str, ...] = Field(description="Teams of whom something else is said.")
    retargeted: Amount = Field(
        description="Money by which targets change together, in the month where that is the most."
    )
    hard_limits: dict[str, str] = Field(
        description="Billing budgets whose hard limit the YAML switches, with their team, none where it moved."
    )


class Currencies(Frozen):
    """Which currencies the organization's money is in: that of its own wallets where one is visible, else of teams'."""

    held: tuple[str, ...] = Field(description="Currencies that there is money in, ISO 4217.")
    of_pool: bool = Field(description="Whether that is the organization's own money, not that of teams.")

    def lack(self, currency: str) -> bool:
        """Whether there is money, and none of it in `currency`."""
        return bool(self.held) and currency not in self.held


class WalletSide(Frozen):
    """A wallet's money before or after the plan. `ceiling` is what the month can spend: spent so far plus money left.

    `runs_out` is how probable it is that the money is gone before the period is over; None where nobody can tell.
    """

    target: Amount = Field(description="Money that the wallet is to be funded with in the month.")
    ceiling: Amount = Field(description="Money that the month can spend: what is spent so far plus what is left.")
    money_left: Amount = Field(description="Money that the wallet can still spend.")
    runs_out: Probability | None = Field(
        description="How likely it is that the money is gone within the month, 0 to 1; null where nothing tells."
    )


class AlertFacts(Frozen):
    """One percentage of one alert that watches a wallet, as it will be after the plan.

    `fires` is how probable it is that it fires in the period, `unwarned` that the money runs out without its warning.
    """

    name: str = Field(description="The billing budget's name.")
    amount: Amount = Field(description="Money per month that it watches for.")
    percentage: AlertPercentage = Field(description="Share of the amount at which it fires, in percent.")
    fires: Probability = Field(description="How likely it is that it fires within the month, 0 to 1.")
    unwarned: Probability = Field(description="How likely it is that the money runs out before it fires, 0 to 1.")


class WalletFacts(Frozen):
    """What is known of one wallet. `spent` is the larger of what ledger and usage say of the month; None: neither does.

    `month_end` are quantiles of what the whole month costs, by probability as text, such as `0.9`; `confidence` says
    how much they are worth, and none is known where it is `none`. `history_days` are the days of usage behind it.
    Without a forecast nothing is known of `before` and `after` but what the changes say.
    """

    team: str = Field(description="The team.")
    environment: str = Field(description="The environment.")
    spent: Amount | None = Field(
        None, description="Money spent in the month, the larger of what ledger and usage say; null where neither does."
    )
    confidence: Literal["normal", "low", "none"] = Field(
        "none", description="How much the forecast is worth; `none` where nothing is known."
    )
    history_days: int = Field(0, description="Days of usage behind it.")
    month_end: Quantiles = Field({}, description="Money that the whole month costs, by probability as text.")
    before: WalletSide | None = Field(None, description="The wallet's money before the plan; null without a forecast.")
    after: WalletSide | None = Field(None, description="The wallet's money after the plan; null without a forecast.")
    alerts: tuple[AlertFacts, ...] = Field(
        (), description="Each percentage of each alert that watches it, as it is after the plan."
    )

    @property
    def expected(self) -> Decimal | None:
        """What the month will probably cost: the middle of the forecast, where there is one."""
        return None if self.confidence == "none" else self.month_end["0.5"]


class ObjectFacts(Frozen):
    """A managed object that git declares, such as a billing budget: `value` is what it is to be, as in a change."""

    kind: str = Field(description="What kind of managed object it is.")
    key: str = Field(description="Its key as text.")
    team: str = Field(description="The team; empty for the organization.")
    environment: str | None = Field(
        description="The environment of the wallet that it is about; null where there is none."
    )
    value: dict[str, Any] = Field(description="What it is to be, as in a change.")


class PolicyInput(Document):
    """The facts of one plan. Amounts are in major units of `currency` and exact; nothing is a float.

    `funds` is the pool along the run. `wallets` are by Keeptrusts team id. By how much a wallet changes in percent is
    not rounded here: it is `amount` of `funded_before` of its change. `history` is what each wallet spent in whole
    months before the period, where usage tells all of them. `objects` are those of the teams that the plan is about.
    `later` is what the YAML says of months to come, `declared` how it differs for approvals. None stands for what a
    plan does not tell: nothing was compared, or a version made it that did not note it. `approvals` are for reading:
    what is applied is judged by the rules of the commits themselves.
    """

    commands: ClassVar = ()
    format: Literal["kt-budgets.policy-input/1"] = "kt-budgets.policy-input/1"
    organization: str = Field(description="The organization's id in Keeptrusts.")
    currency: str = Field(description="Currency of all money here, ISO 4217.")
    period: Period = Field(description="The month that is planned, YYYY-MM.")
    as_of: date = Field(description="The first day that is not known in full, UTC.")
    fiscal_year: Period | None = Field(
        None, description="The first month of the fiscal year, YYYY-MM; null in a plan of an earlier version."
    )
    currencies: Currencies | None = Field(
        None, description="Which currencies there is money in; null where that was not noted."
    )
    funds: Funds = Field(description="The organization's pool along the run.")
    changes: tuple[Change, ...] = Field(description="What is to be done, in order.")
    wallets: dict[WalletRef, WalletFacts] = Field(
        description="What is known of each wallet, by its team id in Keeptrusts."
    )
    history: dict[WalletRef, dict[Period, Amount]] = Field(
        {}, description="Money that each wallet spent in whole months before, by month, YYYY-MM."
    )
    objects: tuple[ObjectFacts, ...] | None = Field(
        None, description="Managed objects of the teams that the plan is about; null where that was not noted."
    )
    assumptions: tuple[TeamAssumptions, ...] = Field(
        (), description="What each team's plan assumes against what was observed."
    )
    drift: tuple[DriftItem, ...] = Field((), description="What was changed by hand.")
    waiver_uses: dict[str, WaiverUses] = Field(
        {},
        description="How often each waiver was used before, by its name; one that is missing was not counted.",
        exclude_if=lambda uses: not uses,
    )
    later: Later | None = Field(
        None, description="What the YAML says of months to come; null where there is nothing to compare with."
    )
    declared: Declared | None = Field(
        None, description="How the YAML differs, for approvals; null where there is nothing to compare with."
    )
    approvals: tuple[Requirement, ...] | None = Field(
        None,
        description="Who must approve it, by the rules that held before it; null where nobody can tell, and for people"
        " only: what is applied is judged by the rules of the commits themselves.",
    )

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
            if isinstance(change, ObjectChange) and is_hard(change.before) != is_hard(change.after)
        }
        return Effects(
            teams=tuple(sorted({change.team for change in self.changes if change.team})),
            moved=self.allocated + self.reclaimed,
            switched=switched,
            is_general=any(not change.team for change in self.changes),
        )
