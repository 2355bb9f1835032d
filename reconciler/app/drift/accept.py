"""`kt-budgets drift --accept`: what is live written into the YAML, one value or entry at a time, comments kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.app.file_edits import FileEdit, write_edits
from reconciler.model.kinds.managed_kind import ManagedKind, V, text_of
from reconciler.model.kinds.registry import kinds
from reconciler.model.wallet_ref import WalletRef

if TYPE_CHECKING:
    from reconciler.model.desired import Desired, DesiredObject
    from reconciler.model.drift import DriftItem
    from reconciler.model.live import Live
    from reconciler.plan.drift import Drifted
    from reconciler.settings import Settings


def accept(
    settings: Settings, desired: Desired, live: Live, found: tuple[Drifted, ...]
) -> tuple[tuple[Path, ...], tuple[Drifted, ...]]:
    """Write what is live of everything that was changed by hand; return the files, and what could not be written.

    An object that is gone from Keeptrusts goes from the YAML as well. Nothing is written unless
    every edit is possible and the files are valid with all of them.
    """
    wanted = [entry for entry in found if entry.needs_person]
    edits = [(entry, tuple(_edits(entry.item, desired, live, settings))) for entry in wanted]
    files = write_edits(settings.budgets, [edit for _, listed in edits for edit in listed])
    return files, tuple(entry for entry, listed in edits if not listed)


def is_writable(item: DriftItem, desired: Desired, live: Live, settings: Settings) -> bool:
    """Return whether there is a value in the YAML that could say what is live."""
    return next(_edits(item, desired, live, settings), None) is not None


def why_not_writable(item: DriftItem, desired: Desired, live: Live) -> str:
    """Return why no YAML could say what is live of an object that was changed; an empty text where it could."""
    for kind in kinds():
        for key, found in live.of(kind).objects.items():
            if item.category == "changed" and text_of(key) == item.key and bool(item.team) == kind.of_teams:
                return kind.stray(found.value, currency=desired.organization.currency).reason
    return ""


def _edits(item: DriftItem, desired: Desired, live: Live, settings: Settings) -> Iterator[FileEdit]:
    if item.wallet:
        if item.category == "changed" and live.wallets[item.wallet].funded(settings.period).amount >= 0:
            yield _funding(item.wallet, desired, live, settings)
        return
    for kind in kinds():
        wanted = next((one for key, one in desired.of(kind).items() if text_of(key) == item.key), None)
        if wanted is not None and bool(item.team) == kind.of_teams:
            yield from _object(item, kind, wanted, live)


def _object(item: DriftItem, kind: ManagedKind[V], wanted: DesiredObject[V], live: Live) -> Iterator[FileEdit]:
    """Yield the edits that make an object what Keeptrusts says, or take from the YAML what is gone."""
    if item.category == "missing":
        yield FileEdit(wanted.origin.path, wanted.origin.keys, None)
    found = live.of(kind).objects.get(kind.key(wanted.value))
    if item.category == "changed" and found is not None:
        ours = kind.literals(wanted.value)
        for field, literal in kind.literals(found.value).items():
            if literal != ours.get(field):
                yield FileEdit(wanted.origin.path, (*wanted.origin.keys, field), literal)


def _funding(key: WalletRef, desired: Desired, live: Live, settings: Settings) -> FileEdit:
    """Return the edit that makes what the ledger says the target of this one month."""
    wallet = desired.wallets[key]
    keys, literal = wallet.setting.correction(settings.period, live.wallets[key].funded(settings.period).amount)
    return FileEdit(wallet.origin.path, (*wallet.origin.keys, *keys), literal)
