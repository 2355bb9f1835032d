"""What a landing brings that nobody was shown: its pull request was shown onto another commit than it came to.

A pull request can be moved to another branch after its approval (decision 0073).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from reconciler.app.budget_files import Commits, earlier_budgets, value
from reconciler.app.change_request.arrivals import Arrival
from reconciler.app.forge_session import forge_words
from reconciler.forge.change_request import ChangeRequest
from reconciler.forge.check import Check
from reconciler.git.failures import GitError
from reconciler.git.merging import bring_commit, merged
from reconciler.model.desired import Desired
from reconciler.model.landing import ORGANIZATION
from reconciler.policy.plan_record import PlanRecord


def unshown_parts(
    commits: Commits, arrival: Arrival, pull: ChangeRequest, records: Sequence[tuple[Check, PlanRecord]]
) -> dict[str, str]:
    """Return the parts of which the landing changes values that were not among those shown, each with why.

    `records` are those of its plans; what was shown as merged is another matter. Nothing where the commit that the last
    plan was made onto is not known, or is nowhere any more.
    """
    listed = [record for _, record in records if record.made_from != arrival.landing.commit]
    base = listed[-1].base if listed else None
    if base is None or arrival.after is None:
        return {}
    budgets = commits.budgets
    try:
        bring_commit(budgets, base)
        bring_commit(budgets, pull.head, pull.reference)
        tree = merged(budgets, base, pull.head)
    except GitError:
        return {}
    then, shown = commits.desired(base) or earlier_budgets(commits, base), commits.desired(tree or "")
    if shown is None:
        return {}
    changed = {part: _changes(_start(arrival, part), arrival.after, part) for part in arrival.landing.parts}
    more = {part for part, values in changed.items() if values - _changes(then, shown, part)}
    return {part: _words(part, pull, base) for part in more}


def _start(arrival: Arrival, part: str) -> Desired | None:
    """Return what a part is compared with: nothing where it lay there before, and was applied by nobody.

    Of the settings, which hold for everybody, it is how they began (decision 0060).
    """
    if arrival.begins and part == ORGANIZATION:
        return arrival.origin or arrival.before
    is_kept = value(arrival.before, part) == value(arrival.after, part)
    return None if arrival.begins and is_kept else arrival.before


def _changes(before: Desired | None, after: Desired, part: str) -> set[tuple[str, str]]:
    """Return which values of a part are others, with what they are after it."""
    then, now = (dict(_leaves("", _plain(value(each, part)))) for each in (before, after))
    return {(path, now.get(path, "")) for path in {*then, *now} if then.get(path) != now.get(path)}


def _plain(found: object) -> Any:
    return found.model_dump(mode="json") if isinstance(found, BaseModel) else found


def _leaves(path: str, found: Any) -> Iterator[tuple[str, str]]:
    if isinstance(found, Mapping) and found:
        for name, inside in found.items():
            yield from _leaves(f"{path}/{name}", inside)
    else:
        yield path, repr(found)


def _words(part: str, pull: ChangeRequest, base: str) -> str:
    what = part or "the organization's settings"
    return f"{what}: {forge_words().sign}{pull.number} was shown onto {base[:12]}, and changes more where it came to"
