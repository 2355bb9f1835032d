"""The files of the budgets as they are in a commit, read from git's objects: each commit once in a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import sha1, sha256
from pathlib import Path, PurePosixPath

from reconciler.app.forge_session import forge_words
from reconciler.findings import RefusedError
from reconciler.git.merging import is_id
from reconciler.git.places import work_tree
from reconciler.git.runner import ask
from reconciler.source.load import declared_by, declared_in
from reconciler.source.tree_findings import ORGANIZATION

LINK = "120000"
_ORGANIZATION = ORGANIZATION.encode()
_FILES = ("100644", "100755", "100664")
_KEPT = 64
"""Commits whose files are kept. A replay, and what is said of neighbours, read some of them again and again."""

Entry = tuple[str, str, str]
"""The mode, the id and the path of a file in a tree."""


def place(folder: Path) -> tuple[Path, PurePosixPath]:
    """Return the top of the work tree that holds `folder`, and where it is below it. Raises GitError outside of one."""
    return _place(folder.resolve(), work_tree(folder))


@lru_cache(maxsize=_KEPT)
def _place(folder: Path, top: Path | None) -> tuple[Path, PurePosixPath]:
    """Ask git; `top` is there so that a repository that was made since is noticed."""
    del top
    said = ask("rev-parse", "--show-toplevel", "--show-prefix", folder=folder).decode().split("\n")
    return Path(said[0]), PurePosixPath(said[1] if len(said) > 1 else "")


def entries(folder: Path, commit: str, *, organization: str = "") -> tuple[Entry, ...] | None:
    """Return the files of `folder` in a commit (or a tree), None where it is not there. Raises GitError.

    Where the commit has no such folder, that which held the budgets of `organization` then is meant: of the one that
    is checked out, unless another is named.
    """
    top, where = place(folder)
    read = _entries if is_id(commit) else _entries.__wrapped__
    found = read(top, where, commit)
    if found is None and (was := _moved_from(folder, commit, organization or declared_in(folder)[0])) is not None:
        found = read(top, was, commit)
    return found


def _moved_from(folder: Path, commit: str, organization: str) -> PurePosixPath | None:
    """Return the folder that held the budgets of this organization in a commit that does not have `folder`.

    A folder that was renamed keeps its past: who approves, and what was applied. None where there were no such budgets.
    An example is meant only where there is nothing else. Raises RefusedError where several folders could be meant.
    """
    listed = _organizations(folder, commit) if organization else {}
    same = [place for place, named in listed.items() if named == organization]
    found = [place for place in same if not is_example(place)] or same
    if len(found) > 1:
        raise RefusedError(
            f"{commit[:12]} has no {folder.name} here, and the budgets of {organization} in {len(found)} other folders:"
            f" {', '.join(map(str, found[:5]))}; which of them came before cannot be told",
            hint="keep the budgets where they were, or take away the copies in a"
            f" {forge_words().request} of its own first",
        )
    return found[0] if found else None


EXAMPLES = frozenset(["docs", "example", "examples", "fixture", "fixtures", "sample", "samples", "test", "tests"])
"""What a folder is called below which budgets are examples (decision 0128)."""


def is_example(place: PurePosixPath) -> bool:
    """Whether budgets in a folder are there to be read, and are nobody's."""
    return not EXAMPLES.isdisjoint(part.lower() for part in place.parts)


def organizations(folder: Path, commit: str) -> dict[PurePosixPath, str]:
    """Return the folders of a commit that hold budgets, each with the organization that it names; no examples."""
    found = _organizations(folder, commit)
    return {place: organization for place, organization in found.items() if not is_example(place)}


def _organizations(folder: Path, commit: str) -> dict[PurePosixPath, str]:
    top, _ = place(folder)
    listed = ask("ls-tree", "-r", "-z", "--full-tree", commit, folder=top).split(b"\0")
    files = [_entry(line) for line in listed if line.endswith((b"/" + _ORGANIZATION, b"\t" + _ORGANIZATION))]
    contents = blobs(top, (identity for _, identity, _ in files))
    named = {PurePosixPath(path).parent: declared_by(contents.get(one, b""))[0] for _, one, path in files}
    return {place: organization for place, organization in named.items() if organization}


@lru_cache(maxsize=_KEPT)
def _entries(top: Path, where: PurePosixPath, commit: str) -> tuple[Entry, ...] | None:
    whole = where == PurePosixPath(".")
    below = (commit,) if whole else (commit, "--", f"{where}/")
    listed = ask("ls-tree", "-r", "-z", "--full-tree", *below, folder=top)
    if not listed and not whole:
        return None
    above = "" if whole else f"{where}/"
    return tuple(_entry(line, above) for line in listed.split(b"\0") if line)


def blobs(top: Path, identities: Iterable[str]) -> Mapping[str, bytes]:
    """Return the contents of objects by their ids, those that are no blobs left out; each is read once."""
    wanted = dict.fromkeys(identities)
    if unknown := [one for one in wanted if one not in _BLOBS]:
        asked = "".join(f"{one}\n" for one in unknown).encode()
        found = dict(_answered(ask("cat-file", "--batch", folder=top, given=asked)))
        if sum(map(len, _BLOBS.values())) + sum(map(len, found.values())) > _MOST_BYTES:
            kept = {one: _BLOBS[one] for one in wanted if one in _BLOBS}
            _BLOBS.clear()
            _BLOBS.update(kept)
        _BLOBS.update(found)
    return {one: _BLOBS[one] for one in wanted if one in _BLOBS}


_BLOBS: dict[str, bytes] = {}
_MOST_BYTES = 64 * 1024 * 1024


def _answered(answer: bytes) -> Iterator[tuple[str, bytes]]:
    at = 0
    while at < len(answer):
        end = answer.index(b"\n", at)
        identity, kind, *size = answer[at:end].decode("ascii").split(" ")
        at = end + 1
        if size:
            content = answer[at : at + int(size[0])]
            at += int(size[0]) + 1
            if kind == "blob":
                yield identity, content


def _entry(line: bytes, above: str = "") -> Entry:
    facts, _, path = line.decode("utf-8", "surrogateescape").partition("\t")
    mode, _, identity = facts.split(" ")
    return mode, identity, path.removeprefix(above)


def is_blob(identity: str, content: bytes) -> bool:
    """Whether git calls a file that holds this by this id."""
    algorithm = sha1 if len(identity) == _SHA1 else sha256
    return algorithm(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest() == identity


_SHA1 = 40


def written(root: Path, found: Sequence[Entry], contents: Mapping[str, bytes]) -> None:
    """Write files, and then links, below `root`."""
    placed = [(mode, identity, PurePosixPath(path)) for mode, identity, path in found]
    for mode, identity, path in sorted(placed, key=lambda entry: (entry[0] == LINK, entry[2])):
        if identity not in contents or path.is_absolute() or ".." in path.parts:
            continue
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if mode == LINK:
            target.symlink_to(contents[identity].decode("utf-8", "surrogateescape"))
        elif mode in _FILES:
            target.write_bytes(contents[identity])
