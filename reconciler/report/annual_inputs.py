"""What twelve months show of a team, in sentences and by workload, the same for every format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from reconciler.forecast.observed import MUCH_PREMIUM
from reconciler.forecast.words import planned_share, signed_share
from reconciler.model.annual import EnvironmentInput, LimitInput, LimitVerdict, SeasonInput, TeamYear, WorkloadMonths
from reconciler.report import wording
from reconciler.report.document import Column, Row, Table
from reconciler.report.spans import DASH, Cell, safe_name, shift, visible

MOST_NAMED = 8
_YEAR = 12


def input_sentences(team: TeamYear) -> Iterator[str]:
    """Yield what twelve months show of a team: run rate and trend, seasons, models, lanes, cache and alerts."""
    inputs = team.inputs
    if inputs.run_rate is None:
        yield "No whole month of usage is known."
    else:
        rate = f"A month costs {wording.whole(inputs.run_rate)} now"
        if inputs.usual_rate != inputs.run_rate:
            rate += f", {wording.whole(inputs.usual_rate)} without what stands out once"
        if inputs.trend is not None:
            rate += f"; the last three months cost {signed_share(inputs.trend, places=0)} against the first three"
        yield f"{rate}."
    yield from chain.from_iterable(map(_changed, inputs.wallets))
    if len(inputs.months) < _YEAR:
        known = wording.counted(len(inputs.months), "whole month")
        yield f"{known} of the last twelve {wording.agree(len(inputs.months), 'is')} known."
    if lacking := [wallet for wallet in inputs.wallets if wallet.run_rate is None]:
        named = wording.listed([safe_name(wallet.environment, 40) for wallet in lacking], MOST_NAMED)
        yield f"No whole month of {named} is known to have cost anything: nothing of it is in these figures."
    if inputs.mix:
        told = [f"{safe_name(mix.model, 60)} {mix.now:.0%} -> {mix.intended:.0%}" for mix in inputs.mix]
        yield f"Tokens by model, now and intended: {wording.listed(told, 6)}."
    if inputs.premium_share:
        asked = "; no reason to keep it is given" if inputs.premium_share >= MUCH_PREMIUM else ""
        why = f", kept for a reason: {safe_name(inputs.keep_mix)}" if inputs.keep_mix else asked
        yield f"Premium lane: {inputs.premium_share:.0%} of the cost{why}."
    if inputs.cache_now is not None:
        target = f", to be {planned_share(inputs.cache_target)}" if inputs.cache_target is not None else ", no target"
        worth = (
            f"; one point more saves about {wording.whole(inputs.cache_point)} a month" if inputs.cache_point else ""
        )
        yield f"Cache: {inputs.cache_now:.1%} now{target}{worth}."
    if (route := inputs.route) is not None:
        names = f"{safe_name(route.source, 60)}'s tokens on {safe_name(route.target, 60)}"
        saves = f"at {route.ratio:.0%} of its price, saves about {wording.whole(route.tenth)} a month"
        yield f"Cheaper routes: a tenth of {names}, {saves}."
    told = [
        f"{safe_name(alert.name, 60)} {wording.whole(alert.amount)} {alert.period} at"
        f" {wording.listed([f'{int(percentage)}%' for percentage in alert.percentages])}"
        for alert in inputs.alerts
    ]
    yield f"Alerts: {wording.listed(told)}." if told else "Alerts: none."
    yield from map(_limit_sentence, inputs.limits)
    if any(season.at_first for season in inputs.seasons):
        yield "Workloads, the first three months that are known -> the last three:"


_CONCLUDED: Mapping[LimitVerdict, str] = {
    "growth": "spend grows, alerts come and the wallet lasts: this looks like growth, not waste",
    "right_size": "it is empty early, and much runs on the premium lane: look at models and lanes before more money",
    "fund": "it is too small for what its team does: find out what grew, then fund it or slow it",
    "holds": "",
}


def _changed(wallet: EnvironmentInput) -> Iterator[str]:
    name = safe_name(wallet.environment, 40)
    if wallet.stopped:
        yield f"{name}: {visible(wallet.stopped)}; what it cost before does not count."
    if wallet.shifted:
        yield f"{name} {visible(wallet.shifted)}."


def _limit_sentence(limit: LimitInput) -> str:
    months = f"of the last {limit.months} months"
    alert = f"{limit.alerted} {months} reached the first alert ({wording.whole(limit.alert)})"
    early = f", as early as day {limit.earliest}" if limit.earliest is not None else ""
    end = f"{limit.exhausted or 'none'} the end of the wallet ({wording.whole(limit.target)}{early})"
    told = f"Limits of today, {safe_name(limit.environment, 40)}: {alert}, {end}"
    return "; ".join(filter(None, (told, _CONCLUDED[limit.verdict]))) + "."


def workload_table(team: TeamYear) -> Table:
    """Return each workload in the first three months that are known, and in the last three."""
    columns = (
        Column("name", "Workload"),
        Column("cost", "A month costs", "right", "a month"),
        Column("requests", "Requests a month", "right", "requests"),
        Column("thousand", "1,000 requests cost", "right", "1,000 cost"),
        Column("cache", "Cache answers", "right", "cache"),
        Column("premium", "Premium lane", "right", "premium"),
        Column("off_peak", "Off-peak lane", "right", "off-peak"),
        Column("peak", "Dearest month", "right", "dearest"),
    )
    return Table(columns, tuple(_workload(season) for season in team.inputs.seasons if season.now or season.at_first))


def _workload(season: SeasonInput) -> Row:
    peak = f"{season.peak} ({season.peak_share:.2f} times)" if season.peak else DASH
    pairs = zip(_figures(season.at_first), _figures(season.now), strict=True)
    return Row((Cell(safe_name(season.workload, 40)), *(shift(then, now) for then, now in pairs), Cell(peak)))


def _figures(months: WorkloadMonths | None) -> tuple[str, ...]:
    """Return what is shown of some months; of months without a request, dashes."""
    if months is None:
        return (DASH,) * 6
    shares = (months.cache_hit_rate, months.premium_share, months.off_peak_share)
    return (
        wording.whole(months.monthly),
        f"{months.requests:,}",
        wording.whole(months.thousand),
        *(DASH if share is None else f"{share:.0%}" for share in shares),
    )
