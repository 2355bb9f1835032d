"""`kt-budgets forecast`: how each wallet's month may end, when it runs out, and the months ahead."""

from __future__ import annotations

from typing import Any

from reconciler.cli import options
from reconciler.cli.printing import prints
from reconciler.report.renderers import Answer


@options.command("forecast --usage exports/ --wallet support/prod --horizon 3")
@options.network
@options.usage
@options.wallets
@options.whole(
    "--horizon", 1, 24, "How many months to look ahead, 1 to 24; default that of org.yaml.", metavar="MONTHS"
)
@options.offline
@prints("forecast")
def command(*, wallets: tuple[str, ...], horizon: int | None, offline: bool, **values: Any) -> Answer:
    """Show how the month may end, when money runs out, and the months ahead.

    Every figure is a statistic of the same simulated days, under the money of today and under that of the YAML.
    Without a token, `--usage` files are enough: each wallet is then taken to hold its target.
    """
    from reconciler.app.outlook.forecast import look_ahead

    return look_ahead(options.settings(values), wallets=wallets, horizon=horizon, offline=offline)
