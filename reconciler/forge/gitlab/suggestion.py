"""Suggestions: remarks on lines of a merge request that one click takes."""

from __future__ import annotations

from typing import Any

import httpx

from reconciler.findings import RejectedError
from reconciler.forge.change_request import ChangeRequest
from reconciler.forge.gitlab.diff import shown_files
from reconciler.forge.gitlab.merge_request import Project
from reconciler.forge.protocol import Suggested

_MOST_ABOVE = 100
"""GitLab takes suggestions of so many lines above the one on which the remark stands."""


def suggest(project: Project, request: ChangeRequest, wanted: Suggested) -> bool:
    """Make a suggestion; False where GitLab has no place for it: the head moved on, or does not show its last line."""
    document = project.channel.get(project.request(request.number))
    references = document.get("diff_refs") if isinstance(document, dict) else None
    file = shown_files(project, request).get(wanted.path)
    line = next((line for line in file.lines if line.new == wanted.last), None) if file else None
    above = wanted.last - wanted.first
    if not isinstance(references, dict) or references.get("head_sha") != request.head or above > _MOST_ABOVE:
        return False
    if file is None or line is None:
        return False
    place: dict[str, Any] = {
        "position_type": "text",
        **{key: references.get(key) for key in ("base_sha", "start_sha", "head_sha")},
        "old_path": file.old_path,
        "new_path": file.new_path,
        "new_line": line.new,
        **({"old_line": line.old} if line.old is not None else {}),
    }
    body = {"body": _body(wanted, above), "position": place}
    try:
        project.channel.write("POST", f"{project.request(request.number)}/discussions", body)
    except RejectedError as error:
        if error.status not in (httpx.codes.BAD_REQUEST, httpx.codes.UNPROCESSABLE_ENTITY):
            raise
        return False
    return True


def _body(wanted: Suggested, above: int) -> str:
    """Return the remark; its fence is longer than any in the text that is suggested."""
    fence = "```"
    while fence in wanted.replacement:
        fence += "`"
    lines = f"{wanted.replacement}\n" if wanted.replacement else ""
    return f"{wanted.above.rstrip()}\n\n{fence}suggestion:-{above}+0\n{lines}{fence}\n"
