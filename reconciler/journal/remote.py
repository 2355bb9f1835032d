"""A git remote that keeps a journal: its address, what lets us in, and a repository of our own for it on this machine.

Address and credentials are kept apart, so that the second are never written or shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote

from reconciler.git.failures import GitError, Trouble, failure
from reconciler.git.runner import run

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_HELPER = (
    '!f() { test "$1" = get || exit 0;'
    ' printf "username=%s\\npassword=%s\\n" "$KT_BUDGETS_GIT_USERNAME" "$KT_BUDGETS_GIT_PASSWORD"; }; f'
)
OWN = ".kt-budgets"
_URL = re.compile(r'^(?P<key>\s*url\s*=\s*)"?(?P<url>[^"\n]*)"?\s*$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Address:
    """`plain` is the address without a password, or the name of a remote. The rest never appears in a text."""

    plain: str
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @classmethod
    def of(cls, remote: str) -> Address:
        """Take the credentials out of an address. The user of ssh stays: it names an account and opens nothing."""
        found = _SCHEME.match(remote)
        if found is None:
            return cls(remote)
        scheme, rest = found[0], remote[found.end() :]
        end = _end_of_userinfo(rest)
        if end < 0:
            return cls(remote)
        userinfo, place = rest[:end], rest[end + 1 :]
        username, _, password = userinfo.partition(":")
        if "ssh" in scheme.lower():
            return cls(f"{scheme}{username}@{place}")
        return cls(f"{scheme}{place}", unquote(username), unquote(password))

    @property
    def is_name(self) -> bool:
        """Whether it looks like the name of a remote: it is no address and no path."""
        return bool(self.plain) and not any(mark in self.plain for mark in ":/\\")

    def credentials(self, *, after: int = 0) -> dict[str, str]:
        """Return variables that hand the credentials to git: neither its arguments nor a file hold them.

        `after` is how many settings the environment gives to git already; ours follow them.
        """
        if not self.username and not self.password:
            return {}
        return {
            "GIT_CONFIG_COUNT": str(after + 2),
            f"GIT_CONFIG_KEY_{after}": "credential.helper",
            f"GIT_CONFIG_VALUE_{after}": "",
            f"GIT_CONFIG_KEY_{after + 1}": "credential.helper",
            f"GIT_CONFIG_VALUE_{after + 1}": _HELPER,
            "KT_BUDGETS_GIT_USERNAME": self.username,
            "KT_BUDGETS_GIT_PASSWORD": self.password,
        }


def _end_of_userinfo(rest: str) -> int:
    """Return where user and password end in what follows `scheme://`, -1 without any.

    A slash in a password should be written %2F; where it is not, the host would end in no port.
    """
    authority = rest.partition("/")[0]
    if "@" in authority:
        return authority.rfind("@")
    _, colon, port = authority.rpartition(":")
    return rest.rfind("@") if colon and not port.isdecimal() and not authority.startswith("[") else -1


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
