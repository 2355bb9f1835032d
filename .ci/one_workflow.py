"""Write what other repositories use of ours: every job, each when it is due.

Usage: python .ci/one_workflow.py WHAT OWNER/NAME COMMIT VERSION
  WHAT = reading   .github/workflows/budgets.yml, the workflow with each job that moves no money
  WHAT = money     .github/actions/money/action.yml, the steps of those that do

A workflow or an action that is used from elsewhere finds nothing of its own repository beside it, and no name for "this
commit" is known everywhere. So both files are made for each version: their jobs and steps are those of the workflows
beside them, and the action that they install with is named by the commit of that version, which comes before the commit
that is tagged. What moves money is no workflow to call: GitHub gives the secret of an environment to no job of a
workflow that is called from another repository.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.scalarstring import LiteralScalarString

WORKFLOWS = Path(__file__).resolve().parent.parent / ".github" / "workflows"
READING = ("plan", "approval", "drift", "comment", "refresh", "digest", "notify")
MONEY = ("fund", "apply", "resume")
SECRETS = ("KEEPTRUSTS_READ_TOKEN", "BUDGETS_APP_PRIVATE_KEY", "BUDGETS_MEMBERS_TOKEN", "KT_BUDGETS_WEBHOOK")
CHECKOUT = "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8"
INSTALL = "./.github/actions/kt-budgets"
HEAD = "# Made by .ci/one_workflow.py from the workflows of this repository, for others that use it; not to be edited."
FOLDER = "The folder with org.yaml and teams/"
PYTHON = 'The Python to run it with; "" for the machine\'s own, as on a runner without internet'
STARTS = """\
github.event_name != 'push' && (github.event_name != 'issue_comment' || \
(github.event.action == 'created' && contains(github.event.comment.body, '/kt-budgets')))"""
DUE_READING = """\
due=()
case "$EVENT" in
  pull_request)
    due+=(approval)
    if ! git diff --quiet HEAD^1 HEAD -- "$BUDGETS"; then due+=(plan); fi ;;
  pull_request_review | merge_group) due+=(approval) ;;
  issue_comment) due+=(comment) ;;
  workflow_dispatch) due+=("$DO") ;;
  schedule)
    # The line that started it tells, however late: of every hour, of every few hours, of a weekday, of a day.
    case "$SCHEDULE" in
      *" * * * *") due+=(approval drift) ;;
      *" "*/*) due+=(approval drift refresh) ;;
      *" * * "[0-7] | *" * * "[A-Z][A-Z][A-Z]) due+=(digest) ;;
      *) due+=(notify) ;;
    esac ;;
esac
"""
DUE_MONEY = """\
if [ "$GITHUB_REF" != "refs/heads/${BRANCH:-${GITHUB_REF#refs/heads/}}" ]; then
  echo "::error::money moves from the default branch alone, and this run is of $GITHUB_REF"
  exit 2
fi
due=()
case "$EVENT" in
  push) due+=(apply) ;;
  workflow_dispatch)
    due+=("$DO")
    echo "put_back=true" >> "$GITHUB_OUTPUT" ;;
  schedule)
    due+=(apply)
    # On the 1st with every run, later with those of every few hours: a month that was opened as a whole is left alone.
    if [ "$(date --utc +%d)" = 01 ] || [[ "$SCHEDULE" = *" "*/* ]]; then due+=(fund); fi ;;
esac
"""
GIVEN = """\
IFS=";" read -r -a given <<< "$OPTIONS"
for word in "${given[@]}"; do
  word="${word#"${word%%[! ]*}"}"
  case "$word" in
    "") ;;
    NAMES) printf '%s\\n' "${word%"${word##*[! ]}"}" >> "$GITHUB_OUTPUT" ;;
    *)
      echo "::error::options has '$word', which is no NAME=VALUE; parted by ; they may be: LISTED"
      exit 2 ;;
  esac
done
echo "due= ${due[*]} " >> "$GITHUB_OUTPUT"
echo "Due: ${due[*]}"
"""


def offered() -> list[str]:
    """Return the names of all that our workflows take by hand, in the order in which they stand there."""
    documents = (YAML(typ="safe").load(WORKFLOWS / f"{part}.yml") for part in (*MONEY, *READING))
    found = [name for one in documents for name in (one["on"].get("workflow_dispatch") or {}).get("inputs", {})]
    return list(dict.fromkeys(found))


def due(script: str, **more: str) -> dict[str, Any]:
    """Return the step that says which parts are due, and what was given to them by hand."""
    names = offered()
    given = GIVEN.replace("NAMES", " | ".join(f"{name}=*" for name in names)).replace("LISTED", ", ".join(names))
    by_hand = {"DO": "${{ github.event.inputs.do }}", "OPTIONS": "${{ github.event.inputs.options }}"}
    return {
        "name": "See what is due",
        "id": "look",
        "env": {
            "EVENT": "${{ github.event_name }}",
            "SCHEDULE": "${{ github.event.schedule }}",
            **by_hand,
            **more,
        },
        "run": LiteralScalarString(script + given),
    }


def look() -> dict[str, Any]:
    """Return the job that says which parts are due."""
    checkout = {"uses": CHECKOUT, "with": {"fetch-depth": 2, "persist-credentials": False}}
    return {
        "name": "See what is due",
        "if": STARTS,
        "runs-on": "ubuntu-latest",
        "timeout-minutes": 5,
        "permissions": {"contents": "read"},
        "outputs": {name: f"${{{{ steps.look.outputs.{name} }}}}" for name in ("due", "pull_request")},
        "steps": [checkout, due(DUE_READING, BUDGETS="${{ inputs.budgets }}")],
    }


def jobs_of(part: str, action: str) -> dict[str, Any]:
    """Return the jobs of one of our workflows as the one workflow has them, by their names."""
    document = _given_by(part, "needs.look.outputs.")
    for name, job in document["jobs"].items():
        own = _line(job.pop("if", ""))
        is_due = f"contains(needs.look.outputs.due, ' {part} ')"
        job.insert(1, "needs", "look")
        job.insert(2, "if", f"{is_due} && ({own})" if own else is_due)
        job.insert(3, "concurrency", _concurrency(name, job.pop("concurrency", document.get("concurrency"))))
        job.setdefault("env", {})["KT_BUDGETS_WORKFLOW"] = "${{ github.workflow_ref }}"
        for step in job["steps"]:
            _install_with(step, action)
    return dict(document["jobs"])


def _given_by(part: str, source: str) -> Any:
    """Return one of our workflows with what it takes by hand taken from `source`."""
    text = (WORKFLOWS / f"{part}.yml").read_text(encoding="utf-8")
    return YAML().load(re.sub(r"(?<![\w.])inputs\.", source, text))


def _install_with(step: CommentedMap, action: str) -> None:
    if step.get("uses") == INSTALL:
        step["uses"] = action
        given = {"budgets": "${{ inputs.budgets }}", "python-version": "${{ inputs.python-version }}"}
        step["with"] = {**step.get("with", {}), **given}


def _concurrency(job: str, own: Mapping[str, Any]) -> dict[str, Any]:
    """Return a queue for one job: those of a workflow share the workflow's, and would cancel each other here."""
    return {"group": f"{job}-{_line(own['group'])}", "cancel-in-progress": own["cancel-in-progress"]}


def _line(text: object) -> str:
    return re.sub(r"\s+", " ", str(text)).strip()


def one_workflow(action: str) -> dict[str, Any]:
    """Return the workflow to call, with each job that moves no money."""
    return {
        "name": "Budgets",
        "on": {
            "workflow_call": {
                "inputs": {
                    "budgets": {"description": FOLDER, "type": "string", "default": "budgets"},
                    "python-version": {"description": PYTHON, "type": "string", "default": "3.12"},
                },
                "secrets": {name: {"required": False} for name in SECRETS},
            }
        },
        "permissions": {},
        "jobs": {
            "look": look(),
            **{name: job for part in READING for name, job in jobs_of(part, action).items()},
        },
    }


def money_action(action: str) -> dict[str, Any]:
    """Return the action with the steps of every job that moves money, for a job in the environment of the caller."""
    asked = {
        "api-url": "Where Keeptrusts is",
        "token": "A token with org:billing: the secret KEEPTRUSTS_BILLING_TOKEN of the environment budgets",
        "app-client-id": "The client id of the GitHub App that sees who is in which team; to apply and to resume",
        "app-private-key": "That App's key",
    }
    members = "A token with read:org of somebody who sees teams that the App does not, as of another organization"
    optional = {"members-token": (members, ""), "budgets": (FOLDER, "budgets"), "python-version": (PYTHON, "3.12")}
    return {
        "name": "Move money as it was merged",
        "description": "Apply what was merged with approval, fund the month, resume: what is due when it is used.",
        "inputs": {
            **{name: {"description": words, "required": True} for name, words in asked.items()},
            **{name: {"description": words, "default": usual} for name, (words, usual) in optional.items()},
        },
        "runs": {"using": "composite", "steps": list(_steps_of_money(action))},
    }


def _steps_of_money(action: str) -> Iterator[CommentedMap]:
    """Yield each step of the jobs that move money once, when it is due and all before it that it needs is there.

    What is due is looked at once the command is installed: where that failed, nothing is.
    """
    known: list[str] = []
    for part in MONEY:
        (job,) = _given_by(part, "steps.look.outputs.")["jobs"].values()
        for step in job["steps"]:
            name = step.get("uses", "")
            _install_with(step, action)
            if name.startswith("actions/checkout@"):
                step["with"] = {"ref": "${{ github.ref_name }}", **step["with"]}
            if "run" in step:
                step["env"] = {**job["env"], **step["env"], "KT_BUDGETS_WORKFLOW": "${{ github.workflow_ref }}"}
                step["shell"] = "bash"
            if name.startswith(("actions/checkout@", INSTALL)):
                if name in known:
                    continue
            else:
                _when_due(step, part)
            if name == INSTALL:
                known_as = "${{ github.event.repository.default_branch }}"
                yield from (step, CommentedMap({**due(DUE_MONEY, BRANCH=known_as), "shell": "bash"}))
            elif "create-github-app-token@" not in name or name not in known:
                yield step
            known.append(name)


def _when_due(step: CommentedMap, part: str) -> None:
    """Let a step run when its part is due, also when a step of another part failed.

    The token of the App is for apply and resume, and neither does anything without it.
    """
    is_due = f"contains(steps.look.outputs.due, ' {part} ')"
    if step.get("id") == "app":
        step["if"] = "!cancelled() && (" + " || ".join(is_due.replace(part, one) for one in ("apply", "resume")) + ")"
    else:
        needs = "" if part == "fund" else " && steps.app.outcome == 'success'"
        step["if"] = f"!cancelled() && {is_due}{needs}"


def main(what: str, repository: str, commit: str, version: str) -> None:
    """Write the document to stdout, each pinned action with its version beside it."""
    action = f"{repository}/.github/actions/kt-budgets@{commit}"
    document = {"reading": one_workflow, "money": money_action}[what](action)
    yaml = YAML()
    yaml.width = 10_000
    sys.stdout.write(f"{HEAD}\n")
    yaml.dump(document, sys.stdout, transform=partial(finished, what=what, version=version))


def finished(text: str, what: str, version: str) -> str:
    """Give an action its inputs in place of secrets and variables, which it cannot see, and each pin its version."""
    if what == "money":
        for name, input_ in {
            "vars.KEEPTRUSTS_API_URL": "api-url",
            "secrets.KEEPTRUSTS_BILLING_TOKEN": "token",
            "vars.BUDGETS_APP_CLIENT_ID": "app-client-id",
            "secrets.BUDGETS_APP_PRIVATE_KEY": "app-private-key",
            "secrets.BUDGETS_MEMBERS_TOKEN": "members-token",
        }.items():
            text = text.replace(f"${{{{ {name} }}}}", f"${{{{ inputs.{input_} }}}}")
    return with_versions(text, version)


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
