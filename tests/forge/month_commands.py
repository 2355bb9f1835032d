"""The commands of the workflows as their scripts have them, run in this process."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from functools import lru_cache

import click
from forge.workflow_shell import load

from reconciler.cli.apply import command as apply_command
from reconciler.cli.drift import command as drift_command
from reconciler.cli.plan import command as plan_command
from reconciler.cli.pr import command as pr_command
from reconciler.cli.resume import command as resume_command


@click.group()
def cli() -> None:
    """Stand for the group that all commands are in."""


for _name, _command in {
    "plan": plan_command,
    "apply": apply_command,
    "resume": resume_command,
    "drift": drift_command,
    "pr": pr_command,
}.items():
    cli.add_command(_command, _name)


@lru_cache
def line_of(workflow: str, job: str, begins: str) -> tuple[str, ...]:
    """Return the words of a command as a workflow's script has it, without what the shell does with its output."""
    steps = load(workflow)["jobs"][job]["steps"]
    text = "\n".join(step["run"] for step in steps if "run" in step).replace("\\\n", " ")
    line = next(line for line in text.splitlines() if f"kt-budgets {begins}" in line)
    words = shlex.split(line[line.index(f"kt-budgets {begins}") :])
    ends = [
        number + word.endswith(";") for number, word in enumerate(words) if word in (">", "||") or word.endswith(";")
    ]
    return tuple(word.rstrip(";") for word in words[1 : min(ends, default=len(words))])


def arguments_of(workflow: str, job: str, begins: str, given: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the arguments of a command of a workflow, with what its shell variables hold by name."""
    found: list[str] = []
    for word in line_of(workflow, job, begins):
        found += given[word.strip("${}").removesuffix("[@]").removeprefix("{")] if word.startswith("$") else [word]
    return found
