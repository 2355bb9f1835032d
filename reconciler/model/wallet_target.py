"""What one wallet is to be funded with: an amount or dated steps of it, and single months that differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, GetJsonSchemaHandler, TypeAdapter, WrapValidator
from pydantic_core import CoreSchema

from reconciler.model.frozen import Frozen
from reconciler.model.money import ZERO
from reconciler.model.override import NO_OTHER, Correction, Override, Relative, correction_text
from reconciler.model.period import Period
from reconciler.model.yaml_types import AMOUNT_SCHEMA, Identifier, YamlAmount, parse_amount, refusal


class TargetStep(Frozen):
    """What each month gets from `from` on: until the next step begins, or up to and including `until`."""

    amount: YamlAmount = Field(
        description="What the wallet is funded with each month, in the organization's currency.", examples=[12000.00]
    )
    starts: Period = Field(alias="from", description="Its first month, as YYYY-MM.", examples=["2026-07"])
    until: Period | None = Field(
        None,
        description="Its last month, as YYYY-MM; without it, the step holds until the next one begins. When the last"
        " step is over, the wallet gets nothing.",
    )


_COLLECTIONS = (list, tuple, dict)
_STEPS: TypeAdapter[tuple[TargetStep, ...]] = TypeAdapter(tuple[TargetStep, ...])


def _monthly(value: Any, _: Any) -> Decimal | tuple[TargetStep, ...]:
    if not isinstance(value, _COLLECTIONS):
        return parse_amount(value)
    if not isinstance(value, dict) and any(isinstance(item, dict | TargetStep) for item in value):
        return _STEPS.validate_python(value, by_alias=True, by_name=False)
    what = "keys with values are" if isinstance(value, dict) else "a list of no steps is"
    hint = "write an amount, or steps such as `[{amount: 12500.00, from: 2026-06}]`"
    raise refusal("invalid-amount", f"{what} not an amount", hint)


class _MonthlySchema:
    """One schema for an amount and for steps: of several, editors show no sentence but the types."""

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        steps = next(option for option in handler(schema)["anyOf"] if option.get("type") == "array")
        amounts = {**AMOUNT_SCHEMA, "type": ["number", "string", "array"]}
        return {**amounts, "if": {"type": "array"}, "then": steps}


Monthly = Annotated[
    YamlAmount | Annotated[tuple[TargetStep, ...], Field(min_length=1)], WrapValidator(_monthly), _MonthlySchema
]
"""What every month gets: one amount, or dated steps."""


class WalletTarget(Frozen):
    """What one wallet is to be funded with each period; `overrides` replace `monthly` for single months."""

    team_id: Identifier = Field(
        description="The Keeptrusts team whose wallet this is; no two wallets may share one.",
        examples=["team_support"],
    )
    monthly: Monthly = Field(
        description="What the wallet is funded with each month, in the organization's currency: an amount, or a list"
        " of steps such as `{amount: 12000.00, from: 2026-07}`.",
        examples=[12500.00],
    )
    previously: Identifier | None = Field(
        None,
        description="The environment that this wallet was for before: it is the same wallet under another name.",
        examples=["production"],
    )
    overrides: dict[Period, Override] = Field(
        default_factory=dict,
        json_schema_extra={"default": {}},
        description="For single months of the fiscal year, what replaces `monthly`: an amount, or by how much the"
        " month differs, such as `+20%`, rounded to the cent. The annual plan expects demand to differ"
        " as much; where only the money does, write `{amount: 0.00, demand: usual}`.",
        examples=[{"2026-11": 15000.00}],
    )

    @property
    def steps(self) -> tuple[TargetStep, ...]:
        """The dated steps, in the order of the file; none where `monthly` is one amount."""
        return self.monthly if isinstance(self.monthly, tuple) else ()

    def target(self, period: Period) -> Decimal:
        """Return what the wallet is to be funded with in `period`: the only place that works it out."""
        override = self.overrides.get(period) if self.overrides else None
        if override is None:
            return self.usual(period)
        return self._says(override.amount if isinstance(override, Correction) else override, period)

    def demanded(self, period: Period) -> Decimal:
        """Return what the demand of `period` asks for: its target, but for what a correction of the money makes of it.

        That is what the annual plan expects of the month, however much it still has to get.
        """
        override = self.overrides.get(period) if self.overrides else None
        if isinstance(override, Correction):
            return self._says(override.demand, period)
        return self.target(period)

    def _says(self, value: Decimal | Relative, period: Period) -> Decimal:
        return value.of(self.usual(period)) if isinstance(value, Relative) else value

    def corrected(self, period: Period, amount: Decimal) -> str:
        """Return the override, as YAML, by which `period` gets `amount` and its demand stays what it is."""
        override = self.overrides.get(period, NO_OTHER)
        return correction_text(amount, override.demand if isinstance(override, Correction) else override)

    def correction(self, period: Period, amount: Decimal) -> tuple[tuple[str, ...], str]:
        """Return where to write what by which `period` gets `amount` and its demand stays: the keys, and the YAML."""
        month = str(period)
        if isinstance(self.overrides.get(period), Correction):
            return ("overrides", month, "amount"), f"{amount:.2f}"
        corrected = self.corrected(period, amount)
        return (("overrides", month), corrected) if self.overrides else (("overrides",), f"{{{month}: {corrected}}}")

    @property
    def even(self) -> Decimal | None:
        """What every month gets, None where not all of them get the same."""
        return self.monthly if not self.overrides and isinstance(self.monthly, Decimal) else None

    def over(self, periods: Sequence[Period]) -> Decimal:
        """Return the sum of the targets of `periods`."""
        if periods and (each := self.even) is not None:
            return each * len(periods)
        return sum(map(self.target, periods), Decimal(0))

    def usual(self, period: Period) -> Decimal:
        """Return what `period` gets without an override: nothing where no step holds."""
        if isinstance(self.monthly, Decimal):
            return self.monthly
        index = self.step_at(period)
        return ZERO if index is None else self.monthly[index].amount

    def step_at(self, period: Period) -> int | None:
        """Return the place of the step that holds in `period`, None where none does or there are no steps."""
        begun = [(step.starts, index) for index, step in enumerate(self.steps) if step.starts <= period]
        if not begun:
            return None
        index = max(begun)[1]
        until = self.steps[index].until
        return index if until is None or period <= until else None

    def holds_alike(self, one: Period, other: Period) -> bool:
        """Whether the same amount of the YAML stands for both months, overrides aside."""
        return self.step_at(one) == self.step_at(other)

    def last_alike(self, period: Period) -> Period | None:
        """Return the last month of the step that holds in `period`; None where nothing ends it."""
        ends = [turn.plus(-1) for turn in self.turns() if turn > period]
        return min(ends, default=None)

    def with_usual(self, period: Period, amount: Decimal) -> WalletTarget:
        """Return the same with `amount` for `period` and the months that hold alike; `period` has no override then."""
        index = self.step_at(period)
        monthly: Decimal | tuple[TargetStep, ...] = amount
        overrides = {month: value for month, value in self.overrides.items() if month != period}
        if index is not None:
            step = self.steps[index].model_copy(update={"amount": amount})
            monthly = (*self.steps[:index], step, *self.steps[index + 1 :])
        elif self.steps:
            monthly, overrides = self.monthly, {**overrides, period: amount}
        return self.model_copy(update={"monthly": monthly, "overrides": overrides})

    def place_of(self, period: Period) -> tuple[str | int, ...] | None:
        """Return the keys to the amount that `period` gets without an override, None where no step holds."""
        if not self.steps:
            return ("monthly",)
        index = self.step_at(period)
        return None if index is None else ("monthly", index, "amount")

    def amounts(self) -> Iterator[tuple[tuple[str | int, ...], Decimal]]:
        """Yield the keys to every amount that is paid and what it comes to, that of a relative override worked out."""
        if isinstance(self.monthly, Decimal):
            yield ("monthly",), self.monthly
            if not self.overrides:
                return
        for index, step in enumerate(self.steps):
            yield ("monthly", index, "amount"), step.amount
        for month, override in self.overrides.items():
            at = ("overrides", str(month))
            yield (*at, "amount") if isinstance(override, Correction) else at, self.target(month)

    def turns(self) -> Iterator[Period]:
        """Yield the months from which on `monthly` says something else than in the month before."""
        for step in self.steps:
            yield step.starts
            if step.until is not None:
                yield step.until.plus(1)


def telling_months(settings: Iterable[WalletTarget], months: Iterable[Period]) -> frozenset[Period]:
    """Return months that show every target there is: `months`, all overrides, and one for each stretch of steps."""
    listed = tuple(settings)
    single = {month for setting in listed for month in setting.overrides}
    found = {*months, *single}
    for month in {*found, *(turn for setting in listed for turn in setting.turns())}:
        free = month
        while free in single:
            free = free.plus(1)
        found.add(free)
    return frozenset(found)
