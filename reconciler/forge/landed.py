"""Which pull request brought a commit to the default branch, by what GitHub says of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconciler.forge.change_request import ChangeRequest


def brought_by(
    candidates: Iterable[ChangeRequest], *, branch: str, commit: str, line: Mapping[str, int], parents: Sequence[str]
) -> ChangeRequest | None:
    """Return the pull request whose merge into `branch` made `commit`, None for a direct push.

    `line` numbers the commits of the branch's own line that may be asked about, and `parents` are those of `commit`.
    A rebase makes several commits, of which only the last is called the merge commit: those below it count when it is
    on the line above them. Of several pull requests that one commit merged, the one whose head it joins is meant.
    """
    merged = [pull for pull in candidates if pull.merge_commit and pull.base_ref == branch]
    exact = [pull for pull in merged if pull.merge_commit == commit]
    joined = [pull for pull in exact if pull.head in (*parents[1:], commit)]
    if exact:
        return min(joined or exact, key=lambda pull: pull.number)
    if len(parents) > 1 or commit not in line:
        return None
    above = [pull for pull in merged if line.get(pull.merge_commit or "", -1) > line[commit]]
    return min(above, key=lambda pull: line[pull.merge_commit or ""], default=None)
