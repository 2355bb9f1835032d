"""`kt-budgets drift --accept`: what is live written into the YAML, one value or entry at a time, comments kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.files import write_file
from reconciler.findings import FindingsError, UsageError
from reconciler.model.kinds.managed_kind import ManagedKind, V, text_of
from reconciler.model.kinds.registry import kinds
from reconciler.model.wallet_ref import WalletRef
from reconciler.source.edits import EditError, set_value
from reconciler.source.load import read
from reconciler.source.removal import remove_item

if TYPE_CHECKING:
    from reconciler.model.desired import Desired, DesiredObject
    from reconciler.model.drift import DriftItem
    from reconciler.model.live import Live
    from reconciler.plan.drift import Drifted
    from reconciler.settings import Settings


@dataclass(frozen=True, slots=True)
class Edit:
    """A file's path as origins name it, the keys down to a value, and the value as YAML; None: the entry goes."""

    path: str
    keys: tuple[str | int, ...]
    literal: str | None

    @property
    def order(self) -> tuple[bool, str, tuple[tuple[bool, int, str], ...]]:
        """Values first, then entries from the last to the first: so that none moves the place of another."""
        places = tuple((isinstance(k, int), -k if isinstance(k, int) else 0, str(k)) for k in self.keys)
        return self.literal is None, self.path, places


def accept(
    settings: Settings, desired: Desired, live: Live, found: tuple[Drifted, ...]
) -> tuple[tuple[Path, ...], tuple[Drifted, ...]]:
    """Write what is live of everything that was changed by hand; return the files, and what could not be written.

    An object that is gone from Keeptrusts goes from the YAML as well. Nothing is written unless
    every edit is possible and the files are valid with all of them.
    """
    wanted = [entry for entry in found if entry.needs_person]
    edits = [(entry, tuple(_edits(entry.item, desired, live, settings))) for entry in wanted]
    texts = _edited(settings.budgets, [edit for _, listed in edits for edit in listed])
    files = {settings.budgets / path.partition("/")[2]: text for path, text in texts.items()}
    for file, text in files.items():
        write_file(file, text)
    return tuple(sorted(files)), tuple(entry for entry, listed in edits if not listed)


def is_writable(item: DriftItem, desired: Desired, live: Live, settings: Settings) -> bool:
    """Return whether there is a value in the YAML that could say what is live."""
    return next(_edits(item, desired, live, settings), None) is not None


def _edited(budgets: Path, edits: list[Edit]) -> Mapping[str, str]:
    """Return the new text of each file, proven by reading all files with them.

    Raises:
        FindingsError: with every place that cannot be edited; or when the YAML would have errors.
    """
    before = {edit.path: _read(budgets / edit.path.partition("/")[2]) for edit in edits}
    texts, refused = dict(before), []
    for edit in sorted(edits, key=lambda edit: edit.order):
        text = texts[edit.path]
        try:
            texts[edit.path] = (
                remove_item(text, edit.keys) if edit.literal is None else set_value(text, edit.keys, edit.literal)
            )
        except EditError as error:
            refused.append(error.finding(edit.path, before[edit.path], edit.keys, edit.literal))
    if refused:
        raise FindingsError(refused)
    findings = read(budgets).rewritten(texts).findings if texts else ()
    if any(finding.is_error for finding in findings):
        raise FindingsError(findings)
    return texts


def _edits(item: DriftItem, desired: Desired, live: Live, settings: Settings) -> Iterator[Edit]:
    if item.wallet:
        if item.category == "changed":
            yield _funding(item.wallet, desired, live, settings)
        return
    for kind in kinds():
        wanted = next((one for key, one in desired.of(kind).items() if text_of(key) == item.key), None)
        if wanted is not None and bool(item.team) == kind.of_teams:
            yield from _object(item, kind, wanted, live)


def _object(item: DriftItem, kind: ManagedKind[V], wanted: DesiredObject[V], live: Live) -> Iterator[Edit]:
    """Yield the edits that make an object what Keeptrusts says, or take from the YAML what is gone."""
    if item.category == "missing":
        yield Edit(wanted.origin.path, wanted.origin.keys, None)
    found = live.of(kind).objects.get(kind.key(wanted.value))
    if item.category == "changed" and found is not None:
        ours = kind.literals(wanted.value)
        for field, literal in kind.literals(found.value).items():
            if literal != ours[field]:
                yield Edit(wanted.origin.path, (*wanted.origin.keys, field), literal)


def _funding(key: WalletRef, desired: Desired, live: Live, settings: Settings) -> Edit:
    """Return the edit that makes what the ledger says the target of this one month."""
    wallet = desired.wallets[key]
    funded = f"{live.wallets[key].funded(settings.period).amount:.2f}"
    keys = (*wallet.origin.keys, "overrides")
    month = str(settings.period)
    if wallet.setting.overrides:
        return Edit(wallet.origin.path, (*keys, month), funded)
    return Edit(wallet.origin.path, keys, f"{{{month}: {funded}}}")


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {type(error).__name__}", hint="run `kt-budgets validate`") from None
