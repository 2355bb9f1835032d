"""What GitHub calls things, and what its Actions say about the run that we are in: what they do not say is left out."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from reconciler.forge.ci_run import Cause, CiRun, Comment, Queued
from reconciler.model.forge_words import ForgeWords

WORDS = ForgeWords(
    forge="GitHub",
    request="pull request",
    sign="#",
    pipeline="workflow",
    recorder="GitHub Actions or a GitHub App",
    recording="run it in GitHub Actions, with its token",
    seeing="the secret BUDGETS_MEMBERS_TOKEN, outside of workflows KT_BUDGETS_MEMBERS_TOKEN, is a token of somebody"
    " who sees that team, with read:org",
    token="GITHUB_TOKEN",  # noqa: S106 - the name of a variable
)
_PULL = re.compile(r"refs/pull/([1-9][0-9]{0,9})/(?:merge|head)")
_QUEUED = re.compile(r"/pr-([1-9][0-9]{0,9})-[0-9a-f]{40,64}$")
_QUEUES = "refs/heads/gh-readonly-queue/*"
_SUBJECT = re.compile(r"(?:Merge pull request #(?=[1-9][0-9]{0,9} from )|.* \(#(?=[1-9][0-9]{0,9}\)$))([0-9]+)")
_CAUSES: dict[str, Cause] = {
    "": "",
    "issue_comment": "comment",
    "merge_group": "queue",
    "pull_request": "change request",
    "pull_request_review": "change request",
    "pull_request_target": "change request",
    "push": "push",
    "schedule": "schedule",
    "workflow_dispatch": "manual",
}


def words_of(variables: Mapping[str, str]) -> ForgeWords:
    """Return the words of a repository: in the one workflow that is called, KT_BUDGETS_WORKFLOW has who calls it.

    It is as Actions have it: `acme/budgets/.github/workflows/budgets.yml@refs/heads/main`.
    """
    return replace(WORDS, whole=variables.get("KT_BUDGETS_WORKFLOW", "").partition("@")[0].rpartition("/")[2])


def run_of(variables: Mapping[str, str]) -> CiRun:
    """Return what the environment and the event say; an event file that is no JSON says nothing."""
    path = variables.get("GITHUB_EVENT_PATH")
    payload: Any = None
    if path:
        try:
            payload = json.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            payload = None
    return read_event(variables, payload)


def read_event(variables: Mapping[str, str], payload: object) -> CiRun:
    """Return what `variables` of the environment and the event's `payload` say.

    The head is the pull request's own last commit: in a run for a pull request, GITHUB_SHA is a merge made for testing.
    """
    document = payload if isinstance(payload, Mapping) else {}
    pull = document.get("pull_request")
    pull = pull if isinstance(pull, Mapping) else {}
    number = pull.get("number", document.get("number") if pull else _number(variables))
    event, target = variables.get("GITHUB_EVENT_NAME", ""), variables.get("GITHUB_BASE_REF", "")
    return CiRun(
        cause=_CAUSES.get(event, "other") or ("other" if variables.get("GITHUB_ACTIONS") else ""),
        event=event,
        repository=variables.get("GITHUB_REPOSITORY") or None,
        number=number if isinstance(number, int) else None,
        head=_text(inside(pull, "head"), "sha"),
        base=_text(inside(pull, "base"), "sha"),
        target=target,
        is_test_merge=bool(target),
        before=_text(document, "before"),
        commit=variables.get("GITHUB_SHA") or None,
        reference=variables.get("GITHUB_REF", ""),
        branch=variables.get("GITHUB_REF_NAME", ""),
        run=_run(variables),
        queued=_queued(inside(document, "merge_group")),
        comment=_comment(document),
        has_event=payload is not None,
        actor=variables.get("GITHUB_ACTOR", ""),
        url=_page(variables),
        outputs=variables.get("GITHUB_OUTPUT", ""),
        summary=variables.get("GITHUB_STEP_SUMMARY", ""),
    )


def output(name: str, value: str) -> str:
    """Return one output of a step; nobody can guess the line that ends it, so no value can add an output of its own."""
    end = f"end-{secrets.token_hex(16)}"
    return f"{name}<<{end}\n{value}\n{end}\n"


def _comment(document: Mapping[str, Any]) -> Comment | None:
    """Return the comment that an event is about; None for an edited one, a bot's, or one on anything else."""
    issue, comment = inside(document, "issue"), inside(document, "comment")
    author = inside(comment, "user")
    login, identity, number, body = (author.get("login"), comment.get("id"), issue.get("number"), comment.get("body"))
    is_new = document.get("action") == "created" and bool(issue.get("pull_request"))
    if not is_new or author.get("type") != "User" or not isinstance(login, str) or not login:
        return None
    if not isinstance(identity, int) or not isinstance(number, int) or not isinstance(body, str):
        return None
    return Comment(identity, number, login, body, str(comment.get("html_url") or ""))


def _queued(group: Mapping[str, Any]) -> Queued | None:
    """Return the pull request that a merge group's branch, `…/pr-128-<base>`, is named after."""
    match = _QUEUED.search(_text(group, "head_ref") or "")
    head = _text(group, "head_sha")
    if match is None or not head:
        return None
    return Queued(int(match[1]), head, _text(group, "base_sha"), _QUEUES, branch=_QUEUED, subject=_SUBJECT)


def _number(variables: Mapping[str, str]) -> int | None:
    match = _PULL.fullmatch(variables.get("GITHUB_REF", ""))
    return int(match[1]) if match else None


def _run(variables: Mapping[str, str]) -> tuple[int, int] | None:
    run, attempt = variables.get("GITHUB_RUN_ID", ""), variables.get("GITHUB_RUN_ATTEMPT") or "1"
    return (int(run), int(attempt)) if run.isdigit() and attempt.isdigit() else None


def _page(variables: Mapping[str, str]) -> str:
    server, repository = variables.get("GITHUB_SERVER_URL", ""), variables.get("GITHUB_REPOSITORY", "")
    number = variables.get("GITHUB_RUN_ID", "")
    return f"{server}/{repository}/actions/runs/{number}" if server and repository and number else ""


def inside(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = document.get(key)
    return found if isinstance(found, Mapping) else {}


def _text(document: Mapping[str, Any], key: str) -> str | None:
    value = document.get(key)
    return value if isinstance(value, str) and value else None
