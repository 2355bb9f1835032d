"""Each question of the articles on planning and forecasting has a command, and its output shows what the page says.

The figures of the page are worked out a second time here, from the events themselves.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple

import duckdb
import forked_command
import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "how-to" / "questions.md"
NAMED = ["-c", "user.name=A team lead", "-c", "user.email=lead@example.org"]
READS_USAGE = ("year", "review", "forecast", "whatif", "recommend", "plan", "spend", "usage export")


class Question(NamedTuple):
    asked: str
    command: str
    shown: tuple[str, ...]


def questions(text: str) -> list[Question]:
    """Return the rows of all tables.

    Raises:
        ValueError: a row has no command, or nothing that could be found in its output.
    """
    rows = []
    for line in text.splitlines():
        if not line.startswith("| ") or line.startswith("| What is asked "):
            continue
        asked, command, look = (cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1])
        shown = tuple(each.replace("\\|", "|") for each in re.findall(r"`([^`]+)`", look))
        if not re.fullmatch(r"`kt-budgets [^`]+`", command) or not shown:
            raise ValueError(f"nothing can be run or looked at: {line}")
        rows.append(Question(asked, command.strip("`"), shown))
    return rows


QUESTIONS = questions(PAGE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory, example_export: Path) -> Callable[[str], str]:
    """Return a function that runs a command in a clone of the example, each once, and gives its output on one line.

    The year of events comes from a file, as the embedded Keeptrusts would hand it out.
    """
    folder = tmp_path_factory.mktemp("questions")
    for name in ("budgets", "schemas"):
        shutil.copytree(ROOT / name, folder / name)
    for arguments in (["init", "--quiet"], ["add", "."], [*NAMED, "commit", "--quiet", "-m", "Begin"]):
        subprocess.run(["git", *arguments], cwd=folder, check=True)
    script = folder / ".bin" / "kt-budgets"
    forked_command.install(script)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KEEPTRUSTS_")}
    environment |= {"PATH": f"{script.parent}{os.pathsep}{environment['PATH']}", "COLUMNS": "120"}

    @cache
    def run(command: str) -> str:
        if " evidence packet " in command:
            run(next(row.command for row in QUESTIONS if " evidence pull " in row.command))
        if command.removeprefix("kt-budgets ").startswith(READS_USAGE):
            command = f"{command} --usage {example_export}"
        done = subprocess.run(  # noqa: S602
            command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return in_one_line(done.stdout)

    return run


def in_one_line(text: str) -> str:
    return " ".join(text.replace("−", "-").replace("–", "-").replace("&#95;", "_").split())


@pytest.mark.parametrize("row", QUESTIONS, ids=[row.asked for row in QUESTIONS])
def test_the_command_of_a_question_answers_it(row: Question, printed: Callable[[str], str]) -> None:
    output = printed(row.command)
    assert [each for each in row.shown if each not in output] == []


@pytest.mark.parametrize(
    "row",
    [
        "| Who grows? | | `A month costs` |",
        "| Who grows? | `kt-budgets year` | the growth |",
        "| Who grows? | look at it | `12` |",
    ],
    ids=["no-command", "nothing-to-look-at", "words-for-a-command"],
)
def test_a_row_that_cannot_be_run_and_looked_at_is_refused(row: str) -> None:
    with pytest.raises(ValueError, match="nothing can be run or looked at"):
        questions(f"| What is asked | Command | Look at |\n|:--|:--|:--|\n{row}\n")


def test_every_kind_of_demand_has_its_rows() -> None:
    assert len(QUESTIONS) >= 55
    assert len({row.asked for row in QUESTIONS}) == len(QUESTIONS)
    commands = {row.command.split()[1] for row in QUESTIONS}
    assert commands >= {"year", "review", "spend", "forecast", "whatif", "recommend", "plan", "calendar", "evidence"}


class Events:
    """The year of events, asked in SQL: nothing of the product takes part."""

    def __init__(self, path: Path) -> None:
        self.connection = duckdb.connect()
        self.connection.execute(
            "CREATE TABLE events AS SELECT *, CAST(timestamp[:10] AS DATE) AS day, timestamp[:7] AS month,"
            " replace(team_id, '_dev', '') AS team, metadata->>'workload' AS workload, metadata->>'lane' AS lane"
            " FROM read_parquet(?) WHERE timestamp < '2026-06-18'",
            [str(path)],
        )

    def one(self, what: str, where: str = "true") -> Decimal:
        (row,) = self.connection.execute(f"SELECT {what} FROM events WHERE {where}").fetchall()
        return Decimal(row[0])

    def spent(self, where: str = "true") -> Decimal:
        return self.one("coalesce(sum(cost), 0)", where)

    def all_teams(self, where: str) -> Decimal:
        """Return what the teams in git spent together, in cents."""
        teams = tuple(f"team_{team}" for team in ("engineering", "finance", "legal_ops", "support"))
        return cents(self.spent(f"{where} AND team IN {teams}"))

    def month_now(self, where: str) -> str:
        """Return the middle one of what the last three whole months cost."""
        return whole(sorted(self.spent(f"month = '2026-{month}' AND {where}") for month in ("03", "04", "05"))[1])

    def then_and_now(self, workload: str, where: str) -> Iterator[tuple[str, str, str]]:
        """Yield what a mean month cost, the requests that were served and what 1,000 cost, at first and now."""
        for months, days in (("'2025-06' AND '2025-08'", 92), ("'2026-03' AND '2026-05'", 92)):
            rows = f"workload = '{workload}' AND month BETWEEN {months} AND {where}"
            served = f"decision = 'allowed' AND {rows}"
            cost, requests = self.spent(f"cost > 0 AND {rows}"), self.one("count(*)", served)
            mean = Decimal("30.4375") / days
            yield whole(cents(cost * mean)), whole(requests * mean), whole(cents(cost / requests * 1000))


def whole(amount: Decimal) -> str:
    return f"{amount.quantize(Decimal(1), ROUND_HALF_EVEN):,}"


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_EVEN)


def exact(amount: Decimal) -> str:
    return f"{cents(amount):,}"


def calculated(events: Events) -> Iterator[str]:
    """Yield what the page is to say, from the events alone."""
    rate = {name: events.month_now(f"team_id = 'team_{name}'") for name in ("support", "support_dev")}
    yield f"support / prod {rate['support']}"
    yield f"support / dev {rate['support_dev']} 2,000 24,000"
    for team in ("support", "engineering", "legal_ops"):
        now = events.month_now(f"team = 'team_{team}'")
        yield f"A month costs {now} now"
    for workload in ("interactive", "batch", "evaluation"):
        pairs = zip(*events.then_and_now(workload, "team = 'team_support'"), strict=True)
        yield " ".join(f"{then} -> {now}" for then, now in pairs)
    nobody = events.spent("team = 'team_marketing'")
    yield f"team that git does not cover spent USD {exact(nobody)}"
    yield f"USD {exact(events.spent())} in {events.one('count(*)'):,} events"


def of_the_month(events: Events) -> Iterator[str]:
    rows = "month = '2026-06' AND team_id = 'team_support'"
    spent = exact(events.spent(rows))
    yield f"support / prod {spent} {spent} {spent} {events.one('count(*)', rows):,}"
    model = exact(events.spent("month = '2026-06' AND provider = 'openai' AND model = 'gpt-4o'"))
    yield f"openai/gpt-4o - {model}"
    whole_month = exact(events.all_teams("month = '2026-06'"))
    yield f"4 teams spent {whole_month}"


def of_reviews(events: Events) -> Iterator[str]:
    then, now = (events.all_teams(f"month = '{month}'") for month in ("2025-06", "2026-05"))
    yield f"4 teams spent {exact(now)}, {exact(now - then)} ({(now - then) / then:.1%}) above"
    then, now = (
        events.all_teams(f"day BETWEEN '2026-06-{first:02d}' AND '2026-06-{first + 6:02d}'") for first in (1, 8)
    )
    off = f"{exact(then - now)} ({(then - now) / then:.1%})"
    yield f"4 teams spent {exact(now)}, {off} below 2026-W23, which cost {exact(then)}"
    then, now = (
        events.spent(f"month BETWEEN '{first}' AND '{last}' AND team = 'team_support'")
        for first, last in (("2025-10", "2025-12"), ("2026-01", "2026-03"))
    )
    yield f"Support spent USD {exact(now)}, USD {exact(now - then)} ({(now - then) / then:.1%}) above"


def test_the_figures_of_the_page_are_those_of_the_events(example_export: Path) -> None:
    shown = [each for row in QUESTIONS for each in row.shown]
    events = Events(example_export)
    expected = [*calculated(events), *of_the_month(events), *of_reviews(events)]
    assert len(expected) == 16
    assert [each for each in expected if not any(each in one for one in shown)] == []


def test_the_savings_of_the_page_are_those_of_the_events(example_export: Path) -> None:
    events, shown = Events(example_export), " ".join(each for row in QUESTIONS for each in row.shown)
    recent = "day BETWEEN '2026-05-21' AND '2026-06-17' AND team = 'team_support'"
    month, cost = Decimal("30.4375") / 28, events.spent(f"cost > 0 AND {recent}")
    missed = 1 - events.one("sum(CAST(cache_hit AS INTEGER)) / count(*)", recent)
    assert f"one point more saves about {whole(cost / missed / 100 * month)} a month" in shown
    prices = {}
    for model in ("gpt-4o", "gpt-4o-mini"):
        rows = f"provider = 'openai' AND model = '{model}' AND NOT cache_hit AND {recent}"
        prices[model] = events.spent(f"cost > 0 AND {rows}") / events.one("sum(input_tokens + output_tokens)", rows)
    ratio = prices["gpt-4o-mini"] / prices["gpt-4o"]
    spent = events.spent(f"cost > 0 AND provider = 'openai' AND model = 'gpt-4o' AND {recent}")
    assert f"at {ratio:.0%} of its price, saves about {whole(spent / 10 * (1 - ratio) * month)} a month" in shown
