"""Approvals in words: who is asked, what is missing and why, who stood in, and the check that says it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reconciler.model.forge_words import ForgeWords
from reconciler.model.plan import Plan
from reconciler.model.requirement import Requirement
from reconciler.policy.facts import facts_of
from reconciler.policy.rulings import Judged, NearMiss, NobodyCould, Ruling, Shortfall, StandIn
from reconciler.report.document import Asked
from reconciler.report.escape import escaped

if TYPE_CHECKING:
    from reconciler.model.change_request import ApprovedInstead, MissingApproval

_MOST_ROWS = 200
_FEW = 6
_NAMED = 20
_USUAL = "its plan, wallets or alerts change"


def asked_by(plan: Plan) -> tuple[Asked, ...] | None:
    """Return who is asked by the rules that held when `plan` was made, None where nobody can tell."""
    noted = facts_of(plan).approvals
    return None if noted is None else asked_of(noted)


def asked_of(found: Sequence[Requirement]) -> tuple[Asked, ...]:
    """Return everybody who is asked, once, with all reasons; teams of one reason together. No group is left out.

    Whoever is asked for the whole comes first, then whoever is asked for the most teams.
    """
    groups: dict[tuple[str, ...], list[Requirement]] = {}
    for item in found:
        groups.setdefault(item.owners, []).append(item)
    asked = [
        Asked(owners, tuple(item.reason for item in items if item.team is None), _teams(items))
        for owners, items in groups.items()
    ]
    return tuple(sorted(asked, key=lambda one: (not one.reasons, -sum(len(teams) for _, teams in one.teams))))


def _teams(items: Sequence[Requirement]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the teams by what is to be approved of them; of most, that is the usual and goes without saying."""
    alike: dict[str, list[str]] = {}
    for item in items:
        if item.team is not None:
            what = item.reason.removeprefix(f"{item.team}: ")
            alike.setdefault("" if what == _USUAL else what, []).append(item.team)
    return tuple((what, tuple(teams)) for what, teams in alike.items())


def near_words(miss: NearMiss) -> str:
    """Return why an approval does not count, or why more are needed."""
    match miss.kind:
        case "objection":
            return f"{miss.login} asked for changes"
        case "author":
            return f"{miss.login} wrote it and cannot approve it"
        case "pusher":
            return f"{miss.login} pushed it and cannot approve it"
        case "older head":
            return f"{miss.login} approved the older commit {miss.commits[0][:12]}"
        case "before the plan":
            return f"{miss.login} approved before this plan was shown"
        case "before the merge":
            return f"{miss.login}'s thumb up is from before the merge: it counts once it is taken away and given again"
        case "no owner":
            return f"{miss.login} approved and is none of them"
        case "unseen team":
            until = f" until {miss.until}" if miss.until else ""
            return f"the members of {miss.login} cannot be read, so that no approval counts as theirs{until}"
        case "unknown pusher":
            return f"nobody can see who pushed {_commits(miss)}, so {miss.needed} owners must approve"
        case "unknown author":
            who = f"an author, committer or co-author of {_commits(miss)}"
            return f"no account is known of {who}, so {miss.needed} owners must approve"


def _commits(miss: NearMiss) -> str:
    return ", ".join(commit[:12] for commit in miss.commits)


def missing_words(missing: Shortfall, words: ForgeWords) -> tuple[str, str]:
    """Return what is missing, and what to do about it."""
    requirement, what = missing.requirement, f"{words.request} {missing.number}"
    reason = f"({requirement.reason})"
    if missing.near and missing.near[0].kind == "objection":
        asked = f"{near_words(missing.near[0])} in {what} {reason}"
        return asked, "settle it and have the last commit approved"
    if not requirement.owners and not missing.others:
        hint = f"name `owners` in org.yaml first, in a {words.request} of its own"
        return f"{what} cannot be approved: nobody is named for it {reason}", hint
    who = " or ".join(missing.whom)
    because = [_nobody(missing.nobody, requirement)] if missing.nobody else []
    about = "".join(f"; {text}" for text in [*because, *map(near_words, missing.near)])
    is_helpless = bool(missing.nobody) and not missing.others
    return (
        f"{what} lacks an approval of its last commit {missing.head[:12]} by {who} {reason}{about}",
        f"add somebody else to {who} on {words.forge}, or name other `owners`, and have that commit approved"
        if is_helpless
        else _to_ask(missing, who, words),
    )


def _to_ask(missing: Shortfall, who: str, words: ForgeWords) -> str:
    """Return whom to ask, and how they approve where that is not by approving once more."""
    is_late = any(miss.kind in ("older head", "before the plan") for miss in missing.near)
    how = f", {words.afterwards}" if missing.is_merged and words.afterwards else ""
    again = f"; whoever of them approved before has to {words.again}" if is_late and words.again and not how else ""
    return f"ask {who} to approve that commit{how}, and run this again{again}"


def fork_words(words: ForgeWords) -> tuple[str, str]:
    """Return why nobody can approve what comes from a fork before it is merged, and what to do about it.

    Of a forge that takes no checks of what is in a fork alone.
    """
    afterwards = f", {words.afterwards}" if words.afterwards else ""
    return (
        f"this comes from a fork, where {words.forge} takes no {words.check}: it is recorded and approved once it is"
        " merged",
        f"an owner approves it then{afterwards}; to have it approved before, push its branch into the project itself",
    )


def fork_notice(words: ForgeWords) -> str:
    """Return the same as Markdown on one line."""
    what, cure = (text[0].upper() + text[1:] for text in fork_words(words))
    return f"**{what}.** {cure}."


def all_missing_words(missing: Sequence[Shortfall], words: ForgeWords) -> tuple[str, str]:
    """Return all that is missing in one sentence, so that everybody can be asked at once, and what to do about it."""
    first, *others = missing
    also = [f"; also by {' or '.join(item.whom)} ({item.requirement.reason})" for item in others]
    more = f"; and {len(also) - _NAMED} more" if len(also) > _NAMED else ""
    hints = dict.fromkeys(missing_words(item, words)[1] for item in missing[: _NAMED + 1])
    return missing_words(first, words)[0] + "".join(also[:_NAMED]) + more, "; ".join(hints)


def missing_document(missing: Shortfall, words: ForgeWords) -> MissingApproval:
    """Return what is missing as a part of a document."""
    from reconciler.model.change_request import MissingApproval

    message, cure = missing_words(missing, words)
    return MissingApproval(
        team=missing.requirement.team,
        owners=missing.whom,
        reason=missing.requirement.reason,
        near_misses=tuple(map(near_words, missing.near)),
        message=message,
        cure=cure,
    )


def stand_in_words(item: StandIn) -> str:
    """Return who approved in place of whom, and why."""
    why = _nobody(item.nobody, item.requirement)
    return f"approved by {', '.join(item.logins)} instead ({item.requirement.reason}): {why}"


def stand_in_document(item: StandIn) -> ApprovedInstead:
    """Return who stood in as a part of a document."""
    from reconciler.model.change_request import ApprovedInstead

    return ApprovedInstead(
        team=item.requirement.team,
        owners=item.requirement.owners,
        reason=item.requirement.reason,
        approved_by=item.logins,
        why=_nobody(item.nobody, item.requirement),
    )


def _nobody(why: NobodyCould, requirement: Requirement) -> str:
    who = " or ".join(requirement.owners) or "nobody that is named"
    if why == "wrote it":
        return f"{who} has nobody who may approve what these authors wrote"
    return f"{who} has no members, or is not there any more"


def ruling_title(ruling: Ruling) -> str:
    """Return a ruling in a few words."""
    if ruling.state == "nothing":
        return "No budgets change"
    if ruling.problems:
        words = ruling.problems[0].words
        return words[0].upper() + words[1:]
    if ruling.state == "approved":
        people = dict.fromkeys(login for item in ruling.judged for login in item.approved_by)
        return f"Approved by {_few(tuple(people))}" if people else "Nobody has to approve it"
    missing = [item.missing.whom for item in ruling.judged if item.missing]
    waited_for = missing if ruling.judged else [item.owners for item in ruling.required]
    return f"Waits for {_few(tuple(dict.fromkeys(map(_people, waited_for))))}"


def ruling_text(ruling: Ruling, words: ForgeWords) -> str:
    """Return a ruling as Markdown."""
    if ruling.state == "nothing":
        return "No value in the budget files differs, so nobody has to approve anything here.\n"
    parts = [f"**{escaped(item.words)}**\n\nWhat to do: {escaped(item.cure)}." for item in ruling.problems]
    if ruling.record:
        run = f", shown by run {ruling.record.run[0]}" if ruling.record.run else ""
        digest = ruling.record.digest.removeprefix("sha256:")[:12]
        parts.append(f"Approvals are of plan `{digest}` for {ruling.record.period}{run}, at `{ruling.head[:7]}`.")
    if ruling.judged:
        parts.append(_table([_row(item, words) for item in ruling.judged]))
    elif ruling.required:
        parts.append(
            _table([f"| {escaped(i.reason)} | {escaped(_people(i.owners))} | – | – |" for i in ruling.required])
        )
    return "\n\n".join(parts) + "\n"


def _table(rows: Sequence[str]) -> str:
    more = [f"\n{len(rows) - _MOST_ROWS} more rows are left out here."] if len(rows) > _MOST_ROWS else []
    head = ["| What | Who approves it | Approved by | What is missing |", "|:--|:--|:--|:--|"]
    return "\n".join([*head, *rows[:_MOST_ROWS], *more])


def _row(item: Judged, words: ForgeWords) -> str:
    by = ", ".join(item.approved_by) or "–"
    why = "nothing"
    if item.missing:
        hint = missing_words(item.missing, words)[1].replace("@", "")
        near = "; ".join(near_words(miss) for miss in item.missing.near)
        why = escaped(f"{hint}{': ' if near else ''}{near}")
    elif item.stood_in:
        why = escaped(f"nothing: {_nobody(item.stood_in.nobody, item.stood_in.requirement).replace('@', '')}")
    who = _people(item.missing.whom if item.missing else item.requirement.owners)
    return f"| {escaped(item.requirement.reason)} | {escaped(who)} | {escaped(by)} | {why} |"


def _people(names: Sequence[str]) -> str:
    """Return who may approve, without the sign that would call them; of more than a few, how many."""
    more = f" or {len(names) - _FEW} more" if len(names) > _FEW else ""
    return (" or ".join(names[:_FEW]) + more).replace("@", "") or "nobody that is named"


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return ", ".join(names[:_FEW]) + more
