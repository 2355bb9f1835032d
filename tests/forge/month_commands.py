"""The commands of the workflows as their scripts have them, run in this process."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from functools import lru_cache

import click
from forge.gitlab_shell import example
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
def of_github(workflow: str, job: str) -> str:
    """Return what a job of a workflow lets a shell do."""
    return "\n".join(step["run"] for step in load(workflow)["jobs"][job]["steps"] if "run" in step)


@lru_cache
def of_gitlab(workflow: str, job: str) -> str:
    """Return what the job of the pipeline does that stands for a workflow's."""
    name = {"plan.yml": "review", "approval.yml": "review"}.get(workflow, job)
    found = example()[name]
    return "\n".join([*found["script"], *found.get("after_script", [])])


@lru_cache
def line_of(text: str, begins: str) -> tuple[str, ...]:
    """Return the words of a command as a script has it, without what the shell does with its output."""
    text = text.replace("\\\n", " ")
    line = next(line for line in text.splitlines() if f"kt-budgets {begins}" in line)
    words = shlex.split(line[line.index(f"kt-budgets {begins}") :])
    ends = [
        number + word.endswith(";") for number, word in enumerate(words) if word in (">", "||") or word.endswith(";")
    ]
    return tuple(word.rstrip(";") for word in words[1 : min(ends, default=len(words))])


def arguments_of(script: str, begins: str, given: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the arguments of a command of a script, with what its shell variables hold by name."""
    found: list[str] = []
    for word in line_of(script, begins):
        found += given[word.strip("${}").removesuffix("[@]").removeprefix("{")] if word.startswith("$") else [word]
    return found
