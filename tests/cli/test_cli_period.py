"""`--period`: whoever offers it goes by it. Else the figures are those of another month than the one asked for."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import click
import pytest
from cli.conftest import Run
from cli.journal_desk import AS_OF, Desk

from reconciler.cli.main import COMMANDS, cli
from reconciler.findings import ExitCode
from reconciler.sandbox.server import Sandbox, running
from reconciler.settings import overlaid

DAY = "2026-06-18"
ONE = "--wallet support/dev"
MOVED = {
    "adopt": "",
    "apply": "--dry-run",
    "backtest": f"--months 1 {ONE}",
    "doctor": "--no-probe",
    "drift": "",
    "evidence pull": "",
    "forecast": ONE,
    "import": "--dry-run",
    "plan": "",
    "recommend": ONE,
    "review": "",
    "spend": "",
    "usage export": "",
    "whatif": "--growth support=+25%",
    "year": "",
}
"""Commands that offer a month, with what else they are to be told."""
NEED_MORE = {"audit", "evidence packet", "release", "pr approval", "pr command", "pr refresh", "pr show"}
"""Those that offer one too, and need a journal or a forge to show that they go by it."""
TODAY = {"init", "pr apply", "resume"}
"""Those that share the options of the others and go by the day: they take no month but that of --as-of."""


def commands(group: click.Group, context: click.Context, before: str = "") -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, context, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


def options_of(command: click.Command) -> set[str]:
    return {option for each in command.params for option in each.opts}


def test_every_command_that_offers_a_month_is_known_here() -> None:
    assert COMMANDS
    found = {name: options_of(command) for name, command in commands(cli, click.Context(cli))}
    assert {name for name, options in found.items() if "--period" in options} == MOVED.keys() | NEED_MORE | TODAY
    shared = {"--api-url", "--as-of"}
    assert {name for name, options in found.items() if shared <= options and "--period" not in options} == set()


@pytest.mark.parametrize("command", sorted(TODAY))
def test_a_command_that_goes_by_the_day_takes_no_other_month(desk: Desk, command: str) -> None:
    desk.chdir(desk.clone)
    done = desk.kt(*command.split(), *AS_OF, "--period", "2026-05")
    assert (done.code, done.out) == (ExitCode.USAGE, "")
    assert "this command goes by the day, 2026-06-18, and not by a month such as 2026-05" in done.err
    assert "goes by the day" not in desk.kt(*command.split(), *AS_OF, "--period", "2026-06").err


@pytest.fixture(scope="module")
def acme() -> Iterator[Sandbox]:
    with running(scenario="acme", as_of=date.fromisoformat(DAY)) as sandbox:
        yield sandbox


@pytest.mark.slow
@pytest.mark.parametrize("command", MOVED)
def test_another_month_gives_another_answer(
    command: str, kt: Run, acme: Sandbox, example_export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(Path(__file__).parents[2] / "budgets", "budgets")
    month, other = ("2026-06", "2026-09") if command == "year" else ("2026-04", "2026-05")
    offers = options_of(dict(commands(cli, click.Context(cli)))[command])
    usage = ("--usage", example_export) if "--usage" in offers and command != "import" else ()
    with overlaid(KEEPTRUSTS_API_URL=acme.url, KEEPTRUSTS_API_TOKEN=acme.read_token):
        asked = [*command.split(), *MOVED[command].split(), *usage, "--as-of", DAY]
        first, second = (kt(*asked, "--period", each) for each in (month, other))
    assert (first.code, first.out, first.err) != (second.code, second.out, second.err)


def test_the_trail_of_a_month_holds_its_runs_alone(desk: Desk) -> None:
    assert desk.applied("--journal", "file:journal").code == ExitCode.DONE

    def runs(*asked: str) -> list[str]:
        done = desk.kt("audit", *AS_OF, "--journal", "file:journal", "--format", "json", *asked)
        return [run["period"] for run in json.loads(done.out)["runs"]]

    assert runs() == runs("--period", "2026-06") == ["2026-06"]
    assert runs("--period", "2026-05") == []


def test_options_of_another_way_to_go_are_refused(desk: Desk) -> None:
    for asked in ("--dry-run", "--once", "--beyond-fiscal-year"):
        done = desk.kt("apply", *AS_OF, "--plan", "plan.json", asked)
        assert (done.code, f"{asked} is for opening a month, and this is a saved plan" in done.err) == (2, True)
    done = desk.kt("backtest", *AS_OF, "--journal", "file:journal")
    assert (done.code, "only `--logged` reads a journal" in done.err) == (ExitCode.USAGE, True)
