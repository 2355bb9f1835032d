"""The terminal's text: within its width, aligned, coloured only when asked."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from reconciler.model.plan import Scope
from reconciler.model.plan_finding import PlanFinding
from reconciler.report.columns import Grid, fitted, wrapped
from reconciler.report.summary import summarise
from reconciler.report.text import text


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
def test_no_line_is_wider_than_the_terminal(width: int, plans: Any) -> None:
    for story in plans.STORIES.values():
        lines = text(summarise(story()), width=width, colour=False).split("\n")
        assert max(cell_len(line) for line in lines) <= width
        assert [line for line in lines if line != line.rstrip()] == []


def test_a_terminal_that_is_narrower_than_sense_gets_forty_columns(plans: Any) -> None:
    report = summarise(plans.one_wallet())
    assert text(report, width=5, colour=False) == text(report, width=40, colour=False)


def test_colour_changes_nothing_but_the_colour(plans: Any) -> None:
    report = summarise(plans.refused())
    coloured = text(report, width=100, colour=True)
    assert "\x1b[31m" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == text(report, width=100, colour=False)


def test_nothing_to_change_is_said(plans: Any) -> None:
    assert "\nNothing to change.\n" in text(summarise(plans.nothing()), width=100, colour=False)


def test_the_terminal_gets_ascii_punctuation(plans: Any) -> None:
    assert text(summarise(plans.twelve()), width=100, colour=False).isascii()


def test_numbers_stand_right_aligned(plans: Any) -> None:
    lines = text(summarise(plans.one_wallet()), width=120, colour=False).split("\n")
    place = next(number for number, line in enumerate(lines) if "spent" in line and "runs out" in line)
    heading, *rows = lines[place:][:3]
    assert {row.index(cell) + len(cell) for row, cell in zip(rows, ("6,412", "803"), strict=True)} == {
        heading.index("spent") + len("spent")
    }


def test_a_grid_too_wide_for_two_columns_becomes_records() -> None:
    grid = Grid(("", "spent", "runs out"), ("left", "right", "left"), (("n" * 30, "6,412", ""),))
    assert grid.lines(36) == [f"  {'n' * 30}", "      spent 6,412"]


def test_wide_characters_are_aligned_by_what_the_eye_sees() -> None:
    grid = Grid(("", "x"), ("left", "left"), (("名前", "1"), ("abcd", "2")))
    assert grid.lines(80) == ["        x", "  名前  1", "  abcd  2"]


@given(st.text(st.sampled_from("ab 名\u0301"), max_size=60), st.integers(12, 40))
def test_wrapping_keeps_every_word_and_the_width(raw: str, width: int) -> None:
    lines = wrapped(raw, width, indent=2, hanging=4)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(raw.split())


def test_wrapping_nothing_gives_at_most_an_empty_line() -> None:
    assert wrapped("", 20, indent=2) == [""]


def test_what_holds_alike_for_many_wallets_is_said_once(plans: Any) -> None:
    plan = plans.one_wallet()
    (wallet,) = plan.impact[:1]
    names = [f"t{number}" for number in range(12)]
    said = "has no usage before 2026-06-18; the forecast is the baseline of its annual plan, nothing that was seen"

    def notice(name: str) -> PlanFinding:
        place = {"path": f"{name}.yaml", "line": 3, "column": 9, "severity": "warning"}
        return PlanFinding(**place, code="no-history", message=f"{name}/prod {said}", hint="give usage")

    def warned(count: int) -> str:
        findings = tuple(notice(name) for name in [*names[:count], "x"])
        impact = tuple(wallet.model_copy(update={"team": name, "environment": "prod"}) for name in names)
        report = summarise(plan.model_copy(update={"impact": impact, "findings": findings}))
        return text(report, width=300, colour=False)

    assert warned(1).count("warning no-history") == 2
    assert "(the same holds for 1 other wallet: t1/prod)" in warned(2)
    together = warned(12)
    assert together.count("warning no-history") == 2
    assert (
        f"t0.yaml:3:9: t0/prod {said} (the same holds for 11 other wallets: t1/prod, t2/prod, t3/prod, t4/prod,"
        " t5/prod,"
        " t6/prod, t7/prod, t8/prod and 3 more)" in together
    )
    assert f"x.yaml:3:9: x/prod {said}\n" in together
    assert "(the same holds for 3 other wallets: t1/prod, t2/prod, t3/prod)" in warned(4)


def test_warnings_in_files_of_teams_that_a_plan_is_not_about_are_counted(plans: Any) -> None:
    def warned(scope: Scope | None, *paths: str) -> str:
        about = {"line": 3, "column": 9, "severity": "warning", "code": "small", "hint": "h"}
        findings = tuple(PlanFinding(path=path, message=f"of {path}", **about) for path in paths)
        report = summarise(plans.one_wallet().model_copy(update={"scope": scope, "findings": findings}))
        return text(report, width=300, colour=False)

    scope = Scope(since="9c1e7b2d4f60", teams=("support",), of=3)
    paths = [f"ai/teams/{team}.yaml" for team in ("support", "legal", "legal", "teams")]
    said = warned(scope, "ai/org.yaml", *paths)
    assert re.findall(r"of (\S+\.yaml)", said) == ["ai/org.yaml", "ai/teams/support.yaml"]
    assert "3 warnings in 2 files of other teams" in said
    assert "of other teams" not in warned(None, "ai/org.yaml", *paths)
    assert "of other teams" not in warned(scope, "ai/org.yaml", paths[0])


STEPS = Grid(
    ("", "planned", "why"),
    ("left", "right", "left"),
    (("growth", "+31,200.00", "tooling reaches every squad of the organization"), ("= wallets", "348,000.00", "")),
)


def test_sentences_stand_below_their_rows_where_the_columns_of_figures_fit_and_they_do_not() -> None:
    assert STEPS.lines(60) == [
        "                planned",
        "  growth     +31,200.00",
        "      why: tooling reaches every squad of the organization",
        "  = wallets  348,000.00",
    ]
    assert STEPS.lines(40)[2:4] == ["      why: tooling reaches every squad", "        of the organization"]
    assert len(STEPS.lines(80)) == 3


cells = st.text(alphabet="ab 0,名é", max_size=70)


@given(st.lists(st.tuples(cells, cells, cells, cells), min_size=1, max_size=4), st.integers(40, 130))
def test_no_line_of_a_grid_is_wider_than_the_width(rows: list[tuple[str, ...]], width: int) -> None:
    grid = Grid(("", "spent", "runs out", "why"), ("left", "right", "left", "left"), tuple(rows))
    assert all(cell_len(line) <= width for line in grid.lines(width))


def test_a_line_that_nothing_laid_out_is_broken_between_words_and_hangs() -> None:
    assert fitted("a line\n  one two three four\n\n", 12) == "a line\n  one two\n    three\n    four\n\n"
    assert fitted("名" * 10 + "\n", 8) == "名名名\n  名名名\n  名名名\n  名\n"
    assert fitted("\x1b[1mone two three\x1b[0m\n", 8) == "\x1b[1mone two three\x1b[0m\n"


def test_a_move_that_is_too_long_for_a_line_says_below_what_it_leads_from_and_to(plans: Any) -> None:
    lines = text(summarise(plans.one_wallet()), width=50, colour=False).split("\n")
    assert lines[lines.index("") + 1 :][:2] == [
        "  support / prod   allocate  2,000.00",
        "      funded 10,500.00, target 12,500.00",
    ]


def test_a_colour_says_nothing_that_a_word_does_not_say(plans: Any) -> None:
    for story in plans.STORIES.values():
        for line in text(summarise(story()), width=120, colour=True).split("\n"):
            inked = re.match(r"\x1b\[(31|33)m *(?:Budget plan )?(\w+)", line)
            hangs = re.match(r"\x1b\[(31|33)m {4}", line)
            assert inked is None or hangs or inked[2] in ("refused", "waived", "warning"), line
