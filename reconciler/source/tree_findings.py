"""What is wrong with the files of a `budgets/` folder as such, whatever they hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from shlex import quote

from reconciler.findings import Finding, Position, Severity
from reconciler.git.attributes import filtered
from reconciler.git.places import left_out, missing_submodule
from reconciler.model.yaml_types import shown

ORGANIZATION = "org.yaml"
MANIFESTS = ("control-manifest.yaml", "control-manifest.yml")
_READ = (ORGANIZATION, "teams/", "policies/")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")


def finding(path: str, code: str, message: str, hint: str, severity: Severity = Severity.ERROR) -> Finding:
    """Return a finding about a file or a folder as a whole."""
    return Finding(Position(path, 1, 1), code, severity, message, hint)


def odd_name(path: str) -> Iterator[Finding]:
    """Yield that the name of a file cannot be the name of a team, or of rules, where it cannot."""
    folder, _, name = path.rpartition("/")
    stem = name.removesuffix(".yaml")
    if _NAME.fullmatch(stem) is None:
        whose = "rules" if folder.endswith("/policies") else "a team"
        sentence = f"{shown(stem)} cannot be the name of {whose}"
        hint = "use letters, digits, `_`, `.` and `-` only, and begin with a letter or digit"
        yield finding(path, "team-file-name", sentence, hint)


def too_large(path: str, size: int) -> Finding:
    """Return that a file is not read because it has so many bytes."""
    sentence = f"the file has {size:,} bytes; more than 1 MiB is not read"
    return finding(path, "too-large", sentence, "split it: one file for each team")


def without_organization(name: str, files: Iterable[str], findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield that there is no org.yaml among these paths, unless something was found there."""
    path = f"{name}/{ORGANIZATION}"
    if path in files or any(found.position.path == path for found in findings):
        return
    hint = f"create {path} with the organization's currency, fiscal year and environments"
    yield finding(path, "missing-organization", f"there is no {ORGANIZATION}", hint)


def second_owners(root: Path, name: str) -> Iterator[Finding]:
    """Yield the manifests in or beside the folder that would manage billing budgets too."""
    for prefix, folder in (("", root.resolve().parent), (f"{name}/", root)):
        for manifest in MANIFESTS:
            if (folder / manifest).is_file():
                sentence = "`kt control` manages billing budgets from this manifest too; each would undo the other"
                hint = "take billing budgets out of the manifest, and never run `kt control apply --prune` on them"
                yield finding(f"{prefix}{manifest}", "second-owner", sentence, hint, Severity.WARNING)


def without_folder(root: Path, name: str) -> Finding:
    """Return that there is no such folder, or why."""
    what = "is not a folder" if root.exists() else "does not exist"
    hint = f"name the folder that holds {ORGANIZATION} with `--budgets`"
    absent = finding(name, "missing-folder", f"the budgets folder {what}", hint)
    return without_submodule(root, name) or absent


def without_submodule(root: Path, name: str) -> Finding | None:
    """Return that the folder is in a submodule that is not checked out, if it is."""
    path = missing_submodule(root)
    if not path:
        return None
    hint = "run `git submodule update --init`; in CI, let the checkout bring submodules"
    return finding(name, "missing-submodule", f"{shown(path)} is a submodule that is not checked out", hint)


def not_checked_out(root: Path, name: str) -> Iterator[Finding]:
    """Yield that git has budget files which this checkout leaves out, where it does."""
    paths = [path for path in left_out(root) if path.endswith(".yaml") and path.startswith(_READ)]
    if paths:
        more = f" and {len(paths) - 1:,} more" if len(paths) > 1 else ""
        verb, say = ("are", "they say") if more else ("is", "it says")
        sentence = f"{shown(paths[0])}{more} {verb} left out of this checkout, so what {say} would be missing"
        hint = "`git sparse-checkout disable` brings all files here"
        yield finding(f"{name}/{paths[0]}", "left-out", sentence, hint)


def kept_otherwise(root: Path, name: str, paths: Sequence[str]) -> Iterator[Finding]:
    """Yield that no commit holds the files at these paths below the folder as they are read here, where so it is."""
    found = filtered(root, paths)
    for one in found[:1]:
        more = f" and {len(found) - 1:,} more" if len(found) > 1 else ""
        sentence = (
            f"git keeps {shown(one.path)}{more} through the filter {shown(one.filter)}, so a commit does not hold what"
            " is read here: nobody could review it, and no month could be opened by it"
        )
        hint = (
            f"where the files are there as you wrote them, end {one.told_in} with `{one.pattern} !filter !diff !merge`,"
            f" run `git add --renormalize {quote(str(root))}` and commit"
        )
        yield finding(f"{name}/{one.path}", "filtered", sentence, hint)
