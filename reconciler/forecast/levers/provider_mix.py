"""The provider mix: traffic moves from one model to another, linearly, and costs what the other one costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from reconciler.findings import Keys, UsageError
from reconciler.forecast.belief import Record
from reconciler.forecast.levers.effect import Effect, Setting, Supposed, named
from reconciler.forecast.levers.growth import grown, supposed_step
from reconciler.forecast.levers.lever import Lever, Remark, reversed_months
from reconciler.forecast.levers.mix_price import effect_of, mix_factor, moved_to, saving_of, unpriced
from reconciler.forecast.levers.mix_progress import TOLERANCE, Progress, dearer_before, moved, progress_of
from reconciler.forecast.levers.owed import Owed, with_promise
from reconciler.forecast.levers.part import Part
from reconciler.forecast.levers.whatif import FromDay, Sight, WhatIf
from reconciler.forecast.when import N, When, over_days, remaining
from reconciler.forecast.windows import DAYS_OF_A_MONTH, LONG_WINDOW_DAYS, WINDOW_DAYS
from reconciler.forecast.words import close, planned_share, points, share, unknown_row, verdict_of
from reconciler.meant import close_to, did_you_mean
from reconciler.model.assumption import Assumption
from reconciler.model.percent import parse_share, percent_text
from reconciler.model.period import Period
from reconciler.model.team import AnnualPlan, ProviderMixMove
from reconciler.model.yaml_types import shown

if TYPE_CHECKING:
    from reconciler.forecast.observed import Observed
    from reconciler.forecast.panel import Floats
    from reconciler.forecast.team_usage import TeamUsage
    from reconciler.forecast.team_view import TeamView
    from reconciler.forecast.todays_terms import Past


class ProviderMix(Lever):
    name = key = "provider_mix"
    word = "provider mix"
    promises = True

    def effects(self, plan: AnnualPlan, setting: Setting) -> Iterator[Effect]:
        for move in plan.provider_mix:
            effect = Effect(named(self.name, plan.provider_mix, move))
            prices = [setting.prices.price_of(name) for name in (move.source, move.target)]
            if prices[0] is None or prices[1] is None:
                yield effect
                continue
            whole = effect_of(setting.observed.share_of(move.source), prices[1] / prices[0])
            before = moved(move, setting.reference) if setting.reference else setting.days.number(Decimal(0))
            belief, ahead = None, 0.0
            if setting.promises and _saves(move, whole):
                progress = progress_of(setting.promises.usage, move)
                if progress.is_lost:
                    yield effect
                    continue
                belief = setting.promises.usage.belief(progress.record)
                ahead = progress.ahead(move, planned=float(before.max()))
            at = partial(_repriced, whole, before, moved(move, setting.days), ahead)
            key = f"{self.name} {move.source} {move.target}"
            yield setting.promised(replace(effect, factor=at(1.0)), at, belief, key=key)

    def priced(self, view: TeamUsage, when: When[N]) -> N:
        return mix_factor(view, when)

    def before(self, plan: AnnualPlan, past: Past) -> Floats | None:
        return dearer_before(past, [move for move in plan.provider_mix if not isinstance(move, Supposed)])

    def parts(self, plan: AnnualPlan, view: TeamView | None) -> Iterator[Part]:
        for move in plan.provider_mix:
            since = f" since {move.since}" if move.since else ""
            what = f"{percent_text(move.share)} of {move.source} to {move.target}{since} by {move.by}"
            saved = saving_of(view, move) if view else None
            if view is None or saved is None:
                lacking = unpriced(view, move) if view else (move.source, move.target)
                why = f"nobody paid for {' and '.join(lacking)} in the last {LONG_WINDOW_DAYS} days"
                yield Part("governance", self.name, what, move.reason, uncounted=why)
            elif (progress := progress_of(view, move)).is_lost:
                yield Part("governance", self.name, what, move.reason, uncounted=progress.unknown)
            else:
                yield Part(
                    "governance",
                    self.name,
                    what,
                    move.reason,
                    factor=partial(moved_to, move, saved),
                    record=(known := progress.record),
                    belief=view.belief(known) if _saves(move, float(saved)) else None,
                )

    def records(self, usage: TeamUsage) -> Iterator[Record]:
        for move in usage.plan.provider_mix:
            saved = saving_of(usage, move)
            if saved is not None and _saves(move, float(saved)) and (known := progress_of(usage, move).record):
                yield known

    def rows(self, view: TeamView) -> Iterator[Assumption]:
        for move in view.plan.provider_mix:
            saved, progress = saving_of(view, move), progress_of(view, move)
            is_counted = saved is not None and _saves(move, float(saved)) and not progress.is_lost
            belief = view.belief(progress.record) if is_counted else None
            row, owed, has_record = self._row(move, progress), _owed(view, move, progress), progress.record is not None
            yield with_promise(row, belief, has_record=has_record, owed=owed, currency=view.currency)

    def _row(self, move: ProviderMixMove, progress: Progress) -> Assumption:
        """Return which share of one model's traffic moved since the move began, against what was to move by then."""
        text = f"{planned_share(move.share)} of {move.source} to {move.target} by {move.by}"
        if progress.planned is not None:
            text += f"; {progress.together}{share(progress.planned)} on average in {progress.window.name}"
        if progress.planned is None or progress.observed is None:
            return unknown_row("provider_mix", text, progress.unknown + "; no saving is counted" * progress.is_lost)
        planned, observed, window = progress.planned, progress.observed, progress.window
        verdict = verdict_of(observed, planned, TOLERANCE)
        told = {"ahead": "ahead of the plan", "behind": "behind the plan"}.get(verdict, "")
        off = points(observed - planned)
        return Assumption(
            name="provider_mix",
            plan=text,
            observed=f"{share(observed)} of its tokens moved in {window.name}, since {window.before}",
            verdict=verdict,
            sentence=f"{told} by {off}" if told else close(off, above=observed > planned, within=points(TOLERANCE)),
        )

    def notices(self, view: TeamView, rows: Sequence[Assumption]) -> Iterator[Remark]:
        for move, row in zip(view.plan.provider_mix, rows, strict=True):
            missing = unpriced(view, move)
            if missing and view.observed(LONG_WINDOW_DAYS).cost:
                yield Remark(
                    "mix-unpriced",
                    f"the move from {move.source} to {move.target} cannot be priced: no paid usage of"
                    f" {' and '.join(missing)} in the last 90 days; it is left out of the forecast",
                    "check the model names in `plan.provider_mix` (written provider/model)",
                )
            elif (progress := progress_of(view, move)).is_lost:
                yield Remark(
                    "mix-source-gone",
                    f"{progress.unknown}; the saving of the move is not counted",
                    "write the name that the usage has into `plan.provider_mix`, or take the move out",
                )
            elif row.verdict == "behind":
                yield Remark(
                    "mix-behind-plan",
                    f"{planned_share(move.share)} of {move.source} was to move to {move.target} by {move.by};"
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

    def turns(self, plan: AnnualPlan, money: Callable[[Decimal], str]) -> Iterator[tuple[Keys, date, str]]:
        for index, move in enumerate(plan.provider_mix):
            what = f"{percent_text(move.share)} of {move.source} to {move.target}: {move.reason}"
            if move.since is not None:
                yield ("plan", self.key, index, "since"), move.since.first, f"traffic begins to move, {what}"
            yield ("plan", self.key, index, "by"), move.by.last, f"traffic has moved, {what}"

    def told(self, plan: AnnualPlan, money: Callable[[Decimal], str]) -> str:
        return ", ".join(
            f"{percent_text(move.share)} of {move.source} to {move.target}"
            f"{f' since {move.since}' if move.since else ''} by {move.by} ({move.reason})"
            for move in plan.provider_mix
        )

    def models(self, plan: AnnualPlan) -> frozenset[str]:
        return frozenset(name for move in plan.provider_mix for name in (move.source, move.target))


def _repriced(whole: float, before: Floats, after: Floats, ahead: float, share: float) -> Floats:
    """Return what repricing of what still moves comes to where a `share` of what is to move does; `ahead` has moved.

    `whole` is what the cost changes by, as a share of it, once all of the source's traffic is on the target.
    """
    now, then = ((share * each).clip(min=ahead) for each in (before, after))
    return (1.0 + whole * (1.0 - remaining(then, now))).clip(min=0.0)


def _saves(move: ProviderMixMove, whole: float) -> bool:
    """Whether it is the promise of a saving: what is supposed is taken at its word."""
    return whole < 0 and not isinstance(move, Supposed)


def _owed(usage: TeamUsage, move: ProviderMixMove, progress: Progress) -> Owed | None:
    """Return what the rest of the move would save; None where nothing tells."""
    seen, long = usage.observed(), usage.observed(LONG_WINDOW_DAYS)
    source, target = (long.price_of(name) for name in (move.source, move.target))
    if progress.observed is None or source is None or target is None or not progress.share:
        return None
    done = min(max(progress.observed / progress.share, 0.0), 1.0) * float(move.share)
    whole = effect_of(seen.share_of(move.source), target / source)
    monthly = seen.cost / WINDOW_DAYS * DAYS_OF_A_MONTH * -whole
    rest = usage.rest_of_year
    planned = 1.0 - remaining(moved(move, rest), rest.number(Decimal(repr(done))))
    return Owed(monthly * (1.0 - remaining(float(move.share), done)), over_days(monthly * planned, rest.count))


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
    if (price := prices.price_of(name)) is not None:
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
