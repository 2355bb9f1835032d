"""Write the one workflow that other repositories call: every job of ours, each when it is due.

Usage: python .ci/one_workflow.py OWNER/NAME COMMIT VERSION > .github/workflows/budgets.yml

A workflow that is called from elsewhere finds nothing of its own repository beside it, and no name for "this commit" is
known everywhere. So the file is made for each version: its jobs are those of the workflows beside it, and the action
that they install with is named by the commit of that version, which comes before the commit that is tagged.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

WORKFLOWS = Path(__file__).resolve().parent.parent / ".github" / "workflows"
PARTS = ("plan", "approval", "apply", "resume", "fund", "drift", "comment", "refresh")
SECRETS = ("KEEPTRUSTS_READ_TOKEN", "KEEPTRUSTS_BILLING_TOKEN", "BUDGETS_APP_PRIVATE_KEY")
CHECKOUT = "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8"
HEAD = "# Made by .ci/one_workflow.py from the workflows beside it, for repositories that call it; not to be edited."
DUE = """\
due=()
case "$EVENT" in
  pull_request)
    due+=(approval)
    if ! git diff --quiet HEAD^1 HEAD -- "$BUDGETS"; then due+=(plan); fi ;;
  pull_request_review | merge_group) due+=(approval) ;;
  push) due+=(apply) ;;
  issue_comment) due+=(comment) ;;
  workflow_dispatch) due+=("$DO") ;;
  schedule)
    due+=(approval apply drift)
    hour="$(date --utc +%-H)"
    if [ "$(date --utc +%d)" = 01 ] || [ "$hour" = 6 ]; then due+=(fund); fi
    if [ $((hour % 3)) = 0 ]; then due+=(refresh); fi ;;
esac
echo "due= ${due[*]} " >> "$GITHUB_OUTPUT"
echo "Due: ${due[*]}"
"""


def look() -> dict[str, Any]:
    """Return the job that says which parts are due."""
    checkout = {"uses": CHECKOUT, "with": {"fetch-depth": 2, "persist-credentials": False}}
    step = {
        "name": "See what is due",
        "id": "look",
        "env": {
            "EVENT": "${{ github.event_name }}",
            "DO": "${{ github.event.inputs.do }}",
            "BUDGETS": "${{ inputs.budgets }}",
        },
        "run": LiteralScalarString(DUE),
    }
    return {
        "name": "See what is due",
        "runs-on": "ubuntu-latest",
        "timeout-minutes": 5,
        "permissions": {"contents": "read"},
        "outputs": {"due": "${{ steps.look.outputs.due }}"},
        "steps": [checkout, step],
    }


def jobs_of(part: str, action: str) -> dict[str, Any]:
    """Return the jobs of one of our workflows as the one workflow has them, by their names."""
    text = (WORKFLOWS / f"{part}.yml").read_text(encoding="utf-8")
    document = YAML().load(re.sub(r"(?<![\w.])inputs\.", "github.event.inputs.", text))
    for name, job in document["jobs"].items():
        own = _line(job.pop("if", ""))
        is_due = f"contains(needs.look.outputs.due, ' {part} ')"
        job.insert(1, "needs", "look")
        job.insert(2, "if", f"{is_due} && ({own})" if own else is_due)
        job.insert(3, "concurrency", _concurrency(name, job.pop("concurrency", document.get("concurrency"))))
        job.setdefault("env", {})["KT_BUDGETS_WORKFLOW"] = "${{ github.workflow_ref }}"
        for step in job["steps"]:
            if step.get("uses") == "./.github/actions/kt-budgets":
                step["uses"] = action
                given = {"budgets": "${{ inputs.budgets }}", "python-version": "${{ inputs.python-version }}"}
                step["with"] = {**step.get("with", {}), **given}
    return dict(document["jobs"])


def _concurrency(job: str, own: Mapping[str, Any]) -> dict[str, Any]:
    """Return a queue for one job: those of a workflow share the workflow's, and would cancel each other here."""
    return {"group": f"{job}-{_line(own['group'])}", "cancel-in-progress": own["cancel-in-progress"]}


def _line(text: object) -> str:
    return re.sub(r"\s+", " ", str(text)).strip()


def one_workflow(repository: str, commit: str) -> dict[str, Any]:
    """Return the whole document."""
    text = "The folder with org.yaml and teams/"
    python = 'The Python to run it with; "" for the machine\'s own, as on a runner without internet'
    action = f"{repository}/.github/actions/kt-budgets@{commit}"
    return {
        "name": "Budgets",
        "on": {
            "workflow_call": {
                "inputs": {
                    "budgets": {"description": text, "type": "string", "default": "budgets"},
                    "python-version": {"description": python, "type": "string", "default": "3.12"},
                },
                "secrets": {name: {"required": False} for name in SECRETS},
            }
        },
        "permissions": {},
        "jobs": {
            "look": look(),
            **{name: job for part in PARTS for name, job in jobs_of(part, action).items()},
        },
    }


def main(repository: str, commit: str, version: str) -> None:
    """Write the document to stdout, each pinned action with its version beside it."""
    yaml = YAML()
    yaml.width = 10_000
    sys.stdout.write(f"{HEAD}\n")
    yaml.dump(one_workflow(repository, commit), sys.stdout, transform=partial(with_versions, version=version))


def with_versions(text: str, version: str) -> str:
    """Put the version of each pinned action beside its commit, as the workflows have it."""
    ours = "".join(path.read_text(encoding="utf-8") for path in WORKFLOWS.iterdir())
    beside = dict(re.findall(r"uses: (\S+@[0-9a-f]{40}) (# v\S+)", ours))
    return re.sub(
        r"(uses: )(\S+@[0-9a-f]{40})( +#.*)?$",
        lambda found: f"{found[1]}{found[2]} {beside.get(found[2], f'# {version}')}",
        text,
        flags=re.MULTILINE,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
