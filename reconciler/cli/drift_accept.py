"""`kt-budgets drift --accept`: live values written into the YAML, one value at a time, comments kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.findings import UsageError

if TYPE_CHECKING:
    from reconciler.model.desired import Desired
    from reconciler.model.live import Live
    from reconciler.model.plan import DriftItem
    from reconciler.plan.drift import Drifted
    from reconciler.settings import Settings

Edit = tuple[str, tuple[str | int, ...], str]
"""A file's path as origins name it, the keys down to a value, and the value as YAML."""


def accept(
    settings: Settings, desired: Desired, live: Live, found: tuple[Drifted, ...]
) -> tuple[tuple[Path, ...], tuple[Drifted, ...]]:
    """Write the live value of everything that was changed by hand; return the files, and what could not be written.

    Nothing is written unless every edit is possible.
    """
    from reconciler.source.edits import set_value

    wanted = [entry for entry in found if entry.needs_person]
    edits = [(entry, tuple(_edits(entry.item, desired, live, settings))) for entry in wanted]
    texts: dict[Path, str] = {}
    for _, listed in edits:
        for path, keys, literal in listed:
            file = settings.budgets / path.partition("/")[2]
            text = texts[file] if file in texts else _read(file)
            texts[file] = set_value(text, keys, literal)
    for file, text in texts.items():
        _write(file, text)
    return tuple(sorted(texts)), tuple(entry for entry, listed in edits if not listed)


def _edits(item: DriftItem, desired: Desired, live: Live, settings: Settings) -> Iterator[Edit]:
    if item.category != "changed":
        return
    if item.wallet:
        yield _funding(item.wallet, desired, live, settings)
    elif item.key:
        yield from _settings(item.key, desired, live)


def _funding(key: str, desired: Desired, live: Live, settings: Settings) -> Edit:
    """Return the edit that makes what the ledger says the target of this one month."""
    wallet = desired.wallets[key]
    funded = f"{live.wallets[key].funded(settings.period).amount:.2f}"
    keys = (*wallet.origin.keys, "overrides")
    month = str(settings.period)
    if wallet.setting.overrides:
        return wallet.origin.path, (*keys, month), funded
    return wallet.origin.path, keys, f"{{{month}: {funded}}}"


def _settings(key: str, desired: Desired, live: Live) -> Iterator[Edit]:
    """Yield the edits that make a billing budget what Keeptrusts says."""
    for name, wanted in desired.billing_budgets.items():
        if str(name) != key or name not in live.billing_budgets:
            continue
        found, ours = live.billing_budgets[name].budget, wanted.budget
        literals = {
            "amount": f"{found.amount:.2f}",
            "alert_percentages": json.dumps(list(found.alert_percentages)),
            "hard_limit": json.dumps(found.hard_limit),
            "period": found.period,
        }
        for field, literal in literals.items():
            if getattr(found, field) != getattr(ours, field):
                yield wanted.origin.path, (*wanted.origin.keys, field), literal


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {type(error).__name__}", hint="run `kt-budgets validate`") from None


def _write(file: Path, text: str) -> None:
    temporary = file.with_name(f".{file.name}.partial")
    try:
        temporary.write_bytes(text.encode("utf-8"))
        temporary.replace(file)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise UsageError(f"{file} cannot be written: {error.strerror}", hint="make the folder writable") from None
