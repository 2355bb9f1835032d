"""What people on a forge call things: a pull request here is a merge request there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ForgeWords:
    """What stands unless a forge says otherwise is said where no forge is known.

    `sign` stands before the number of a `request`, a `pipeline` is what runs the commands in CI, the one called
    `planner` shows plans, and `check` is what says how a commit stands. `planning` is how a request is planned by hand,
    and `history` how CI gets all commits. Where one pipeline is told by variables what it is to do, `variables` is how
    their names begin; else each is a file that has inputs, or all are in one, `whole`, whose input `do` says which, and
    whose `options` are what the others have as inputs.

    `recorder` is who alone can record a plan; `recording` is how to become one. `token` is the variable that lets
    commands talk to the forge. `afterwards` is how to approve what is merged, where that is another way, and `again`
    what whoever approved before has to do, where the forge takes no second approval. `seeing` has to be so that
    commands can look into a team that they do not see. Where no CI runs the `commands`,
    people run them.
    """

    forge: str = "the forge"
    request: str = "pull request"
    sign: str = "#"
    pipeline: str = "workflow"
    planner: str = "plan"
    check: str = "check run"
    planning: str = "`gh workflow run plan.yml -f pull_request={number}`"
    history: str = "`fetch-depth: 0` in a workflow"
    recorder: str = ""
    recording: str = ""
    token: str = ""
    afterwards: str = ""
    seeing: str = ""
    again: str = ""
    variables: str = ""
    whole: str = ""
    commands: bool = False

    def landed(self, number: int | None, commit: str) -> str:
        """Return what people call what was merged: its request, or the commit that was pushed."""
        return f"{self.sign}{number}" if number else f"the direct push {commit[:12]}"

    def start(self, job: str, command: str) -> str:
        """Return how a `job`, such as `fund`, is started by hand; where nothing runs it, that is its `command`."""
        return f"run {command}" if self.commands else f"start the {job} {self.pipeline}"

    def task(self, workflow: str) -> str:
        """Return what `workflow`, such as `apply.yml`, is called by whoever starts it by hand."""
        return f"{self.variables}TASK={workflow.removesuffix('.yml')}" if self.variables else self.whole or workflow

    def given(self, name: str) -> str:
        """Return what is called `name` among a workflow's inputs."""
        return f"{self.variables}{name.upper().replace('-', '_')}" if self.variables else name

    def filled(self, workflow: str, inputs: Mapping[str, str]) -> dict[str, str]:
        """Return what is filled in by whoever starts `workflow` by hand, by the names that stand there."""
        if not self.whole:
            return {self.given(name): value for name, value in inputs.items()}
        options = "; ".join(f"{name}={value.replace(';', ',')}" for name, value in inputs.items())
        return {"do": workflow.removesuffix(".yml"), **({"options": options} if options else {})}

    def planned_by(self, number: int) -> str:
        planning = (
            f"`gh workflow run {self.whole} -f do=plan -f options=pull_request={{number}}`"
            if self.whole
            else self.planning
        )
        return planning.format(number=number)


USUAL = ForgeWords()
"""The words where no forge is known."""
