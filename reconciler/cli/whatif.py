"""`kt-budgets whatif`: other targets, growth, cache, models or demand, without editing a file."""

from __future__ import annotations

from dataclasses import dataclass
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
from reconciler.cli.outlook import offline_option
from reconciler.findings import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.cli.outlook import Outlook
    from reconciler.forecast.question import Forecast
    from reconciler.forecast.supposition import Supposition
    from reconciler.model.desired import Desired
    from reconciler.settings import Settings


@click.command(
    "whatif", epilog="Example: kt-budgets whatif --wallet support/prod=14500 --growth support=+25% --cache support=28%"
)
@network_options
@usage_option
@click.option("--wallet", "targets", multiple=True, metavar="TEAM/ENV=AMOUNT", help="Another monthly target.")
@click.option(
    "--growth", multiple=True, metavar="TEAM=+25%[@MONTH]", help="Demand beyond the plan, at once or from MONTH."
)
@click.option("--cache", multiple=True, metavar="TEAM=28%[@MONTH]", help="Cache hit rate, at once or reached by MONTH.")
@click.option(
    "--mix",
    multiple=True,
    metavar="TEAM=FROM,TO,30%[@MONTH]",
    help="Traffic that moves between two models (provider/model), at once or by MONTH.",
)
@click.option(
    "--demand",
    multiple=True,
    metavar="TEAM=600.00[@MONTH]",
    help="New demand a month, from MONTH; default the first month of which nothing is known.",
)
@offline_option
@format_option("text", "json")
@output_option
def command(
    *,
    targets: tuple[str, ...],
    growth: tuple[str, ...],
    cache: tuple[str, ...],
    mix: tuple[str, ...],
    demand: tuple[str, ...],
    offline: bool,
    format_: str,
    output: Path | None,
    **options: Any,
) -> None:
    """Show what other targets or levers would do, without editing a file.

    Now is the YAML as it stands, once it is applied; both sides see the same simulated days. A TEAM may also be one
    of its wallets, TEAM/ENV. All options but the shared ones can be repeated.
    """
    supposed = Supposed(targets, growth, cache, mix, demand)
    if supposed == Supposed():
        raise UsageError("nothing is supposed", hint="say what if, such as `--wallet support/prod=14500`")
    settings = settings_of(options)
    write_result(answered(settings, supposed, offline=offline, format_=format_, output=output), output)


@dataclass(frozen=True, slots=True)
class Supposed:
    """What is supposed, each as it is written on the command line."""

    targets: tuple[str, ...] = ()
    growth: tuple[str, ...] = ()
    cache: tuple[str, ...] = ()
    mix: tuple[str, ...] = ()
    demand: tuple[str, ...] = ()


def answered(
    settings: Settings, supposed: Supposed, *, offline: bool = False, format_: str = "text", output: Path | None = None
) -> str:
    """Return what would come of what is supposed."""
    from reconciler.cli.outlook import look
    from reconciler.cli.suppositions import read_suppositions, with_targets

    outlook = look(settings, offline=offline)
    other = with_targets(outlook.desired, supposed.targets, period=settings.period)
    suppositions = read_suppositions(
        outlook.desired, growth=supposed.growth, cache=supposed.cache, mix=supposed.mix, demand=supposed.demand
    )
    now, then = outlook.forecast(outlook.asking()), _then(outlook, other, suppositions)
    return _rendered(outlook, other, suppositions, now, then, format_=format_, output=output)


def _then(outlook: Outlook, other: Desired, suppositions: Sequence[Supposition]) -> Forecast:
    """Return the forecast with everything that is supposed."""
    from dataclasses import replace

    from reconciler.forecast.supposition import relabelled, supposed

    asked = supposed(
        outlook.usage,
        outlook.asking(desired=other),
        suppositions,
        organization=other.organization,
        as_of=outlook.settings.as_of,
        teams=other.teams,
    )
    found = outlook.forecast(asked)
    wallets = (relabelled(each, question.plan) for each, question in zip(found.wallets, asked, strict=True))
    return replace(found, wallets=tuple(wallets))


def _rendered(
    outlook: Outlook,
    other: Desired,
    suppositions: Sequence[Supposition],
    now: Forecast,
    then: Forecast,
    *,
    format_: str,
    output: Path | None,
) -> str:
    from reconciler.cli.forecast import known_words
    from reconciler.cli.outlook import echo_notices, notices
    from reconciler.cli.show import colours, terminal_width
    from reconciler.report.whatif_json import whatif_json
    from reconciler.report.whatif_text import WhatIfPage, whatif_text

    words = [*_targets(outlook.desired, other), *(_words(each) for each in suppositions)]
    teams = {each.team for each in suppositions} | {
        wallet.team for key, wallet in other.wallets.items() if wallet != outlook.desired.wallets[key]
    }
    before, after = ([found for found in side.wallets if found.team in teams] for side in (now, then))
    if format_ == "json":
        echo_notices(notices(outlook))
        return whatif_json(words, now=before, then=after, year_now=now.year, year_then=then.year)
    organization, settings = outlook.desired.organization, outlook.settings
    page = WhatIfPage(
        organization=organization.organization,
        currency=organization.currency,
        period=settings.period,
        as_of=settings.as_of,
        known=known_words(outlook),
        supposed=words,
        now=before,
        then=after,
        year_now=now.year,
        year_then=then.year,
        notices=notices(outlook),
    )
    return whatif_text(page, width=terminal_width(), colour=output is None and colours())


def _targets(desired: Desired, other: Desired) -> list[str]:
    from reconciler.cli.wallet_names import label

    return [
        f"{label(wallet)} is funded with {wallet.setting.monthly:,.2f} a month"
        for key, wallet in other.wallets.items()
        if wallet != desired.wallets[key]
    ]


def _words(supposition: Supposition) -> str:
    who = f"{supposition.team}/{supposition.environment}" if supposition.environment else supposition.team
    return f"{who}: {supposition.reason.removeprefix('what if: ')}"
