"""`kt-budgets recommend`: targets that last with a chosen probability, alerts that leave time to react."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import (
    format_option,
    network_options,
    output_option,
    settings_of,
    usage_option,
    write_result,
)
from reconciler.cli.outlook import offline_option, wallet_option
from reconciler.cli.pr_files import suggestions_option
from reconciler.findings import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.cli.outlook import Outlook
    from reconciler.cli.recommend_write import Draft
    from reconciler.forecast.recommend import Recommendations
    from reconciler.model.plan import Plan
    from reconciler.report.recommend_text import RecommendPage
    from reconciler.settings import Settings


class ProbabilityType(click.ParamType[Decimal]):
    name = "probability"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        from pydantic_core import PydanticCustomError

        from reconciler.model.percent import parse_interval

        try:
            return value if isinstance(value, Decimal) else parse_interval(value)
        except PydanticCustomError as error:
            told = error.context or {}
            self.fail(f"{told.get('sentence', value)}; {told.get('hint', '')}", param, ctx)


@click.command("recommend", epilog="Example: kt-budgets recommend --probability 95% --wallet support/prod --write")
@network_options
@usage_option
@wallet_option
@click.option(
    "--probability",
    type=ProbabilityType(),
    default="90%",
    show_default=True,
    metavar="PERCENT",
    help="How sure it must be that the money lasts the month.",
)
@click.option(
    "--reaction-days",
    type=click.IntRange(0, 31),
    default=5,
    show_default=True,
    help="How many days an alert must come before the money is gone.",
)
@click.option(
    "--plan",
    "plan_path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Only the wallets that this plan changes, on its day.",
)
@suggestions_option
@click.option("--write", "writing", is_flag=True, help="Write it into the YAML, keeping comments and formatting.")
@offline_option
@format_option("text", "json")
@output_option
def command(
    *,
    wallets: tuple[str, ...],
    probability: Decimal,
    reaction_days: int,
    plan_path: Path | None,
    suggestions: Path | None,
    writing: bool,
    offline: bool,
    format_: str,
    output: Path | None,
    **options: Any,
) -> None:
    """Recommend targets that last and alerts that leave time.

    Both come from the same simulated days as the forecast, so a plan with them shows the probability that is promised
    here. `--write` gives the month an override, or changes `monthly` where the target holds for the months to come;
    what would make the YAML warn is left out and said. `--suggestions` leaves the YAML alone and says the same for a
    pull request.
    """
    from reconciler.cli.show import load_plan
    from reconciler.cli.wallet_names import chosen

    if writing and suggestions:
        raise UsageError("`--write` and `--suggestions` contradict each other", hint="leave one of them out")
    plan = load_plan(plan_path) if plan_path else None
    if plan:
        options["as_of"], options["period"] = options["as_of"] or plan.as_of, options["period"] or plan.period
    settings = settings_of(options)
    outlook, changed = _looked(settings, plan, offline=offline)
    keys = chosen(outlook.desired, wallets)
    if changed is not None:
        keys = [key for key in (outlook.desired.wallets if keys is None else keys) if key in changed]
    advice = _advice(outlook, keys, probability=float(probability), reaction_days=reaction_days)
    made = _draft(outlook, advice) if writing or suggestions else None
    if made and suggestions:
        made = _suggest(made, suggestions, settings.budgets)
    page = _page(outlook, advice, made, writing=writing, probability=float(probability), reaction_days=reaction_days)
    write_result(_rendered(outlook, page, format_, output), output)


def advised(settings: Settings, wallets: Sequence[str], *, probability: float = 0.9, reaction_days: int = 5) -> str:
    """Return what is recommended for `wallets`, written TEAM or TEAM/ENV (none: all), as text."""
    from reconciler.cli.outlook import look
    from reconciler.cli.wallet_names import chosen

    outlook = look(settings, offline=False)
    keys = chosen(outlook.desired, wallets)
    advice = _advice(outlook, keys, probability=probability, reaction_days=reaction_days)
    page = _page(outlook, advice, None, writing=False, probability=probability, reaction_days=reaction_days)
    return _rendered(outlook, page, "text", None)


def _advice(outlook: Outlook, keys: Sequence[str] | None, *, probability: float, reaction_days: int) -> Recommendations:
    from reconciler.forecast.recommend import recommend

    return recommend(
        outlook.usage,
        tuple(question for question in outlook.asking(keys) if not question.wallet.absent),
        organization=outlook.desired.organization,
        period=outlook.settings.period,
        as_of=outlook.settings.as_of,
        teams=outlook.desired.teams,
        probability=probability,
        reaction_days=reaction_days,
    )


def _looked(settings: Settings, plan: Plan | None, *, offline: bool) -> tuple[Outlook, frozenset[str] | None]:
    """Return what to look ahead with and, by the plan, at which wallets; a plan without any asks for nothing."""
    from reconciler.cli.outlook import Outlook, look
    from reconciler.cli.recommend_suggest import changed_wallets
    from reconciler.cli.session import load_desired

    if plan is None:
        return look(settings, offline=offline), None
    desired, _ = load_desired(settings)
    changed = changed_wallets(desired, plan)
    if not changed:
        click.echo("the plan changes no wallet and no alert", err=True)
        return Outlook(settings, desired, None, None), changed
    return look(settings, offline=offline, teams={desired.wallets[key].team for key in changed}), changed


def _draft(outlook: Outlook, advice: Recommendations) -> Draft:
    from reconciler.cli.recommend_check import unwarned
    from reconciler.cli.recommend_write import draft

    settings = outlook.settings
    made = draft(advice, settings=settings, desired=outlook.desired, spent=_spent(outlook))
    return unwarned(made, settings.budgets)


def _suggest(made: Draft, file: Path, budgets: Path) -> Draft:
    """Write the suggestions, and return the draft with what is not among them, and why."""
    from dataclasses import replace

    from reconciler.cli.pr_files import write_suggestions
    from reconciler.cli.pr_verdict import located
    from reconciler.cli.recommend_suggest import suggested

    changes, left = suggested(made.edits, budgets=budgets)
    write_suggestions(file, changes, command="kt-budgets recommend", located=located(budgets))
    return replace(made, kept=(*made.kept, *left))


def _page(
    outlook: Outlook,
    advice: Recommendations,
    made: Draft | None,
    *,
    writing: bool,
    probability: float,
    reaction_days: int,
) -> RecommendPage:
    """Write what is to be written, and return what is to be shown."""
    from reconciler.cli.forecast import known_words
    from reconciler.cli.outlook import notices
    from reconciler.cli.recommend_write import write
    from reconciler.report.recommend_text import RecommendPage

    settings = outlook.settings
    return RecommendPage(
        organization=outlook.desired.organization.organization,
        period=settings.period,
        as_of=settings.as_of,
        known=known_words(outlook),
        probability=probability,
        reaction_days=reaction_days,
        targets=advice.targets,
        alerts=advice.alerts,
        notices=notices(outlook),
        written=write(made.edits, settings=settings) if writing and made and made.edits else (),
        kept=made.kept if made else (),
        was_writing=writing,
    )


def _spent(outlook: Outlook) -> dict[str, Decimal | None]:
    """Return what the usage shows as spent in the period by each wallet, None where there is no usage at all."""
    from reconciler.forecast.history import spending

    known, period = spending(outlook.usage, as_of=outlook.settings.as_of), outlook.settings.period
    end = min(outlook.settings.as_of, period.end)
    return {
        key: known.of(key).between(period.first, end) if known.of(key).first_event() else None
        for key in outlook.desired.wallets
    }


def _rendered(outlook: Outlook, page: RecommendPage, format_: str, output: Path | None) -> str:
    from reconciler.cli.outlook import echo_notices, notices
    from reconciler.cli.show import colours, terminal_width
    from reconciler.report.recommend_json import recommend_json
    from reconciler.report.recommend_text import recommend_text

    if format_ == "json":
        echo_notices(notices(outlook))
        return recommend_json(page)
    return recommend_text(page, width=terminal_width(), colour=output is None and colours())
