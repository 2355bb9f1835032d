"""`kt-budgets backtest`: how wrong the forecast would have been on the organization's own past."""

from __future__ import annotations

from typing import Any

from reconciler.cli import options
from reconciler.cli.printing import prints
from reconciler.findings import UsageError
from reconciler.report.renderers import Answer


@options.command("backtest --usage exports/ --months 6")
@options.network_with(options.month("The last month to judge; default that before --as-of."))
@options.usage
@options.wallets
@options.whole("--months", 1, 24, "How many whole months; the export must reach back that far.", default=12)
@options.flag("--logged", help="Judge the forecasts that people acted on, as they were logged, and replay nothing.")
@options.journal
@prints("backtest")
def command(*, wallets: tuple[str, ...], months: int, logged: bool, **values: Any) -> Answer:
    """Show how wrong the forecast was on your own past.

    From the 1st, 8th, 15th and 22nd of each past month, the month end is forecast with what was known then, beside the
    run rate, the 28-day mean and a line. With `--usage` files nothing is asked of Keeptrusts.

    With `--logged` the forecasts of plans that were applied, which are logged beside the journal, are held against what
    came instead.
    """
    from reconciler.app.outlook import backtest, calibration

    if logged:
        return calibration.calibrated(options.settings(values), wallets=wallets, months=months)
    if values.pop("journal"):
        raise UsageError("only `--logged` reads a journal", hint="add `--logged`, or leave `--journal` out")
    return backtest.backtest(options.settings(values), wallets=wallets, months=months)
