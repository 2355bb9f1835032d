"""The year: six inputs, four passes and what stands out, team by team; before a change too, and next year's draft."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.app.outlook.look import Outlook, look
from reconciler.app.outlook.notices import forecast_notices, known_words, left_alone
from reconciler.app.planning.scope import budgets_since
from reconciler.model.money import ZERO
from reconciler.model.period import Period

if TYPE_CHECKING:
    from reconciler.forecast.annual.table import TeamCase
    from reconciler.forecast.question import Forecast, WalletQuestion
    from reconciler.forecast.team_view import TeamView
    from reconciler.model.annual import TeamYear, YearBefore, YearBridge, YearDocument, YearTotals
    from reconciler.model.assumption import Assumption
    from reconciler.model.desired import Desired
    from reconciler.model.forecast import ForecastNotice, YearForecast
    from reconciler.model.wallet_ref import WalletRef
    from reconciler.model.year_targets import YearTargets
    from reconciler.report.annual_page import YearPage
    from reconciler.settings import Settings


@dataclass(frozen=True, slots=True)
class YearRequest:
    """What is wanted besides: the year by the YAML of the commit `since`, and a `draft` of the next in that folder."""

    since: str | None = None
    draft: Path | None = None


def plan_year(settings: Settings, wanted: YearRequest | None = None, *, offline: bool = False) -> YearPage:
    """Return the planning table of all teams, with what is `wanted` besides.

    Raises:
        FindingsError: the YAML has errors.
        UsageError: `since` is no commit, the draft's folder is there already, or the usage cannot be read.
        RemoteError: Keeptrusts cannot be read whole.
    """
    from reconciler.forecast.annual.evidence import others, trailing
    from reconciler.model.annual import UncoveredTeam, YearDocument
    from reconciler.report.annual_page import YearPage
    from reconciler.report.usage_doubts import usage_summary

    wanted = wanted or YearRequest()
    outlook = _within_the_year(look(settings, offline=offline))
    asked = outlook.asking()
    found = outlook.forecast(asked)
    tables = {table.team: table.assumptions for table in found.assumptions}
    desired, organization = outlook.desired, outlook.desired.organization
    money = outlook.year_sum()
    cases = tuple(_cases(outlook, desired, found, asked, tables, money))
    teams, (first, last) = tuple(case.row() for case in cases), trailing(settings.as_of)
    beside = others(outlook.spending, desired.wallets)
    facts = YearDocument(
        organization=organization.organization,
        currency=organization.currency,
        fiscal_year=organization.fiscal_year.name,
        starts=organization.fiscal_year.starts,
        as_of=settings.as_of,
        evidence_from=first,
        evidence_to=last,
        teams=teams,
        total=_totals(outlook, teams, money, found.year),
        uncovered=tuple(UncoveredTeam(team_id=one.team_id, spent=one.spent) for one in beside.teams),
        uncovered_spent=beside.spent,
        cadence=tuple(f"{one.name}, {one.cron}, of {one.window}" for one in organization.export_schedules),
        before=_before(outlook, found, asked, teams, wanted.since) if wanted.since else None,
        usage=usage_summary(outlook.usage.source) if outlook.usage else None,
        notices=(*_over(outlook), *left_alone(asked), *forecast_notices(outlook, found)),
    )
    if wanted.draft is not None:
        facts = _drafted(facts, wanted.draft, outlook, cases)
    return YearPage(facts, known_words(outlook))


def _drafted(facts: YearDocument, folder: Path, outlook: Outlook, cases: Sequence[TeamCase]) -> YearDocument:
    """Write the draft of the next year into `folder`, and return `facts` that tell of it."""
    from reconciler.app.year.draft import write_draft

    settings, now = outlook.settings, Period.of(outlook.settings.as_of)
    draft = write_draft(folder, outlook.desired, cases, facts, budgets=settings.budgets, now=now)
    return facts.model_copy(update={"draft": draft})


def _within_the_year(outlook: Outlook) -> Outlook:
    """Return what there is to look ahead with; before the fiscal year begins, with an eye on its first month."""
    year, period = outlook.desired.organization.fiscal_year.value, outlook.settings.period
    if period >= year.starts:
        return outlook
    return replace(outlook, settings=replace(outlook.settings, period=year.starts))


def _over(outlook: Outlook) -> Iterator[ForecastNotice]:
    """Yield that the fiscal year of org.yaml is over, where it is."""
    from reconciler.model.forecast import ForecastNotice

    year = outlook.desired.organization.fiscal_year.value
    if outlook.settings.as_of >= year.end:
        hint = "write the next one with `--draft`, or correct `fiscal_year` in org.yaml"
        said = f"{year.name} ended on {year.periods[-1].last}: nothing of it is forecast any more"
        yield ForecastNotice(code="year-over", message=said, hint=hint)


def _cases(
    outlook: Outlook,
    desired: Desired,
    found: Forecast,
    asked: Sequence[WalletQuestion],
    tables: Mapping[str, Sequence[Assumption]],
    money: YearTargets,
) -> Iterator[TeamCase]:
    """Yield what the row of each team is made from, by the name of the team."""
    from reconciler.forecast.annual.evidence import evidence
    from reconciler.forecast.annual.table import TeamCase

    year, settings = desired.organization.fiscal_year.value, outlook.settings
    views = _views(outlook, desired, found, asked)
    present = {name: team for name, team in sorted(desired.teams.items()) if team.state == "present"}
    keys: dict[str, list[WalletRef]] = {name: [] for name in present}
    for key, wallet in desired.wallets.items():
        if wallet.team in keys:
            keys[wallet.team].append(key)
    seen, amounts = evidence(outlook.usage, keys, as_of=settings.as_of), money.by_wallet()
    for name, team in present.items():
        yield TeamCase(
            team=team,
            found=seen[name],
            view=views.get(name),
            judgements=tables.get(name, ()),
            year=year,
            currency=desired.organization.currency,
            period=min(max(settings.period, year.starts), year.periods[-1]),
            now=Period.of(settings.as_of),
            money=amounts,
        )


def _views(outlook: Outlook, desired: Desired, found: Forecast, asked: Sequence[WalletQuestion]) -> dict[str, TeamView]:
    """Return what is observed of each team that has wallets, under the plans of `desired`."""
    import numpy as np

    from reconciler.forecast.team_view import TeamView

    context = outlook.context(asked)
    teams: dict[str, list[WalletQuestion]] = {}
    for question in asked:
        if (team := desired.teams.get(question.wallet.team)) is not None:
            teams.setdefault(team.team, []).append(replace(question, plan=team.plan))
    return {
        name: TeamView(
            team=name,
            questions=questions,
            forecasts=[one for question in questions for one in found.wallets if one.wallet == question.wallet.key],
            ceilings=(),
            month_end=np.zeros(1),
            organization=desired.organization,
            period=context.period,
            known=context.known,
            observations=context.observations,
            prior=context.prior,
        )
        for name, questions in teams.items()
    }


def _totals(
    outlook: Outlook, teams: Sequence[TeamYear], money: YearTargets, forecast: YearForecast | None
) -> YearTotals:
    from reconciler.model.annual import UncoveredTeam, YearTotals

    bridge, target, rest = _together(teams), outlook.desired.organization.annual_target, money.rest
    gone = _gone(outlook.desired, money)
    return YearTotals(
        bridge=bridge,
        annual_target=target,
        wallets=bridge.wallets,
        spent_months=money.over or (),
        target_months=money.by_target,
        carried=rest.told,
        carried_at_least=rest.at_least,
        goes_back=rest.back,
        counted=money.counted(),
        gone=tuple(UncoveredTeam(team_id=key, spent=spent) for key, spent in gone.items()),
        gone_spent=sum(gone.values(), ZERO),
        left=None if target is None else target - money.total,
        forecast=forecast,
    )


def _gone(desired: Desired, money: YearTargets) -> dict[WalletRef, Decimal]:
    """Return what wallets of teams that left spent in the fiscal year so far, the dearest first."""
    found = {key: spent for key, spent in money.by_wallet().items() if spent and desired.wallets[key].absent}
    return {key: found[key] for key in sorted(found, key=lambda key: (-found[key], key))}


def _together(teams: Sequence[TeamYear]) -> YearBridge:
    from reconciler.forecast.annual.bridge import together

    return together([team.bridge for team in teams])


def _before(
    outlook: Outlook, found: Forecast, asked: Sequence[WalletQuestion], teams: Sequence[TeamYear], since: str
) -> YearBefore:
    """Return the same year by the YAML of a commit, with the same usage, and the teams whose year is another one."""
    from reconciler.model.annual import TeamChange, YearBefore

    desired = budgets_since(outlook.settings, since).without(outlook.desired.released)
    money = outlook.year_sum(desired)
    rows = tuple(case.row() for case in _cases(outlook, desired, found, asked, {}, money))
    names = {team.previously: name for name, team in outlook.desired.teams.items() if team.previously}
    old, new = ({names.get(row.team, row.team): row.bridge for row in side} for side in (rows, teams))
    changes = []
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name), new.get(name)
        if was != now:
            changes.append(
                TeamChange(
                    team=name,
                    planned_before=was and was.planned,
                    planned_after=now and now.planned,
                    wallets_before=was and was.wallets,
                    wallets_after=now and now.wallets,
                )
            )
    target = desired.organization.annual_target
    return YearBefore(
        since=since,
        annual_target=target,
        bridge=_together(rows),
        gone_spent=sum(_gone(desired, money).values(), ZERO),
        teams=tuple(changes),
    )
