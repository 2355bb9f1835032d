"""The archive of a packet: a zip whose bytes follow from its files alone, and a reader that believes nothing of one.

Nothing in it is compressed, so that no library's version changes a byte and no member can be larger than the archive
(decision 0098).
"""

from __future__ import annotations

import re
import shutil
import stat
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from reconciler.app.evidence.store import digest_of_file
from reconciler.files import replacing
from reconciler.findings import UsageError
from reconciler.model.packet import PacketProblem

Members = Mapping[str, bytes | Path]
"""By name: the bytes of a member, or the file that holds them."""

MOST_MEMBERS = 200_000
"""A packet has a file for each team, and each of them becomes one on disk where it is looked at."""
LONGEST_NAME = 200
_PART = r"[A-Za-z0-9_][A-Za-z0-9_.@+-]*"
_NAME = re.compile(rf"{_PART}(/{_PART}){{0,3}}")
_DATE = (1980, 1, 1, 0, 0, 0)
_MODE = (stat.S_IFREG | 0o644) << 16
_UNIX = 3


def write_archive(path: Path, members: Members) -> None:
    """Write the archive of `members` to `path`, whole or not at all: the same members give the same bytes.

    Raises UsageError where it cannot be written, or would be refused where it is looked at.
    """
    if len(members) > MOST_MEMBERS:
        raise UsageError(
            f"{path} would have {len(members):,} files, and a packet has {MOST_MEMBERS:,} at most",
            hint="keep the budgets of parts of the organization in repositories of their own, each with its packets",
        )
    try:
        with replacing(path) as partial, zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive:
            for name in sorted(members):
                _add(archive, name, members[name])
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}", hint="name another file with `--output`"
        ) from None


def _add(archive: zipfile.ZipFile, name: str, content: bytes | Path) -> None:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.create_system, entry.external_attr = _UNIX, _MODE
    if isinstance(content, bytes):
        archive.writestr(entry, content)
        return
    entry.file_size = content.stat().st_size
    with content.open("rb") as source, archive.open(entry, "w") as target:
        shutil.copyfileobj(source, target, 1024 * 1024)


def extract(path: Path, folder: Path) -> tuple[dict[str, Path], list[PacketProblem]]:
    """Extract what is safe of an archive into `folder`; return it by name, and everything that is wrong.

    Where nothing is wrong, the archive is byte for byte the one that its members make.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            problems = list(_problems(entries, path.stat().st_size))
            found, broken = _extracted(archive, _safe(entries), folder)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, OSError):
        return {}, [_problem("no-archive", "", "it is cut off, or is no archive of zip at all")]
    problems += broken
    if not problems and not _is_own(path, found):
        problems.append(
            _problem(
                "strange-layout",
                "",
                "it holds bytes that belong to no file, or other dates, permissions or another order than a packet has",
            )
        )
    return found, problems


def _problems(entries: list[zipfile.ZipInfo], size: int) -> Iterator[PacketProblem]:
    if len(entries) > MOST_MEMBERS:
        yield _problem("too-many-members", "", f"it has {len(entries):,} files; a packet has {MOST_MEMBERS:,} at most")
    if sum(entry.file_size for entry in entries) > size:
        yield _problem("bomb", "", f"its files claim to be larger than the {size:,} bytes of the whole packet")
    for name, count in Counter(entry.filename for entry in entries).items():
        if count > 1:
            yield _problem("duplicate-member", name, f"there are {count} files of this name")
    for entry in entries:
        if (flaw := _flaw(entry)) is not None:
            yield _problem(flaw[0], entry.filename, flaw[1])


def _flaw(entry: zipfile.ZipInfo) -> tuple[str, str] | None:
    """Return why a member is not extracted, as code and sentence; None where it may be."""
    mode = entry.external_attr >> 16
    if stat.S_ISLNK(mode):
        return "link", "it is a link, and a packet holds none"
    if entry.is_dir() or (mode and not stat.S_ISREG(mode)):
        return "no-file", "it is a folder or a device, and a packet holds files alone"
    if _NAME.fullmatch(entry.orig_filename) is None or len(entry.filename) > LONGEST_NAME:
        return "unsafe-name", "its name may lead out of the packet, or is none that a packet has"
    if entry.flag_bits & 0x1:
        return "encrypted", "it is encrypted, and nothing in a packet is"
    if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
        return "compressed", "it is compressed, and nothing in a packet is: what it holds is not looked at"
    return None


def _safe(entries: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """Return the first member of each name that may be extracted."""
    first = {entry.filename: entry for entry in reversed(entries[:MOST_MEMBERS])}
    return [entry for entry in first.values() if _flaw(entry) is None]


def _extracted(
    archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], folder: Path
) -> tuple[dict[str, Path], list[PacketProblem]]:
    found: dict[str, Path] = {}
    problems = []
    for number, entry in enumerate(entries):
        target = folder / f"{number}" / Path(entry.filename).name
        target.parent.mkdir(parents=True)
        try:
            with archive.open(entry) as source, target.open("wb") as file:
                shutil.copyfileobj(source, file, 1024 * 1024)
        except (zipfile.BadZipFile, EOFError):
            problems.append(_problem("broken-member", entry.filename, "its bytes are not those that the archive lists"))
            continue
        found[entry.filename] = target
    return found, problems


def _is_own(path: Path, members: Mapping[str, Path]) -> bool:
    """Whether the archive is the one that its members make."""
    with TemporaryDirectory(prefix="kt-budgets-") as folder:
        again = Path(folder) / "again.zip"
        write_archive(again, dict(members))
        return digest_of_file(again) == digest_of_file(path)


def _problem(code: str, member: str, message: str) -> PacketProblem:
    return PacketProblem(code=code, member=member, message=message)
