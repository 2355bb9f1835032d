"""One chart of a plan as a file: SVG, or pixels made of it by resvg, which is an extra."""

from __future__ import annotations

from reconciler.findings import UsageError
from reconciler.meant import close_to, did_you_mean
from reconciler.model.plan import Plan
from reconciler.report.charts.catalogue import drawings
from reconciler.report.charts.drawing import Drawing
from reconciler.report.charts.picture import picture
from reconciler.report.spans import visible
from reconciler.report.wording import listed

_ZOOM = 2.0
_INSTALL = "install it with `pip install '.[png]'` in a clone of kt-budgets, or take `--format svg`"
_LETTER = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><text y="18">A</text></svg>'


def as_svg(plan: Plan, name: str | None) -> str:
    """Return the chart that is called so; raises UsageError where there is none, or nothing is known to draw."""
    return picture(_chosen(plan, name))


def as_png(plan: Plan, name: str | None) -> bytes:
    """Return the same as pixels; UsageError as well where the library or a font is missing."""
    drawn = as_svg(plan, name)
    try:
        from resvg_py import svg_to_bytes
    except ImportError:
        raise UsageError("a PNG is made by resvg, which is not installed", hint=_INSTALL) from None
    if svg_to_bytes(svg_string=_LETTER) == svg_to_bytes(svg_string=_LETTER, skip_system_fonts=True):
        hint = "install one (Debian: apt-get install fonts-dejavu-core), or take `--format svg`"
        raise UsageError("no font is installed here, so that the picture would have no words", hint=hint)
    return svg_to_bytes(svg_string=drawn, zoom=_ZOOM)


def _chosen(plan: Plan, name: str | None) -> Drawing:
    named = drawings(plan)
    there = f"there are {listed([f'`{visible(one, 80)}`' for one in named], 8)}"
    if name is None:
        raise UsageError("a picture is of one chart, and none is named", hint=f"name it with `--chart`; {there}")
    if name not in named:
        meant = did_you_mean(close_to(name, named)) or there
        raise UsageError(f"the plan has no chart `{visible(name, 80)}`", hint=meant)
    drawn = named[name]()
    if drawn is None:
        raise UsageError(f"nothing is known to draw for `{visible(name, 80)}`", hint="plan with `--usage`")
    return drawn
