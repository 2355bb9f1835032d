"""The address of a git remote, and what lets us in: kept apart, so that the second is never written or shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_HELPER = (
    '!f() { test "$1" = get || exit 0;'
    ' printf "username=%s\\npassword=%s\\n" "$KT_BUDGETS_GIT_USERNAME" "$KT_BUDGETS_GIT_PASSWORD"; }; f'
)


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
