"""Who is asked to approve a plan, grouped by owner, with everything that they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.report.document import Asked
from reconciler.report.spans import Words, code, plain, safe_name, strong, visible, words

_APPROVE = strong("Approve:")
_SHORT = 480
"""So many characters of who is asked, and what for, fit below a verdict; more get a list."""
_NAMES = 240
"""So many characters of owners' names are said below a verdict, where a list follows."""
_TEAMS = 30
"""So many teams are in one entry of that list, which is cut between entries."""
_NAMED_TEAMS = 4 * _TEAMS
"""So many teams are named that one owner is asked about; of more it is said how many they are."""


def asked_lead(approvals: Sequence[Asked]) -> tuple[Words, ...]:
    """Return one sentence that names who is asked: with what for, or as many as are short and where the others are.

    Where nobody is named, it says what to do first.
    """
    if not approvals:
        return ()
    first = "" if all(asked.owners for asked in approvals) else words("; name ", code("owners"), " in org.yaml first")
    if _is_short(approvals):
        pieces = [words(" and " if index else " ", _whole(asked)) for index, asked in enumerate(approvals)]
        return (words(_APPROVE, *pieces, first, "."),)
    named: list[Words] = []
    for asked in approvals:
        owners = words(", " if named else " ", owners_words(asked))
        if sum(len(plain(part)) for part in (*named, owners)) > _NAMES:
            break
        named.append(owners)
    more = f" and {len(approvals) - len(named):,} more" if len(named) < len(approvals) else ""
    below = (
        "everybody is named below, with what for" if any(asked.owners for asked in approvals) else "what for is below"
    )
    return (words(_APPROVE, *named, more, first, f"; {below}."),)


def asked_list(approvals: Sequence[Asked]) -> tuple[Words, ...]:
    """Return everybody who is asked and what for, where that is too long for a sentence."""
    if _is_short(approvals):
        return ()
    return tuple(words(entry, ".") for asked in approvals for entry in _entries(asked))


def owners_words(asked: Asked) -> Words:
    """Return the owners of whom one is enough, none of them as a mention."""
    if not asked.owners:
        return words("nobody is named")
    pieces = [(" or " if index else "", code(visible(who.lstrip("@"), 210))) for index, who in enumerate(asked.owners)]
    return words(*(piece for pair in pieces for piece in pair))


def _is_short(approvals: Sequence[Asked]) -> bool:
    length = 0
    for asked in approvals:
        length += len(plain(_whole(asked)))
        if length > _SHORT:
            return False
    return True


def _whole(asked: Asked) -> Words:
    """Return who is asked and what for: `acme/finance (USD 12,500.00 move; budgets of support, ads)`."""
    return words(owners_words(asked), f" ({'; '.join([*_reasons(asked), *_teams(asked)])})")


def _entries(asked: Asked) -> Iterator[Words]:
    told = [*_reasons(asked), *_teams(asked)]
    yield words(owners_words(asked), ": ", told[0] if told else "")
    for more in told[1:]:
        yield words(owners_words(asked), ", also: ", more)


def _reasons(asked: Asked) -> list[str]:
    return [visible(reason, 240) for reason in asked.reasons]


def _teams(asked: Asked) -> Iterator[str]:
    for what, teams in asked.teams:
        listed = teams[:_NAMED_TEAMS]
        for start in range(0, len(listed), _TEAMS):
            shown = listed[start : start + _TEAMS]
            more = len(teams) - len(listed) if start + _TEAMS >= len(listed) else 0
            named = ", ".join(map(safe_name, shown)) + (f" and {more:,} more" if more else "")
            yield (
                f"{named}: {visible(what, 240)}" if what else f"{'budget' if len(shown) == 1 else 'budgets'} of {named}"
            )
