"""An amount that is likely meant in thousands is told with both cures; written with its cents, nothing is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from source.trees import TEAM, write_tree

from reconciler.source.load import load

FULL = """\
version: 1
team: a
plan: {{baseline_monthly: {baseline}}}
wallets:
  prod: {{team_id: team_a, monthly: {monthly}{more}}}
billing_budgets:
  - {{name: spend, amount: {alert}, alert_percentages: [80]}}
"""


def small(place: Path, *, neighbours: str = "1000.00", **values: str) -> list[tuple[int, str]]:
    """Return the lines and hints of what is told as small, in the file of a team beside three others."""
    said = {"baseline": "9000", "monthly": "9000", "more": "", "alert": "9000", **values}
    others = {f"teams/{name}.yaml": TEAM.format(team=name).replace("1000.00", neighbours) for name in "bcd"}
    loaded = load(write_tree(place, {"teams/a.yaml": FULL.format(**said), **others}))
    return [(found.position.line, found.hint) for found in loaded.findings if found.code == "amount-small"]


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"monthly": "18", "neighbours": "7000.00"}, 5),
        ({"monthly": '"18"', "neighbours": "7000.00"}, 5),
        ({"monthly": "[{amount: 9000, from: 2026-06}, {amount: 18, from: 2026-09}]"}, 5),
        ({"more": ", overrides: {2026-11: 18}"}, 5),
        ({"alert": "18"}, 7),
        ({"baseline": "18"}, 3),
    ],
)
def test_an_amount_that_may_be_in_thousands_is_told_with_both_cures(
    tmp_path: Path, values: dict[str, str], line: int
) -> None:
    ((found, hint), *others) = small(tmp_path / "said", **values)
    assert (found, others) == (line, [])
    assert "18000.00 if thousands are meant, or 18.00 with its cents" in hint
    for cure in ("18000.00", "18.00"):
        cured = {name: value.replace("18", cure) for name, value in values.items()}
        assert small(tmp_path / cure, **cured) == []


@pytest.mark.parametrize(
    "values",
    [
        {"monthly": "18", "neighbours": "1800.00", "baseline": "18", "alert": "18"},
        {"monthly": "18", "baseline": "18", "alert": "18", "neighbours": "18"},
        {"more": ", overrides: {2026-11: 0}"},
        {"monthly": "1000", "neighbours": "900000.00", "alert": "1000", "baseline": "1000"},
    ],
)
def test_what_is_not_far_below_its_neighbours_is_not_told(tmp_path: Path, values: dict[str, str]) -> None:
    assert small(tmp_path, **values) == []
