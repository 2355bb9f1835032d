"""`kt-budgets backtest`: how wrong the forecast would have been on the organization's own past."""

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
from reconciler.cli.outlook import wallet_option
from reconciler.findings import UsageError

if TYPE_CHECKING:
    from reconciler.findings import Finding
    from reconciler.model.desired import Desired
    from reconciler.model.usage import DailyUsage
    from reconciler.settings import Settings


@click.command("backtest", epilog="Example: kt-budgets backtest --usage exports/ --months 6")
@network_options
@usage_option
@wallet_option
@click.option(
    "--months",
    type=click.IntRange(1, 24),
    default=12,
    show_default=True,
    help="How many whole months to replay; the export must reach back that far.",
)
@format_option("text", "json")
@output_option
def command(*, wallets: tuple[str, ...], months: int, format_: str, output: Path | None, **options: Any) -> None:
    """Show how wrong the forecast was on your own past.

    From the 1st, 8th, 15th and 22nd of each past month, the month end is forecast with what was known then, beside the
    run rate, the 28-day mean and a line. With `--usage` files nothing is asked of Keeptrusts.
    """
    from reconciler.cli.outlook import Outlook, echo_notices, notices
    from reconciler.cli.progress import progress
    from reconciler.cli.session import load_desired
    from reconciler.cli.wallet_names import chosen, label
    from reconciler.forecast.backtest import backtest
    from reconciler.report.backtest_json import backtest_json

    settings = settings_of(options)
    desired, _ = load_desired(settings)
    keys = chosen(desired, wallets) or list(desired.wallets)
    usage, doubts = _usage(settings, desired)
    with progress("Replaying the past"):
        report = backtest(
            usage, as_of=settings.as_of, organization=desired.organization.organization, months=months, wallets=keys
        )
    outlook = Outlook(settings, desired, None, usage, doubts)
    if format_ == "json":
        echo_notices(notices(outlook))
        names = {key: (wallet.team, wallet.environment) for key, wallet in desired.wallets.items()}
        write_result(backtest_json(report, as_of=settings.as_of, months=months, names=names), output)
        return
    from reconciler.cli.forecast import usage_words
    from reconciler.cli.show import colours, terminal_width
    from reconciler.report.backtest_text import BacktestPage, backtest_text

    page = BacktestPage(
        organization=desired.organization.organization,
        as_of=settings.as_of,
        known=usage_words(usage),
        months=months,
        report=report,
        names={key: label(wallet).replace("/", " / ") for key, wallet in desired.wallets.items()},
        notices=notices(outlook),
    )
    write_result(backtest_text(page, width=terminal_width(), colour=output is None and colours()), output)


def _usage(settings: Settings, desired: Desired) -> tuple[DailyUsage, tuple[Finding, ...]]:
    from reconciler.cli.session import connected
    from reconciler.cli.usage import obtain_usage

    if settings.usage:
        usage, doubts = obtain_usage(settings, desired, None)
    else:
        with connected(settings, desired) as connection:
            usage, doubts = obtain_usage(settings, desired, connection)
    if usage is None:
        raise UsageError(
            "there is no usage to replay: Keeptrusts gave no export", hint="name export files with `--usage`"
        )
    return usage, doubts
