"""Text at a given width: no line is wider, whatever the names and amounts, and nothing is torn that fits otherwise."""

from __future__ import annotations

from decimal import Decimal

import pytest
from cli.conftest import Run
from cli.journal_desk import AS_OF, Desk
from rich.cells import cell_len

from reconciler.findings import ExitCode

LONG = "owners: ['@acme/the-people-who-own-every-single-budget-of-the-organization']\n"
STEPS = "[{amount: 1234567890.12, from: 2026-06}, {amount: 9876543210.12, from: 2026-09}]"


def widest(text: str) -> int:
    return max(cell_len(line) for line in text.splitlines())


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_line_of_any_text_is_wider_than_was_asked_for(width: int, desk: Desk) -> None:
    desk.world.pool = Decimal(20_000_000_000)
    desk.write(STEPS, org=LONG)
    usage = ("--usage", desk.remote.parent / "usage.csv")
    desk.plan()
    commands: tuple[tuple[object, ...], ...] = (
        ("plan", *AS_OF, *usage, "--all-teams"),
        ("show", "plan.json"),
        ("calendar", "--as-of", "2026-06-18"),
        ("apply", *AS_OF, "--plan", "plan.json", "--settle", "0"),
        ("apply", *AS_OF, "--period", "2026-06", "--settle", "0", "--dry-run"),
        ("resume", *AS_OF),
        ("drift", *AS_OF),
        ("audit", *AS_OF),
        ("year", *AS_OF, *usage),
        ("doctor", *AS_OF, *usage),
        ("help", "glossary"),
    )
    for command in commands:
        done = desk.kt(*command, "--width", width)
        assert done.out, (command, done.err)
        told = [line for line in done.out.splitlines() if not line.startswith(("Saved to", "Next: kt-budgets show"))]
        assert widest("\n".join(told)) <= width, command


def test_the_option_goes_before_columns_and_columns_before_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.write("500", org=LONG)
    desk.plan()
    wide = desk.kt("show", "plan.json").out
    assert 80 < widest(wide) <= 120
    monkeypatch.setenv("COLUMNS", "60")
    narrow = desk.kt("show", "plan.json").out
    assert widest(narrow) <= 60
    assert desk.kt("show", "plan.json", "--width", "120").out == wide
    assert desk.kt("show", "plan.json", "--width", "60").out == narrow


def test_a_finding_stays_one_line_for_programs_where_no_width_is_known(desk: Desk) -> None:
    desk.write("five-dollars-and-a-great-many-cents-that-nobody-can-read-as-an-amount-of-money-in-any-way-at-all")
    desk.chdir(desk.clone)
    (line,) = [line for line in desk.kt("validate").out.splitlines() if " error " in line]
    assert len(line) > 120
    assert widest(desk.kt("validate", "--width", "60").out) <= 60


@pytest.mark.parametrize("width", ["39", "401", "wide"])
def test_a_width_that_makes_no_sense_is_a_usage_error(width: str, kt: Run) -> None:
    assert kt("help", "--width", width).code == ExitCode.USAGE
