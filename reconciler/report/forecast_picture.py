"""Small pictures of a wallet in one line of text: its last weeks, and how the month may end beside its money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from reconciler.model.forecast import WalletForecast

FAN_WIDTH = 26


@dataclass(frozen=True, slots=True)
class Palette:
    """The characters of the pictures. `levels` rise; `fan` is spent, to P10, to P50, to P90."""

    levels: str
    fan: tuple[str, str, str, str]
    mark: str = "|"


BLOCKS = Palette("▁▂▃▄▅▆▇█", ("█", "▓", "▒", "░"))
ASCII = Palette("_.-=+*%#", ("#", "=", "-", "."))
"""For terminals that cannot show blocks."""


def sparkline(values: Sequence[Decimal], palette: Palette) -> str:
    """Return one character for each value, from zero up to the largest of them."""
    top = max(values, default=Decimal(0))
    if top <= 0:
        return palette.levels[0] * len(values)
    last = len(palette.levels) - 1
    return "".join(palette.levels[round(max(value, Decimal(0)) / top * last)] for value in values)


def fan(forecast: WalletForecast, palette: Palette, *, width: int = FAN_WIDTH) -> str:
    """Return a bar from nothing to what the month may cost, with a mark at what the month can spend.

    The bar ends at P90 or at the money, whichever is more; every wallet has its own scale.
    """
    quantiles = forecast.month_end.quantiles
    steps = [forecast.spend_to_date, *(quantiles.get(key, Decimal(0)) for key in ("0.1", "0.5", "0.9"))]
    money = forecast.desired.ceiling
    top = max(*steps, money)
    if top <= 0:
        return ""
    cells = [_shade(top * (2 * cell + 1) / (2 * width), steps, palette) for cell in range(width)]
    at = min(int(money / top * width), width - 1)
    return "".join([*cells[:at], palette.mark, *cells[at + 1 :]]).rstrip()


def _shade(value: Decimal, steps: Sequence[Decimal], palette: Palette) -> str:
    return next((shade for step, shade in zip(steps, palette.fan, strict=True) if value <= step), " ")
