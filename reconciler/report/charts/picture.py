"""A chart as a file of its own: with its title, its colours, and what its lines are."""

from __future__ import annotations

from html import escape

from reconciler.report.charts.drawing import STYLE, WIDTH, Drawing, box, line, text

_EDGE, _TITLE, _KEY = 16, 40, 24
_BARS = ("band", "total", "more", "less", "bar")


def picture(drawing: Drawing) -> str:
    """Return the chart as an SVG document, which asks nothing of the network and follows light and dark."""
    width, foot = WIDTH + 2 * _EDGE, _TITLE + drawing.height
    height = foot + _KEY * len(drawing.legend) + _EDGE
    keys = "".join(_key(kind, words, foot + 8 + index * _KEY) for index, (kind, words) in enumerate(drawing.legend))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' role="img"><title>{escape(drawing.title)}</title><desc>{escape(drawing.description)}</desc>'
        f"<style>{STYLE}</style>{box('paper', 0, 0, width=width, height=height)}"
        f'<g font-weight="600">{text(_EDGE, 26, drawing.title)}</g>'
        f'<g transform="translate({_EDGE} {_TITLE})">{"".join(drawing.marks)}</g>{keys}</svg>\n'
    )


def _key(kind: str, words: str, top: float) -> str:
    shape = (
        box(kind, _EDGE, top, width=28, height=10) if kind in _BARS else line(kind, _EDGE, top + 5, to=(44, top + 5))
    )
    return f"{shape}{text(52, top + 10, words)}"
