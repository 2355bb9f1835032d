"""Checks of the files: the YAML, the fiscal year, who else manages alerts, schemas and the versions of workflows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from reconciler.app.doctor.access import workflows
from reconciler.app.doctor.check import Seen, failed, not_checked, passed, warning
from reconciler.app.schemas import stale
from reconciler.findings import ExitCode
from reconciler.source.tree_findings import second_owners
from reconciler.version import __version__

if TYPE_CHECKING:
    from reconciler.app.doctor.subject import Subject

_PINNED = re.compile(
    r"^\s*-?\s*uses:\s*[\"']?(\S*/kt-budgets\S*?)@([^\s\"'#]+)(?:.*#\s*(v?[0-9][^\s]*))?", re.MULTILINE
)


def look_at_yaml(subject: Subject) -> Iterator[Seen]:
    findings = subject.loaded.findings
    errors = [found for found in findings if found.is_error]
    if errors:
        first = errors[0]
        more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
        words = f"{first.position}: {first.message}{more}"
        every = "`kt-budgets validate` lists every one"
        begin = "or begin with `kt-budgets init`, or with `kt-budgets import` where Keeptrusts is in use"
        fix = f"{first.hint}; {every if subject.settings.budgets.exists() else begin}"
        yield failed(words, fix, ExitCode.FINDINGS)
        return
    desired = subject.desired
    told = f"{len(desired.teams)} teams with {len(desired.wallets)} wallets are declared"
    if findings:
        yield warning(
            f"{told}; {len(findings)} {'warning' if len(findings) == 1 else 'warnings'}",
            "read them with `kt-budgets validate`",
        )
    else:
        yield passed(told)


def look_at_fiscal_year(subject: Subject) -> Iterator[Seen]:
    year, period = subject.desired.organization.fiscal_year.value, subject.settings.period
    if period in year.periods:
        yield passed(f"{period} is in {year.name}")
        return
    path = subject.desired.organization_path
    yield warning(
        f"{period} is not in {year.name}, which is {year.periods[0]} to {year.periods[-1]}",
        f"write the fiscal year that contains {period} into `fiscal_year` of {path}, or name another --period",
    )


def look_for_second_owner(subject: Subject) -> Iterator[Seen]:
    root = subject.settings.budgets
    found = list(second_owners(root, root.name))
    for owner in found:
        yield warning(f"{owner.position.path}: {owner.message}", owner.hint)
    if not found:
        yield passed("there is no control-manifest.yaml in or beside the budgets")


def look_at_versions(subject: Subject) -> Iterator[Seen]:
    yield passed(f"kt-budgets {__version__} is installed")
    yield from _schemas(subject.top / "schemas")
    yield from _workflows(subject.top)


def _schemas(folder: Path) -> Iterator[Seen]:
    if not folder.is_dir():
        yield not_checked("there is no folder `schemas` beside the budgets", "write it with `kt-budgets schema`")
        return
    outdated, number = stale(folder)
    present = [path.name for path in outdated if path.exists()]
    if present:
        words = f"{len(present)} schemas are of another version of kt-budgets: {', '.join(present[:4])}"
        yield warning(words, f"kt-budgets schema --output {quote(folder.name)}")
    else:
        yield passed(f"the schemas in {folder.name} are those of this version ({number - len(outdated)} of {number})")


def _workflows(top: Path) -> Iterator[Seen]:
    pins = dict(_pins(top))
    other = {file: pin for file, pin in pins.items() if _version(pin) not in ("", __version__)}
    for file, pin in sorted(other.items()):
        words = f"{file} runs kt-budgets {pin}, and {__version__} is installed here"
        yield warning(words, f"install what runs there, or name this version in {file}")
    if pins and not other:
        yield passed(f"{len(pins)} workflows name kt-budgets, none of them another version")


def _pins(top: Path) -> Iterator[tuple[str, str]]:
    """Yield the workflow files that use kt-budgets from elsewhere, and the version they name."""
    for path in workflows(top):
        for _, reference, words in _PINNED.findall(path.read_text(encoding="utf-8", errors="replace")):
            yield str(path.relative_to(top)), words or reference


def _version(pin: str) -> str:
    """Return the whole version that a pin names; empty for a commit, a branch, and a part of this version."""
    text = pin.removeprefix("v")
    if re.fullmatch(r"[0-9]+(\.[0-9]+)*", text) is None or f"{__version__}.".startswith(f"{text}."):
        return ""
    return text
