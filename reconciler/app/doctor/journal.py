"""Checks of the journal: whether it can be read, whether it can be written to, and who else moves money."""

from __future__ import annotations

import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from reconciler.app.doctor.access import workflows
from reconciler.app.doctor.check import Seen, failed, not_checked, passed, warning
from reconciler.findings import ExitCode
from reconciler.journal.history import history_of
from reconciler.journal.journal import torn_sentence
from reconciler.journal.probe import try_push
from reconciler.plan.by_hand import foreign_entries
from reconciler.report.wording import counted

if TYPE_CHECKING:
    from reconciler.app.doctor.subject import Subject
    from reconciler.model.live import LedgerEntry


_NAMED = 5


def look_at_journal(subject: Subject) -> Iterator[Seen]:
    records, place = subject.records, subject.journal
    doubtful = history_of(records).in_doubt()
    if doubtful:
        words = f"{counted(len(doubtful), 'operation')} in the journal {place.shown} may or may not have happened"
        yield failed(words, "kt-budgets resume", ExitCode.UNKNOWN)
    if torn := torn_sentence(place.name, folder=place.folder):
        yield warning(torn, "kt-budgets resume drops it")
    yield passed(f"the journal {place.shown} can be read: {counted(len(records), 'record')}, whole and in order")
    if place.file is not None and not subject.settings.sandbox and _has_workflows(subject.top):
        yield warning(
            f"the journal is a file, {place.shown}, and workflows are here: a runner's file is gone after its job",
            f"write `journal: git:origin` into {subject.settings.budgets / 'org.yaml'}",
        )


def _has_workflows(top: Path) -> bool:
    files = [path for path in (*workflows(top), top / ".gitlab-ci.yml") if path.is_file()]
    return any("kt-budgets" in path.read_text(encoding="utf-8", errors="replace") for path in files)


def look_at_push(subject: Subject) -> Iterator[Seen]:
    place = subject.journal
    if place.file is None and not subject.probe:
        yield not_checked(f"nothing is pushed to {place.shown}", "leave `--no-probe` out")
        return
    if place.file is None:
        try_push(place.name.partition(":")[2], folder=place.folder)
        yield passed(f"{place.shown} takes what is pushed to refs/kt-budgets/* (a reference was pushed and taken away)")
        return
    file = place.folder / place.file
    there = next(path for path in (file, *file.parents) if path.exists())
    if os.access(there, os.W_OK):
        yield passed(f"{place.shown} can be written")
    else:
        yield failed(
            f"{there} cannot be written", f"let this user write there: chmod u+w {quote(str(there))}", ExitCode.REFUSED
        )


def look_for_other_funders(subject: Subject) -> Iterator[Seen]:
    """Look for money that came from elsewhere; what was given before a wallet was adopted as it is counts as git's."""
    period, history, declared = subject.settings.period, history_of(subject.records), subject.desired.wallets
    foreign = {
        f"{declared[key].team}/{declared[key].environment}": entries
        for key, wallet in subject.live.wallets.items()
        if key not in history.adopted or wallet.funded(period) != declared[key].target(period)
        if (entries := foreign_entries(wallet.funding(period), history.own))
    }
    if not foreign:
        adopted = ", beyond what was adopted" if history.adopted else ""
        yield passed(f"nobody else moved money of these wallets for {period}{adopted}")
        return
    number = sum(map(len, foreign.values()))
    moved = sum((entry.amount for entries in foreign.values() for entry in entries), Decimal(0))
    currency = subject.desired.organization.currency
    named = ", ".join(f"{key} ({_told(entries)})" for key, entries in list(foreign.items())[:_NAMED])
    named += f" and {len(foreign) - _NAMED} more" if len(foreign) > _NAMED else ""
    yield warning(
        f"{counted(number, 'movement')} for {period}, {currency} {moved:,.2f} together, came from elsewhere: {named}",
        "have money of these wallets moved by git alone from now on; `kt-budgets drift` tells what was moved by hand",
    )


def _told(entries: tuple[LedgerEntry, ...]) -> str:
    total = sum((entry.signed for entry in entries), Decimal(0))
    return f"{total:+,.2f}"
