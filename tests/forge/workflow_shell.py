"""Runs the `run:` steps of a workflow as they stand, with a real shell, the step's own `env` and a runner's files."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from forked_from import LIGHT
from ruamel.yaml import YAML

WORKFLOWS = Path(__file__).resolve().parents[2] / ".github" / "workflows"
_COMPARED = re.compile(r"(steps\.[\w.-]+) == '([^']*)'")
_CONTAINED = re.compile(r"contains\((steps\.[\w.-]+), '([^']*)'\)")
_ALWAYS = ("always()", "!cancelled()")
_EXPRESSION = re.compile(r"\$\{\{\s*([A-Za-z0-9_.-]+(?: \|\| [A-Za-z0-9_.-]+)*)\s*\}\}")


def load(name: str) -> dict[str, Any]:
    """Return a workflow by its file's name."""
    document: dict[str, Any] = YAML(typ="safe").load((WORKFLOWS / name).read_text(encoding="utf-8"))
    return document


def outputs(text: str) -> dict[str, str]:
    """Return what a step wrote to GITHUB_OUTPUT, as a runner reads it: `NAME=VALUE`, or lines up to one it names."""
    found: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, sign, value = re.split(r"(=|<<)", line, maxsplit=1)
        if sign == "<<":
            value = "\n".join(iter(lambda: next(lines), value))
        found[name] = value
    return found


@dataclass
class Runner:
    """One run of one job. `values` are what expressions stand for; any other expression is an error of the test."""

    folder: Path
    variables: Mapping[str, str]
    values: dict[str, str]
    log: list[str] = field(default_factory=list)
    code: int = 0
    finished: list[str] = field(default_factory=list)

    @property
    def summary(self) -> str:
        path = self.folder.parent / "summary.md"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def run(self, workflow: str, job: str) -> int:
        """Run every step of the job that has a script, and return the exit code of the first that failed."""
        document = load(workflow)["jobs"][job]
        assert document["runs-on"] == "ubuntu-latest"
        return self.run_steps(document)

    def run_steps(self, document: Mapping[str, Any]) -> int:
        """Run each step of a job, or of an action, that has a script; return the exit code of the first that failed."""
        light = any(step.get("with", {}).get("light") == "true" for step in document["steps"])
        if light:
            self.variables = {**self.variables, "PYTHONPATH": str(LIGHT)}
        for step in document["steps"]:
            condition = step.get("if", "")
            if "run" in step and (self.code == 0 or condition.startswith(_ALWAYS)) and self._holds(condition):
                self._step(step, {**document.get("env", {}), **step.get("env", {})})
        return self.code

    def _holds(self, condition: str) -> bool:
        """Whether what a condition says of earlier steps' outputs is so."""
        return all(self.values.get(name, "") == value for name, value in _COMPARED.findall(condition)) and all(
            text in self.values.get(name, "") for name, text in _CONTAINED.findall(condition)
        )

    def _step(self, step: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        output = self.folder.parent / "step-output"
        output.write_text("")
        assert "${{" not in step["run"], "an expression inside a script could be injected into the shell"
        given = {name: _EXPRESSION.sub(self._value, value) for name, value in environment.items()}
        done = subprocess.run(
            ["bash", "-e", "-c", step["run"]],
            cwd=self.folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder.parent),
                **self.variables,
                **given,
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(self.folder.parent / "summary.md"),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        self.log.append(f"{step['name']}: {done.returncode}\n{done.stdout}{done.stderr}")
        self.finished.append(step["name"])
        self.code = self.code or done.returncode
        for name, value in outputs(output.read_text(encoding="utf-8")).items():
            self.values[f"steps.{step.get('id', '')}.outputs.{name}"] = value

    def _value(self, match: re.Match[str]) -> str:
        """Return the first of several that is not empty; each must be known."""
        return next(filter(None, [self.values[name] for name in match[1].split(" || ")]), "")
