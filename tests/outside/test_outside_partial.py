"""Money against a Keeptrusts that gives its listings in parts, or books in words of its own, from outside."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from other_keeptrusts import Habits, World, other_keeptrusts
from paging_shapes import Shape

Run = Callable[..., "subprocess.CompletedProcess[str]"]

PLAN = ("plan", "--as-of", "2026-06-18", "--usage", "usage.csv", "--detailed-exit-code")
APPLY = ("apply", "--as-of", "2026-06-18", "--plan", "plan.json", "--format", "json")
TARGETS = {"t-alpha": "1200.50", "t-alpha-dev": "300", "t-beta": "0.07", "t-gamma": "450.00"}


def world(shape: Shape | None = None, kind: str = "allocate") -> World:
    """Return a world in which every wallet is funded as the YAML says, alpha by an entry that comes last of twelve."""
    state = World(Habits(shape=shape), teams={key: key for key in TARGETS})
    for key, amount in TARGETS.items():
        state.enter(key, kind, Decimal(amount), at="2026-06-01T00:00:00Z")
    for number in range(11):
        state.enter("t-alpha", "settle", Decimal("1.25"), at=f"2026-06-{number + 2:02d}T10:00:00Z")
    return state


@pytest.mark.parametrize(
    "says", ["total", "count", "total_pages", "pagination", "has_more", "truncated", "Link", "X-Total-Count"]
)
def test_a_ledger_of_which_a_part_came_stops_the_plan_and_nothing_is_sent(kt: Run, says: str) -> None:
    with other_keeptrusts(state := world(Shape(says, "in no way", 6))) as url:
        done = kt(url, *PLAN)
    assert done.returncode == 9, done.stdout + done.stderr
    assert "/transactions" in done.stderr or "/v1/wallets" in done.stderr
    assert "cannot be read" in done.stderr
    assert state.writes == []


@pytest.mark.parametrize(
    ("says", "goes"),
    [
        ("total and offset", "by offset"),
        ("pagination", "by page"),
        ("spring", "by page"),
        ("has_more", "by offset"),
        ("X-Total-Count", "by page"),
        ("Link", "by cursor"),
        ("nothing, bare", "by offset"),
    ],
)
def test_a_ledger_in_parts_is_put_together_and_a_funded_month_stays_as_it_is(kt: Run, says: str, goes: str) -> None:
    with other_keeptrusts(state := world(Shape(says, goes, 5))) as url:
        done = kt(url, *PLAN)
        assert done.returncode == 10, done.stdout + done.stderr
        assert kt(url, *APPLY).returncode == 0
    assert {key: state.funded(key, "2026-06") for key in TARGETS} == {k: Decimal(v) for k, v in TARGETS.items()}
    assert not [path for _, path, _ in state.writes if "wallets" in path]


def test_an_entry_of_a_type_that_nobody_knows_stops_the_plan_with_a_cure_that_works(kt: Run, folder: Path) -> None:
    with other_keeptrusts(state := world(kind="budget-grant")) as url:
        done = kt(url, *PLAN)
        assert done.returncode == 9, done.stdout + done.stderr
        assert "): its type `budget-grant` is not known" in done.stderr
        assert "`api: {ledger_types: {budget-grant: allocate}}`" in done.stderr
        organization = folder / "budgets" / "org.yaml"
        organization.write_text(organization.read_text() + "api: {ledger_types: {budget-grant: allocate}}\n")
        assert kt(url, *PLAN).returncode == 10
        assert kt(url, *APPLY).returncode == 0
    assert not [path for _, path, _ in state.writes if "wallets" in path]


@pytest.mark.parametrize("kind", ["allocation", "Allocated", "ALLOCATE"])
def test_another_form_of_a_known_type_counts_as_it(kt: Run, kind: str) -> None:
    with other_keeptrusts(state := world(kind=kind)) as url:
        assert kt(url, *PLAN).returncode == 10
        assert kt(url, *APPLY).returncode == 0
    assert not [path for _, path, _ in state.writes if "wallets" in path]
