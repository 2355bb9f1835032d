"""`kt-budgets forecast`: how each wallet's month may end, when it runs out, and the months ahead."""

from __future__ import annotations

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

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from reconciler.cli.outlook import Outlook
    from reconciler.forecast.question import Forecast
    from reconciler.model.usage import DailyUsage
    from reconciler.report.forecast_picture import Palette

WEEKS = 8


@click.command("forecast", epilog="Example: kt-budgets forecast --usage exports/ --wallet support/prod --horizon 3")
@network_options
@usage_option
@wallet_option
@click.option(
    "--horizon",
    type=click.IntRange(1, 24),
    metavar="MONTHS",
    help="How many months to look ahead, 1 to 24; default that of org.yaml.",
)
@offline_option
@format_option("text", "json", "csv")
@output_option
def command(
    *,
    wallets: tuple[str, ...],
    horizon: int | None,
    offline: bool,
    format_: str,
    output: Path | None,
    **options: Any,
) -> None:
    """Show how the month may end, when money runs out, and the months ahead.

    Every figure is a statistic of the same simulated days, under the money of today and under that of the YAML.
    Without a token, `--usage` files are enough: each wallet is then taken to hold its target.
    """
    from reconciler.cli.outlook import echo_notices, look, notices
    from reconciler.cli.wallet_names import chosen

    outlook = look(settings_of(options), offline=offline, horizon=horizon)
    keys = chosen(outlook.desired, wallets)
    asked = outlook.asking(keys)
    found = outlook.forecast(asked, methods=outlook.better_methods([question.wallet.key for question in asked]))
    if format_ != "text":
        echo_notices(notices(outlook, found.warnings))
        write_result(_document(outlook, found, format_, whole=keys is None), output)
        return
    write_result(_text(outlook, found, whole=keys is None, output=output), output)


def _document(outlook: Outlook, found: Forecast, format_: str, *, whole: bool) -> str:
    if format_ == "csv":
        from reconciler.report.forecast_csv import forecast_csv

        return forecast_csv(found.wallets)
    from reconciler.cli.outlook import notices
    from reconciler.report.forecast_json import forecast_json

    usage = outlook.usage.source if outlook.usage else None
    year = found.year if whole else None
    return forecast_json(found.wallets, year=year, usage=usage, notices=notices(outlook, found.warnings))


def _text(outlook: Outlook, found: Forecast, *, whole: bool, output: Path | None) -> str:
    from reconciler.cli.outlook import notices
    from reconciler.cli.show import colours, terminal_width
    from reconciler.report.forecast_text import ForecastPage, forecast_text

    organization, settings = outlook.desired.organization, outlook.settings
    shown = ForecastPage(
        organization=organization.organization,
        currency=organization.currency,
        period=settings.period,
        as_of=settings.as_of,
        known=known_words(outlook),
        forecasts=found.wallets,
        weeks=_weeks(outlook),
        year=found.year if whole else None,
        notices=notices(outlook, found.warnings),
    )
    return forecast_text(shown, width=terminal_width(), colour=output is None and colours(), palette=palette(output))


def known_words(outlook: Outlook) -> str:
    """Return which usage, and which money, the figures come from."""
    money = "" if outlook.live else ", money by the targets"
    return f"{usage_words(outlook.usage)}{money}"


def usage_words(usage: DailyUsage | None) -> str:
    """Return which usage the figures come from."""
    from reconciler.report import wording

    if usage is None or usage.source.last_day is None:
        return "without usage"
    return f"usage to {wording.long_day(usage.source.last_day)}, {wording.rows(usage.source.rows)}"


def palette(output: Path | None) -> Palette:
    """Return the characters for pictures that stdout, or a file, can show."""
    import sys

    from reconciler.report.forecast_picture import ASCII, BLOCKS

    try:
        (BLOCKS.levels + "".join(BLOCKS.fan)).encode("utf-8" if output else sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return BLOCKS


def _weeks(outlook: Outlook) -> dict[str, Sequence[Decimal]]:
    """Return the spend of each wallet in the last whole weeks before as_of, oldest first."""
    from datetime import timedelta

    from reconciler.forecast.history import spending

    known = spending(outlook.usage, as_of=outlook.settings.as_of)
    ends = [known.known_until - timedelta(weeks=back) for back in reversed(range(WEEKS))]
    return {
        key: [known.of(key).between(end - timedelta(weeks=1), end) for end in ends] for key in outlook.desired.wallets
    }
