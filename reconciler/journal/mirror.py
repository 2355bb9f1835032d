"""A repository of our own for a journal at an address: what git needs on this machine, without any password in it."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

from reconciler.git.failures import GitError, Trouble, failure
from reconciler.git.runner import run
from reconciler.journal.address import Address

OWN = ".kt-budgets"
_URL = re.compile(r'^(?P<key>\s*url\s*=\s*)"?(?P<url>[^"\n]*)"?\s*$', re.MULTILINE)


def mirror(address: Address, folder: Path) -> Path:
    """Return the git directory in `folder` that fetches from `address` and pushes to it, made if need be."""
    place = address.plain
    if (folder / place).exists():
        place = str((folder / place).resolve())
    directory = folder / OWN / f"journal-{sha256(place.encode()).hexdigest()[:12]}.git"
    try:
        own_folder(folder / OWN)
        _adopt(folder / OWN, place, directory)
        if not (directory / "HEAD").exists():
            done = run("init", "--quiet", "--bare", str(directory))
            if done.returncode != 0:
                raise failure("init", done.stderr)
        if _configured(directory) != place:
            _configure(directory, place)
    except OSError as error:
        raise GitError(
            f"{directory} cannot be written: {error.strerror}",
            hint="make sure that this user may write there, and that there is room",
            trouble=Trouble.DISK,
        ) from None
    return directory


def own_folder(folder: Path) -> None:
    """Make the folder that holds what only this machine needs, ignored by git; any other folder is only made."""
    folder.mkdir(parents=True, exist_ok=True)
    ignore = folder / ".gitignore"
    if folder.name == OWN and not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")


def _adopt(folder: Path, place: str, directory: Path) -> None:
    """Take the credentials out of every mirror that has some, and go on with the one for `place` if it had others."""
    for found in sorted(folder.glob("journal-*.git")):
        url = _configured(found)
        plain = Address.of(url).plain
        if url != plain:
            _configure(found, plain)
        if plain == place and found != directory and not directory.exists():
            found.rename(directory)


def _configured(directory: Path) -> str:
    try:
        found = _URL.search((directory / "config").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ""
    return found["url"].replace('\\"', '"').replace("\\\\", "\\") if found else ""


def _configure(directory: Path, place: str) -> None:
    quoted = place.replace("\\", "\\\\").replace('"', '\\"')
    configuration = directory / "config"
    text = configuration.read_text(encoding="utf-8")
    added = f'[remote "journal"]\n\turl = "{quoted}"\n'
    if _URL.search(text):
        text, added = _URL.sub(lambda _: f'\turl = "{quoted}"', text), ""
    configuration.chmod(0o600)
    configuration.write_text(text + added, encoding="utf-8")
