"""Calendar: what the YAML says of days to come. Talks to nothing and writes nothing."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from pathlib import Path

from reconciler.app.wallet_names import named
from reconciler.findings import FindingsError
from reconciler.model.calendar import CalendarDocument
from reconciler.plan.calendar import calendar as entries_of
from reconciler.report.renderers import Shown
from reconciler.settings import today
from reconciler.source.load import load
from reconciler.source.marks import positions


def calendar(budgets: Path, *, as_of: date | None = None, teams: Collection[str] = ()) -> Shown:
    """Return what the files in `budgets` say of days after `as_of`, by default today (UTC).

    Where `teams` are named, of these alone.

    Raises:
        FindingsError: the YAML has errors.
        UsageError: one of `teams` is in no YAML.
    """
    desired, day = load(budgets), as_of or today()
    if desired.desired is None:
        raise FindingsError(desired.findings, budgets=str(budgets))
    about = named(desired.desired, teams)
    found = [item for item in entries_of(desired.desired, day) if about is None or item[0].team in about]
    places = positions(desired.desired.files, (origin for _, origin in found))
    organization = desired.desired.organization
    document = CalendarDocument(
        organization=organization.organization,
        currency=organization.currency,
        as_of=day,
        entries=tuple(entry.model_copy(update={"position": str(places[origin])}) for entry, origin in found),
    )
    return Shown(document)
