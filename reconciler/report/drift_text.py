"""`kt-budgets drift` for a terminal: differences, what was left behind, and what a person can do next."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from shlex import quote

from reconciler.model.drift import DriftDocument
from reconciler.model.forge_words import USUAL, ForgeWords
from reconciler.model.waiting import Dispatch, Waiting
from reconciler.plan.drift import Drifted
from reconciler.report.columns import wrapped
from reconciler.report.findings_text import visible
from reconciler.report.screen import PAPER, Screen
from reconciler.report.wording import counted

_HANGING = 14
_STATES = {"lease ran out": "lock expired"}


@dataclass(frozen=True, slots=True)
class DriftPage:
    """What the page shows. Nobody explains what is `doubtful`, the keys of wallets, so it is not pending."""

    found: Sequence[Drifted]
    waiting: Sequence[Waiting]
    doubtful: Collection[str] = ()
    following: str = ""
    words: ForgeWords = USUAL

    def document(self) -> DriftDocument:
        return DriftDocument(items=tuple(entry.item for entry in self.found), waiting=tuple(self.waiting))


def drift_text(shown: DriftPage, screen: Screen = PAPER) -> str:
    """Return lines that fit the screen, of any length where that is not known."""
    found, waiting, width = shown.found, shown.waiting, screen.width if screen.is_known else None
    if not found and not waiting:
        return "No drift.\n"
    listed = [(line, _HANGING) for line in _entries(found, waiting, shown.doubtful, shown.words)]
    listed += [(line, 2) for line in _counts(found, waiting, shown.words)]
    if shown.following:
        listed.append((shown.following, 2))
    return "".join(f"{_wrapped(line, width, hanging=hanging)}\n" for line, hanging in listed)


def _entries(
    found: Sequence[Drifted], waiting: Sequence[Waiting], doubtful: Collection[str], words: ForgeWords
) -> Iterator[str]:
    for entry in found:
        is_doubtful = entry.item.category == "pending" and entry.item.wallet in doubtful
        kind, mark = "in doubt" if is_doubtful else entry.item.category, "*" if entry.needs_person else " "
        yield f"{kind:>12}{mark} {visible(entry.item.sentence)}"
    for item in waiting:
        state = _STATES.get(item.state, item.state)
        start = _started(item.dispatch, words)
        yield f"{state:>12}  {visible(item.sentence)} {visible(item.cure)} {visible(start)}".rstrip()


def _started(dispatch: Dispatch, words: ForgeWords) -> str:
    """Return what to start, and with what; of commands, what their sentence does not say."""
    if words.commands:
        owner = dispatch.inputs.get("break_lock")
        return f"[kt-budgets resume --break-lock {quote(owner)}]" if owner else ""
    inputs = "".join(f" {key}={value}" for key, value in words.filled(dispatch.workflow, dispatch.inputs).items())
    return f"[{words.task(dispatch.workflow)}{inputs}]"


def _counts(found: Sequence[Drifted], waiting: Sequence[Waiting], words: ForgeWords) -> Iterator[str]:
    if found:
        needed = sum(entry.needs_person for entry in found)
        marked = f" ({'it is' if needed == 1 else 'they are'} marked with *)" if 0 < needed < len(found) else ""
        verb = "needs" if needed == 1 else "need"
        yield f"{counted(len(found), 'difference')}, {needed} of them {verb} attention{marked}."
    if waiting:
        cure = "what fixes it" if words.commands else f"the {words.pipeline} that fixes it"
        yield f"{counted(len(waiting), 'thing')} left behind; each names {cure}."


def _wrapped(line: str, width: int | None, *, hanging: int) -> str:
    if width is None:
        return line
    before = len(line) - len(line.lstrip())
    return "\n".join(wrapped(line.strip(), width, indent=before, hanging=hanging))
