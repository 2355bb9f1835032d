"""What the benchmarks printed for each release, and how the picture of it is drawn.

Kept in `history.json`: ratios are measured against a peer in the same run, so that releases that were measured on
different machines compare.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from reconciler.report.charts.drawing import WIDTH, Drawing, curve, line, spread, text
from reconciler.report.charts.picture import picture

HISTORY = Path(__file__).with_name("history.json")
PICTURE = Path(__file__).parents[1] / "docs" / "explanation" / "speed.svg"

REGRESSION = 1.10
"""A ratio that grew by more than this factor since the last release is a regression."""

_COLUMNS, _ACROSS, _DOWN, _HIGH = 2, WIDTH / 2, 130, 56


@dataclass(frozen=True)
class Measured:
    """A ratio of a release; `limit` is the claim of that time, None where there was none."""

    value: float
    limit: float | None = None


@dataclass(frozen=True)
class Release:
    """What one release measured, by the name of each ratio, and with what."""

    version: str
    day: date
    machine: Mapping[str, str]
    ratios: Mapping[str, Measured]


_RELEASES = TypeAdapter(tuple[Release, ...])


def read(path: Path | None = None) -> tuple[Release, ...]:
    """Return all releases, the newest last.

    Raises pydantic's ValidationError where the file is not of this form.
    """
    path = path or HISTORY
    return _RELEASES.validate_json(path.read_bytes()) if path.exists() else ()


def write(releases: Sequence[Release], path: Path | None = None) -> None:
    (path or HISTORY).write_bytes(_RELEASES.dump_json(tuple(releases), indent=2) + b"\n")


def with_release(releases: Sequence[Release], new: Release) -> tuple[Release, ...]:
    """Return the releases with one more; one of the same version is measured anew, where it was left."""
    if any(each.version == new.version for each in releases):
        return tuple(new if each.version == new.version else each for each in releases)
    return (*releases, new)


def regressions(before: Release, now: Mapping[str, Measured]) -> Iterator[str]:
    """Yield a line for each ratio that grew, and for each that is not measured any more."""
    for name, then in before.ratios.items():
        if name not in now:
            yield f"{name} is not measured any more; {before.version} had {then.value:.2f}"
        elif now[name].value > then.value * REGRESSION:
            grown = now[name].value / then.value - 1
            yield f"{name} is {now[name].value:.2f}, {grown:.0%} more than the {then.value:.2f} of {before.version}"


def drawn(releases: Sequence[Release]) -> str:
    """Return a small chart for each ratio as one SVG document: a line over the releases, and dashed the claim."""
    names = list(dict.fromkeys(name for each in releases for name in each.ratios))
    marks = [mark for place, name in enumerate(names) for mark in _chart(releases, name, place)]
    height = _DOWN * -(-len(names) // _COLUMNS)
    title, about = "Speed by release", "Each time is a multiple of what is named, measured in the same run."
    legend = (("spent", "measured"), ("alert", "the most that is claimed"))
    return picture(Drawing(title, about, height, tuple(marks), legend))


def _chart(releases: Sequence[Release], name: str, number: int) -> Iterator[str]:
    found = [(release, each.ratios[name]) for release, each in enumerate(releases) if name in each.ratios]
    newest = found[-1][1]
    left, top = _ACROSS * (number % _COLUMNS), _DOWN * (number // _COLUMNS) + 46
    high = max(*(one.value for _, one in found), newest.limit or 0) * 1.1
    width = _ACROSS - 110

    def at(release: int, value: float) -> tuple[float, float]:
        return left + width * (release + 0.5) / len(releases), top + _HIGH * (1 - value / high)

    yield text(left, top - 16, name)
    yield line("grid", left, top + _HIGH, to=(left + width, top + _HIGH))
    yield text(left, top + _HIGH + 16, releases[0].version, kind="tick")
    if len(releases) > 1:
        yield text(left + width, top + _HIGH + 16, releases[-1].version, anchor="end", kind="tick")
    points = [at(release, one.value) for release, one in found]
    labels = [(points[-1][1], f"{newest.value:.2f}", "text")]
    if newest.limit is not None:
        limit = at(0, newest.limit)[1]
        yield line("alert", left, limit, to=(left + width, limit))
        labels.append((limit, f"at most {newest.limit:g}", "tick"))
    yield curve("spent", [(points[0][0] - 4, points[0][1]), *points, (points[-1][0] + 4, points[-1][1])])
    labels.sort()
    places = spread([wanted for wanted, _, _ in labels], low=top, high=top + _HIGH, gap=15)
    for place, (_, words, kind) in zip(places, labels, strict=True):
        yield text(left + width + 6, place + 4, words, kind=kind)
