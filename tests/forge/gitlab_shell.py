"""Runs jobs of the GitLab example as they stand: a real shell, a fresh clone, a runner's variables, artefacts kept."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

EXAMPLE = Path(__file__).resolve().parents[2] / ".github" / "gitlab-ci.example.yml"


def example() -> dict[str, Any]:
    document: dict[str, Any] = YAML(typ="safe").load(EXAMPLE.read_text(encoding="utf-8"))
    return document


@dataclass
class Done:
    """What came of a job: its exit code, what it printed, and the folder of its artefacts."""

    code: int
    log: list[str]
    artifacts: Path


def run_job(name: str, *, checkout: Path, kept: Path, command: Path, variables: Mapping[str, str]) -> Done:
    """Run a job on a checkout. `command` is the folder of a kt-budgets that is installed already."""
    document = example()
    job = document[name]
    given = {**document["variables"], **job.get("variables", {}), **variables, "CI_PROJECT_DIR": str(checkout)}
    environment = {name: _expanded(value, given) for name, value in given.items()}
    environment |= {
        "PATH": f"{command}:{os.environ['PATH']}",
        "HOME": str(kept.parent),
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    main = _shell(job["script"], checkout, environment)
    status = {"CI_JOB_STATUS": "failed" if main.returncode else "success"}
    after = _shell(job.get("after_script", []), checkout, {**environment, **status})
    kept.mkdir()
    for named in (*job.get("artifacts", {}).get("paths", []), "gl-code-quality-report.json"):
        if (checkout / named).is_dir():
            shutil.copytree(checkout / named, kept / named)
        elif (checkout / named).exists():
            shutil.copy(checkout / named, kept / named)
    return Done(main.returncode, [main.stdout + main.stderr + after.stdout + after.stderr], kept)


def _shell(lines: list[str], folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    script = "set -eo pipefail\n" + "\n".join(lines)
    return subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def _expanded(value: str, variables: Mapping[str, str]) -> str:
    """Expand `$NAME` as GitLab does in variables; `$$` is a dollar."""

    def put(match: re.Match[str]) -> str:
        return "$" if match[0] == "$$" else _expanded(variables.get(match[1], ""), variables)

    return re.sub(r"\$\$|\$(\w+)", put, value)
