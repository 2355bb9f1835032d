"""A chart as SVG, drawn once: inside the report, and as a file of its own. Decision 0107.

Marks have classes, and one sheet of styles colours them, by day and by night. Lines differ in their pattern as well as
in their colour, and are labelled where they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape

from reconciler.report.document import Table

WIDTH = 640
"""How wide a drawing is, in its own units: some 13 of them are a line of text, on a phone 21."""
LINE = 28
"""How far apart labels stand, so that they do on a phone too."""

_DAY = {"paper": "#ffffff", "ink": "#1f2328", "faint": "#59636e", "grid": "#d1d9e0", "spent": "#0969da"}
_DAY |= {"band": "#b6d3f7", "alert": "#b35900", "more": "#b35900", "less": "#0969da", "total": "#59636e"}
_NIGHT = {"paper": "#0d1117", "ink": "#e6edf3", "faint": "#9198a1", "grid": "#3d444d", "spent": "#4493f8"}
_NIGHT |= {"band": "#173a66", "alert": "#e09b13", "more": "#e09b13", "less": "#4493f8", "total": "#9198a1"}
_STROKES = {
    "grid": ("grid", "1", ""),
    "spent": ("spent", "3", ""),
    "ahead": ("spent", "3", "7 5"),
    "now": ("faint", "2", "10 4"),
    "new": ("ink", "2", ""),
    "alert": ("alert", "2", "2 4"),
    "today": ("faint", "1", "1 3"),
}
_FILLS = ("paper", "band", "more", "less", "total", "bar")


def _rules(colours: dict[str, str]) -> str:
    told = {"bar": colours["spent"]} | colours
    fills = "".join(f".c-{name}{{fill:{told[name]}}}" for name in _FILLS)
    strokes = "".join(f".c-{name}{{stroke:{told[colour]}}}" for name, (colour, _, _) in _STROKES.items())
    keys = "".join(f".k-{name}{{border-color:{told[name]}}}" for name in _FILLS)
    keys += "".join(f".k-{name}{{border-color:{told[colour]}}}" for name, (colour, _, _) in _STROKES.items())
    return f"{fills}{strokes}{keys}.c-text{{fill:{told['ink']};stroke:{told['paper']}}}.c-tick{{fill:{told['faint']}}}"


def _shapes() -> Iterable[str]:
    for name, (_, width, dashes) in _STROKES.items():
        pattern = f";stroke-dasharray:{dashes.replace(' ', ',')}" if dashes else ""
        yield f".c-{name}{{fill:none;stroke-width:{width}{pattern}}}"
    yield ".c-text,.c-tick{font-family:system-ui,Segoe UI,Roboto,Arial,sans-serif;font-size:13px}"
    yield ".c-text{paint-order:stroke;stroke-width:4px;stroke-linejoin:round}"


STYLE = f"{''.join(_shapes())}{_rules(_DAY)}@media (prefers-color-scheme:dark){{{_rules(_NIGHT)}}}"


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart. `legend` pairs a class with what it stands for; `table` says the same in figures."""

    title: str
    description: str
    height: int
    marks: tuple[str, ...]
    legend: tuple[tuple[str, str], ...] = ()
    table: Table = field(default_factory=Table)

    @property
    def svg(self) -> str:
        """The picture, as an element of a page whose style holds `STYLE`."""
        told = escape(f"{self.title}. {self.description}")
        return f'<svg viewBox="0 0 {WIDTH} {self.height}" role="img" aria-label="{told}">{"".join(self.marks)}</svg>'


def text(x: float, y: float, words: str, *, anchor: str = "start", kind: str = "text") -> str:
    return f'<text class="c-{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def line(kind: str, x: float, y: float, *, to: tuple[float, float]) -> str:
    return f'<path class="c-{kind}" d="M{x:.1f} {y:.1f}L{to[0]:.1f} {to[1]:.1f}"/>'


def curve(kind: str, points: Sequence[tuple[float, float]]) -> str:
    return f'<polyline class="c-{kind}" points="{_pairs(points)}"/>'


def area(kind: str, points: Sequence[tuple[float, float]]) -> str:
    return f'<polygon class="c-{kind}" points="{_pairs(points)}"/>'


def box(kind: str, x: float, y: float, *, width: float, height: float) -> str:
    return f'<rect class="c-{kind}" x="{x:.1f}" y="{y:.1f}" width="{max(width, 1):.1f}" height="{height:.1f}"/>'


def _pairs(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def spread(wanted: Sequence[float], *, low: float, high: float, gap: float = LINE) -> list[float]:
    """Return places for labels, in the order of those `wanted`, which rise: near them, apart, and within both ends."""
    places: list[float] = []
    for place in wanted:
        places.append(max(place, low, places[-1] + gap if places else low))
    ceiling = high
    for index in reversed(range(len(places))):
        places[index] = min(places[index], ceiling)
        ceiling = places[index] - gap
    return places
