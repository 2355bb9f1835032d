"""The provider mix: traffic moves from one model to another, linearly, and costs what the other one costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from reconciler.findings import Keys, UsageError
from reconciler.forecast.levers.effect import Effect, Setting, Supposed, named
from reconciler.forecast.levers.growth import grown, supposed_step
from reconciler.forecast.levers.lever import Lever, Remark, reversed_months
from reconciler.forecast.levers.part import Part, Record, record
from reconciler.forecast.levers.whatif import FromDay, Sight, WhatIf
from reconciler.forecast.when import Month, N, When, remaining
from reconciler.forecast.windows import LONG_WINDOW_DAYS, WINDOW_DAYS, Window
from reconciler.forecast.words import points, share, unknown_row, verdict_of
from reconciler.meant import close_to, did_you_mean
from reconciler.model.forecast import Assumption
from reconciler.model.percent import parse_share, percent_text
from reconciler.model.period import Period
from reconciler.model.team import AnnualPlan, ProviderMixMove
from reconciler.model.yaml_types import shown

if TYPE_CHECKING:
    from reconciler.forecast.observed import Observed
    from reconciler.forecast.panel import Floats
    from reconciler.forecast.team_view import TeamView

TOLERANCE = 0.03


class ProviderMix(Lever):
    name = key = "provider_mix"
    word = "provider mix"

    def effects(self, plan: AnnualPlan, setting: Setting) -> Iterator[Effect]:
        for move in plan.provider_mix:
            yield Effect(named(self.name, plan.provider_mix, move), factor=_repriced(setting, move))

    def parts(self, plan: AnnualPlan, view: TeamView | None) -> Iterator[Part]:
        for move in plan.provider_mix:
            since = f" since {move.since}" if move.since else ""
            what = f"{percent_text(move.share)} of {move.source} to {move.target}{since} by {move.by}"
            saved = _saved(view, move) if view else None
            if view is None or saved is None:
                why = f"nobody paid for {move.source} and {move.target} in the last {LONG_WINDOW_DAYS} days"
                yield Part("governance", self.name, what, move.reason, uncounted=why)
            else:
                factor = partial(_moved_to, move, saved)
                yield Part("governance", self.name, what, move.reason, factor=factor, record=_record(view, move))

    def rows(self, view: TeamView) -> Iterator[Assumption]:
        for move in view.plan.provider_mix:
            yield self._row(view, move)

    def _row(self, view: TeamView, move: ProviderMixMove) -> Assumption:
        """Return which share of one model's traffic moved since the move began, against what was to move by then."""
        progress = _progress(view, move)
        text = f"{share(move.share, places=0)} of {move.source} to {move.target} by {move.by}"
        if progress.planned is not None:
            text += f"; {progress.together}{share(progress.planned)} on average in {progress.window.name}"
        if progress.planned is None or progress.observed is None:
            return unknown_row("provider_mix", text, progress.unknown)
        planned, observed, window = progress.planned, progress.observed, progress.window
        verdict = verdict_of(observed, planned, TOLERANCE)
        told = {"ahead": "ahead of the plan", "behind": "behind the plan"}.get(verdict, "")
        return Assumption(
            name="provider_mix",
            plan=text,
            observed=f"{share(observed)} of its tokens moved in {window.name}, since {window.before}",
            verdict=verdict,
            sentence=f"{told} by {points(observed - planned)}" if told else f"holds, within {points(TOLERANCE)}",
        )

    def notices(self, view: TeamView, rows: Sequence[Assumption]) -> Iterator[Remark]:
        for move, row in zip(view.plan.provider_mix, rows, strict=True):
            long = view.observed(LONG_WINDOW_DAYS)
            missing = [name for name in (move.source, move.target) if long.price_of(name) is None]
            if missing and long.cost:
                yield Remark(
                    "mix-unpriced",
                    f"the move from {move.source} to {move.target} cannot be priced: no paid usage of"
                    f" {' and '.join(missing)} in the last 90 days; it is left out of the forecast",
                    "check the model names in `plan.provider_mix` (written provider/model)",
                )
            elif row.verdict == "behind":
                yield Remark(
                    "mix-behind-plan",
                    f"{share(move.share, places=0)} of {move.source} was to move to {move.target} by {move.by};"
                    " the last 28 days are behind that",
                    "correct `plan.provider_mix`, or find out why the route did not change",
                )

    def contradictions(self, plan: AnnualPlan) -> Iterator[Remark]:
        """Yield moves that cannot be: in months of the wrong order, onto itself, or of more than there is."""
        moved: dict[str, Decimal] = {}
        for index, move in enumerate(plan.provider_mix):
            keys = ("plan", self.key, index)
            since, by = ("since", move.since or move.by), ("by", move.by)
            if move.since is not None and (remark := reversed_months(keys, since, by, is_ramp=True)):
                yield remark
            if move.source == move.target:
                message = f"the traffic of {shown(move.source)} moves onto itself"
                yield Remark("mix-onto-itself", message, "name another model in `to`", (*keys, "to"))
            moved[move.source] = moved.get(move.source, Decimal(0)) + move.share
            if moved[move.source] > 1:
                message = f"{percent_text(moved[move.source])} of the traffic of {shown(move.source)} would move in all"
                yield Remark("mix-above-whole", message, "lower the shares to 100% or less together", (*keys, "share"))

    def months(self, plan: AnnualPlan) -> Iterator[tuple[Keys, Period]]:
        for index, move in enumerate(plan.provider_mix):
            yield ("plan", self.key, index, "by"), move.by

    def turns(self, plan: AnnualPlan, money: Callable[[Decimal], str]) -> Iterator[tuple[Keys, Period, str]]:
        for index, move in enumerate(plan.provider_mix):
            what = f"{percent_text(move.share)} of {move.source} to {move.target}: {move.reason}"
            if move.since is not None:
                yield ("plan", self.key, index, "since"), move.since, f"traffic begins to move, {what}"
            yield ("plan", self.key, index, "by"), move.by, f"traffic has moved, {what}"

    def told(self, plan: AnnualPlan, money: Callable[[Decimal], str]) -> str:
        return ", ".join(
            f"{percent_text(move.share)} of {move.source} to {move.target}"
            f"{f' since {move.since}' if move.since else ''} by {move.by} ({move.reason})"
            for move in plan.provider_mix
        )

    def models(self, plan: AnnualPlan) -> frozenset[str]:
        return frozenset(name for move in plan.provider_mix for name in (move.source, move.target))


def moved(move: ProviderMixMove, when: When[N]) -> N:
    """Return the share of the source model's traffic that the plan has moved."""
    return when.number(move.share) * when.ramp(move.since, move.by)


def effect_of(part: float, price_ratio: float) -> float:
    """Return what a cost changes by, as a share of it, when a `part` of it costs `price_ratio` times as much."""
    return part * (price_ratio - 1.0)


def _repriced(setting: Setting, move: ProviderMixMove) -> Floats | None:
    """Return what repricing of what still moves comes to; None where a model has no observed price."""
    source, target = setting.prices.price_of(move.source), setting.prices.price_of(move.target)
    if source is None or target is None:
        return None
    before = moved(move, setting.reference) if setting.reference else setting.days.number(Decimal(0))
    going = 1.0 - remaining(moved(move, setting.days), before)
    return (1.0 + effect_of(setting.observed.share_of(move.source), target / source) * going).clip(min=0.0)


def _saved(view: TeamView, move: ProviderMixMove) -> Decimal | None:
    """Return what the team's cost changes by, as a share of it, once all of the source's traffic is on the target.

    Prices are those of the last 90 days, None where a model has none. How much of the cost the source is comes from
    the 90 days before the move began, the time that a baseline is of; where nothing is known of them, from the last.
    """
    seen = view.observed(LONG_WINDOW_DAYS)
    source, target = seen.price_of(move.source), seen.price_of(move.target)
    if source is None or target is None:
        return None
    began = min((move.since or view.year).first, view.known.known_until)
    before = view.observed_between(began - timedelta(days=LONG_WINDOW_DAYS), began)
    return Decimal(repr(effect_of((before if before.cost > 0 else seen).share_of(move.source), target / source)))


def _moved_to(move: ProviderMixMove, saved: Decimal, month: Month) -> Decimal:
    return max(1 + saved * moved(move, month), Decimal(0))


def _record(view: TeamView, move: ProviderMixMove) -> Record | None:
    progress = _progress(view, move)
    if progress.planned is None or progress.observed is None:
        return None
    told = f"{share(progress.observed)} moved where {share(progress.planned)} was planned by now"
    return record(progress.planned, progress.observed, told, least=TOLERANCE)


@dataclass(frozen=True, slots=True)
class _Progress:
    """Which share of the source's traffic was to have moved in `window`, and which did; None for what is `unknown`.

    Entries that move traffic between the same two models are one move in the usage, and are told as one.
    """

    window: Window
    together: str = ""
    planned: float | None = None
    observed: float | None = None
    unknown: str = ""


def _progress(view: TeamView, move: ProviderMixMove) -> _Progress:
    moves = [each for each in view.plan.provider_mix if (each.source, each.target) == (move.source, move.target)]
    window = view.window(min((each.since or view.year for each in moves), key=lambda month: month.first))
    if not window.days:
        return _Progress(window, unknown=window.too_short)
    when = view.when(window.start, window.days)
    planned = float(sum(moved(each, when).mean() for each in moves))
    together = "together " if len(moves) > 1 else ""
    first = window.month.first
    before = _source_share(view, move, first - timedelta(days=WINDOW_DAYS), first)
    now = _source_share(view, move, window.start, window.end)
    if now is None:
        return _Progress(window, together, planned, unknown="neither model is in the usage")
    if not before:
        return _Progress(window, together, planned, unknown=f"there is no usage of {move.source} in {window.before}")
    return _Progress(window, together, planned, 1.0 - now / before)


def _source_share(view: TeamView, move: ProviderMixMove, start: date, end: date) -> float | None:
    """Return the share of the move's source in the tokens of both models, None where there are none."""
    seen = view.observed_between(start, end)
    source, target = (model.tokens if model else 0 for model in (seen.model(move.source), seen.model(move.target)))
    return source / (source + target) if source + target else None


@dataclass(frozen=True, slots=True)
class OtherModel:
    """A `share` of what runs on `source` moves to `target` (both provider/model): at once, or linearly by `month`."""

    source: str
    target: str
    share: Decimal
    month: Period | None = None
    order = (0, 0)

    @classmethod
    def read(cls, text: str, month: Period | None) -> OtherModel:
        parts = [part.strip() for part in text.split(",")]
        if len(parts) != 3 or not all(parts):
            raise ValueError("it does not name two models and a share")
        return cls(parts[0], parts[1], parse_share(parts[2]), month)

    @property
    def reason(self) -> str:
        by = f" by {self.month}" if self.month else ""
        return f"what if: {percent_text(self.share)} of {self.source} on {self.target}{by}"

    def planned(self, plan: AnnualPlan, sight: Sight) -> AnnualPlan:
        prices = [_price(name, sight.prices, sight.team) for name in (self.source, self.target)]
        if self.month is None:
            whole = effect_of(sight.observed.share_of(self.source), prices[1] / prices[0])
            rate = Decimal(repr(whole)) * self.share
            return grown(plan, supposed_step(self.reason, rate, FromDay.at(sight.day)))
        move = _SupposedMove.model_construct(
            reason=self.reason,
            source=self.source,
            target=self.target,
            share=self.share,
            by=self.month,
            since=FromDay.at(sight.day),
        )
        return plan.model_copy(update={"provider_mix": (*plan.provider_mix, move)})


class _SupposedMove(Supposed, ProviderMixMove):
    """A move that is supposed."""


def _price(name: str, prices: Observed, team: str) -> float:
    price = prices.price_of(name)
    if price is not None:
        return price
    paid = sorted(model.name for model in prices.models if model.price is not None)
    meant = did_you_mean(close_to(name, paid, alike=0.5))
    hint = f"{meant} name a model as provider/model; those with a price are: {', '.join(paid) or 'none'}"
    raise UsageError(f"{team} paid for no usage of `{name}` in the last 90 days, so it has no price", hint=hint.strip())


ProviderMix.whatif = WhatIf(
    option="mix",
    metavar="TEAM=FROM,TO,30%[@MONTH]",
    help="Traffic that moves between two models (provider/model), at once or by MONTH.",
    example="support=openai/gpt-4o,openai/gpt-4o-mini,30%",
    read=OtherModel.read,
)
