"""What the month end of a wallet is made of, as bars that lead from one to the next."""

from __future__ import annotations

from reconciler.report import wording
from reconciler.report.charts.bars import bars, steps
from reconciler.report.charts.drawing import Drawing
from reconciler.report.details import MONTH_END, lever_table
from reconciler.report.details import layers as parts_of
from reconciler.report.spans import safe_name
from reconciler.report.wallets import WalletStory


def layers(story: WalletStory) -> Drawing | None:
    """Return the drawing, None where no lever is known."""
    forecast, table = story.forecast, lever_table(story)
    if forecast is None or not table:
        return None
    parts, middle = parts_of(forecast)
    rows = steps(
        [(label, wording.exact(amount), amount) for label, amount in parts], (MONTH_END, wording.exact(middle), middle)
    )
    title = f"{story.name}, what makes the month-end figure ({safe_name(forecast.currency, 8)})"
    known = forecast.spend_to_date is not None
    since = f"{wording.exact(forecast.spend_to_date)} spent so far" if known else "nothing that is known"
    told = f"From {since} to {wording.exact(middle)}."
    return bars(title, told, rows, table=table, legend=True)
