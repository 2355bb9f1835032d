"""The files of a `budgets/` folder: which there are, what they hold, and what else lies there."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from shlex import quote

from reconciler.findings import Finding, Severity
from reconciler.model.yaml_types import shown
from reconciler.source.tree_findings import (
    MANIFESTS,
    ORGANIZATION,
    finding,
    kept_otherwise,
    not_checked_out,
    odd_name,
    second_owners,
    too_large,
    without_folder,
    without_organization,
    without_submodule,
)

LARGEST = 1024 * 1024
"""Bytes that one file may have."""

TEAMS = "teams"
POLICIES = "policies"
FIXTURES = ".test.yaml"
"""How the files end that hold fixtures for rules: `policy test` reads them, and nothing else."""

_IGNORED = re.compile(r"\..*|.*\.md|CODEOWNERS|LICENSE", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A budget file as it is on disk. `path` is how findings name it, `relative` its path below the folder."""

    path: str
    relative: str
    data: bytes

    def __hash__(self) -> int:
        return hash(self.data)

    @property
    def stem(self) -> str:
        return self.relative.rsplit("/", 1)[-1].removesuffix(".yaml")


@dataclass(frozen=True, slots=True)
class Tree:
    """Every file that could be read, org.yaml first, then the teams by name; and what is wrong with the others."""

    name: str
    files: tuple[SourceFile, ...]
    findings: tuple[Finding, ...]

    @property
    def digest(self) -> str:
        """The digest of the files."""
        return digest_of((file.relative, file.data) for file in self.files)


def digest_of(files: Iterable[tuple[str, bytes]]) -> str:
    """Return the `sha256:` digest over relative paths and contents, in the order of the files.

    CR LF counts as LF: with `eol=crlf` in .gitattributes, a checkout differs in it from what is committed.
    """
    total = sha256()
    for relative, data in files:
        content = data.replace(b"\r\n", b"\n")
        total.update(f"{relative}\0{len(content)}\0".encode(errors="surrogateescape"))
        total.update(content)
    return f"sha256:{total.hexdigest()}"


def folder_name(root: Path) -> str:
    """Return the name by which findings call the folder, whatever way leads there."""
    return (root.name if root.name != ".." else "") or root.resolve().name or "budgets"


def read_tree(root: Path) -> Tree:
    """Read every budget file below `root`. Nothing is raised: what cannot be read is a finding."""
    name = folder_name(root)
    findings: list[Finding] = list(not_checked_out(root, name))
    if not root.is_dir():
        return Tree(name, (), tuple(findings) or (without_folder(root, name),))
    below = _organization_below(root)
    if below is not None and not findings:
        sentence = f"there is no {ORGANIZATION} here, but one in {shown(below.name)}"
        hint = f"name it: --budgets {quote(str(below))}"
        return Tree(name, (), (finding(f"{name}/{ORGANIZATION}", "missing-organization", sentence, hint),))
    files: list[SourceFile] = []
    inside = _Inside(os.path.realpath(root))
    for relative, entry in _walk(root, name, findings):
        data = _read(entry, f"{name}/{relative}", inside, findings)
        if data is not None:
            files.append(SourceFile(f"{name}/{relative}", relative, data))
    if not (files or findings) and (absent := without_submodule(root, name)):
        return Tree(name, (), (absent,))
    findings.extend(without_organization(name, (file.path for file in files), findings))
    findings.extend(second_owners(root, name))
    findings.extend(kept_otherwise(root, name, [file.relative for file in files]))
    return Tree(name, tuple(files), tuple(findings))


def tree_of(name: str, contents: Mapping[str, bytes]) -> Tree:
    """Return the tree of a folder called `name` that holds these budget files, by their paths below it."""
    ordered = sorted(contents.items(), key=lambda item: (item[0] != ORGANIZATION, item[0]))
    found = [SourceFile(f"{name}/{relative}", relative, data) for relative, data in ordered]
    files = tuple(file for file in found if len(file.data) <= LARGEST)
    findings = [odd for file in files if file.relative != ORGANIZATION for odd in odd_name(file.path)]
    findings += [too_large(file.path, len(file.data)) for file in found if len(file.data) > LARGEST]
    return Tree(name, files, (*findings, *without_organization(name, (file.path for file in files), findings)))


def is_budget_path(relative: str) -> bool:
    """Whether a file at this path below the folder is read."""
    folder, _, name = relative.rpartition("/")
    return relative == ORGANIZATION or (folder in (TEAMS, POLICIES) and _is_read(folder, name))


def is_policy(relative: str) -> bool:
    """Whether the file at this path below the folder holds rules."""
    return relative.startswith(f"{POLICIES}/")


def _is_read(folder: str, name: str) -> bool:
    is_fixture = folder == POLICIES and name.endswith(FIXTURES)
    return name.endswith(".yaml") and not name.startswith(".") and not is_fixture


def _organization_below(root: Path) -> Path | None:
    """Return the first folder in `root` that holds budgets, where `root` itself has nothing of them."""
    if os.path.lexists(root / ORGANIZATION) or os.path.lexists(root / TEAMS):
        return None
    try:
        return next((path for path in sorted(root.iterdir()) if (path / ORGANIZATION).is_file()), None)
    except OSError:
        return None


def _walk(root: Path, name: str, findings: list[Finding]) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield the relative path of each budget file; everything else there becomes a finding."""
    for entry in _entries(root, name, findings):
        if entry.name in (TEAMS, POLICIES) and _is_folder(entry):
            for below in _entries(Path(entry.path), f"{name}/{entry.name}", findings):
                if _is_budget(below, f"{name}/{entry.name}/{below.name}", entry.name, findings):
                    yield f"{entry.name}/{below.name}", below
        elif entry.name == ORGANIZATION:
            yield entry.name, entry
        else:
            findings.extend(_stray(entry, name, f"{name}/{entry.name}"))


def _entries(folder: Path, path: str, findings: list[Finding]) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        sentence = f"the folder cannot be read: {_reason(error)}"
        findings.append(finding(path, "unreadable-file", sentence, "correct its permissions"))
        return []


def _is_budget(entry: os.DirEntry[str], path: str, folder: str, findings: list[Finding]) -> bool:
    """Whether an entry of `teams/` or `policies/` is read; odd names are findings, but the file is still read."""
    if not _is_read(folder, entry.name) or _is_folder(entry):
        is_fixture = folder == POLICIES and entry.name.endswith(FIXTURES)
        findings.extend(_rules_among(entry, path) if is_fixture else _stray(entry, f"{path.rsplit('/', 2)[0]}", path))
        if re.fullmatch(r"\..*\.ya?ml", entry.name, re.IGNORECASE):
            hint = "leave the dot out, or move it away"
            sentence = f"{shown(entry.name)} is not read: its name begins with a dot"
            findings.append(finding(path, "hidden-file", sentence, hint, Severity.WARNING))
        return False
    findings.extend(odd_name(path))
    return True


def _stray(entry: os.DirEntry[str], root_name: str, path: str) -> Iterator[Finding]:
    """Yield what is to be said about something that no command reads."""
    name = entry.name
    if name in MANIFESTS or _IGNORED.fullmatch(name):
        return
    if _is_folder(entry):
        yaml = _first_yaml(entry.path)
        if yaml is not None:
            sentence = "nothing reads the YAML files in this folder"
            hint = f"move team files to {root_name}/{TEAMS}/, rules to {root_name}/{POLICIES}/"
            yield finding(f"{path}/{yaml}", "misplaced-file", sentence, hint)
        elif re.search(r"\.ya?ml$", name, re.IGNORECASE):
            yield _no_file(path)
    elif re.search(r"\.ya?ml$", name, re.IGNORECASE) and not name.endswith(".yaml"):
        renamed = re.sub(r"\.ya?ml$", ".yaml", name, flags=re.IGNORECASE)
        yield finding(
            path, "file-extension", f"{shown(name)} is not read: budget files end in .yaml", f"rename it to {renamed}"
        )
    elif name.endswith(".yaml"):
        hint = f"move it to {root_name}/{TEAMS}/ if it is a team, or out of {root_name}/"
        yield finding(path, "misplaced-file", f"nothing reads {shown(name)} here", hint)
    else:
        hint = f"move it out of {root_name}/"
        yield finding(path, "stray-file", f"nothing reads {shown(name)} here", hint, Severity.WARNING)


_RULES = re.compile(rb"^[\"']?rules[\"']?\s*:", re.MULTILINE)


def _rules_among(entry: os.DirEntry[str], path: str) -> Iterator[Finding]:
    """Yield that a file of fixtures holds rules: nothing would be judged by them."""
    if not entry.is_file(follow_symlinks=False):
        yield finding(path, "unreadable-file", "fixtures are a file, and this is none", "put the file itself here")
        return
    try:
        found = _RULES.search(Path(entry.path).read_bytes()[:LARGEST])
    except OSError as error:
        yield finding(path, "unreadable-file", f"the file cannot be read: {_reason(error)}", "correct its permissions")
        return
    if found:
        renamed = entry.name.removesuffix(FIXTURES) + ".yaml"
        sentence = f"{shown(entry.name)} is for fixtures, and holds rules that nothing is judged by"
        yield finding(path, "rules-not-read", sentence, f"move them to {renamed}")


def _first_yaml(folder: str) -> str | None:
    try:
        names = sorted(path.name for path in Path(folder).iterdir())
    except OSError:
        return None
    return next((name for name in names if name.endswith((".yaml", ".yml"))), None)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _read(entry: os.DirEntry[str], path: str, inside: _Inside, findings: list[Finding]) -> bytes | None:
    """Return what a file holds, None with a finding when it cannot or must not be read."""
    try:
        if not inside.holds(entry):
            sentence = "this symbolic link leads out of the budgets folder; it is not followed"
            findings.append(finding(path, "link-outside", sentence, "put the file itself here instead of a link"))
            return None
        with open(entry.path, "rb", buffering=0, opener=_without_waiting) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                findings.append(finding(path, "unreadable-file", "this is not a file", "remove it"))
                return None
            if status.st_size > LARGEST:
                findings.append(too_large(path, status.st_size))
                return None
            return file.read(LARGEST) or b""
    except IsADirectoryError:
        findings.append(_no_file(path))
        return None
    except OSError as error:
        sentence = f"the file cannot be read: {_reason(error)}"
        findings.append(finding(path, "unreadable-file", sentence, "correct its permissions, or remove it"))
        return None


def _no_file(path: str) -> Finding:
    hint = "put the file itself here, or give the folder another name"
    return finding(path, "unreadable-file", "this is a folder with the name of a file, and nothing reads it", hint)


class _Inside:
    """Whether files are where they seem to be: neither they nor their folders are links that lead out of `root`."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._linked: dict[str, bool] = {}

    def holds(self, entry: os.DirEntry[str]) -> bool:
        folder = entry.path[: -len(entry.name) - 1]
        if folder not in self._linked:
            self._linked[folder] = Path(folder).is_symlink()
        if not entry.is_symlink() and not self._linked[folder]:
            return True
        return os.path.commonpath((self._root, os.path.realpath(entry.path))) == self._root


def _without_waiting(path: str, flags: int) -> int:
    """Open without waiting for the other end of a pipe."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
