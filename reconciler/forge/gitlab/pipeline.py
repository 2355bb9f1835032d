"""The pipeline that GitLab judges a merge request by: a status anywhere else keeps nothing from being merged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.forge.gitlab.merge_request import Project

_BY_REQUEST = "merge_request_event"
_OF_STATUSES = "external"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A pipeline, and the commit that it runs on."""

    id: int
    sha: str


def head_pipeline(project: Project, number: int, head: str) -> Pipeline | None:
    """Return the pipeline of a merge request whose last commit is `head`, None where none but a status made one.

    As GitLab chooses it: of those of the merge request itself the newest, then of any other the newest. One for merged
    results runs on a merge that GitLab made to test it, one of whose parents is that commit.
    """
    merge = f"refs/merge-requests/{number}/merge"
    listed, _ = project.channel.first_page(f"{project.request(number)}/pipelines")
    known = [item for item in listed if isinstance(item.get("id"), int) and isinstance(item.get("sha"), str)]
    asked = False
    for item in sorted(known, key=lambda item: (item.get("source") != _BY_REQUEST, -item["id"])):
        if item["sha"] == head:
            return None if item.get("source") == _OF_STATUSES else Pipeline(item["id"], head)
        if item.get("ref") == merge and not asked:
            asked = True
            if head in _parents(project.channel.find(project.commit(item["sha"]))):
                return Pipeline(item["id"], item["sha"])
    return None


def _parents(document: Any) -> tuple[str, ...]:
    found = document.get("parent_ids") if isinstance(document, Mapping) else None
    return tuple(map(str, found)) if isinstance(found, list) else ()
