"""Change requests: what decides about one, what people said of it, and who wrote it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Opinion = Literal["approved", "changes requested", "withdrawn", "approved too early"]

IsClean = Callable[[str, tuple[str, ...]], bool]
"""Whether a merge commit, by its id and its parents, holds exactly what git makes of its parents."""


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """A branch that is to be merged into another one.

    `head` is its last commit, `head_ref` that branch, `base` the commit of the branch `base_ref` that it was last
    compared with. `merge_commit` is what came into `base_ref`, None until it is merged. `reference` is what git calls
    its head, and `commits` says how many it has, as far as that was told. `source` is the whole name of the repository
    that its branch is in, empty where that is gone or was not told.
    """

    number: int
    author: str
    head: str
    head_ref: str
    base: str
    base_ref: str
    merge_commit: str | None
    is_fork: bool
    commits: int
    is_open: bool = True
    reference: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """One person's last decisive word. `commit` is the head that it was said about, `at` when: None, nobody knows."""

    login: str
    opinion: Opinion
    commit: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Authors:
    """Who wrote something. `logins` are in lower case; `unknown` has a commit for each address of no known account.

    `pushers` are those among them who only pushed it, `unseen` the commits that nobody is known to have pushed. Not
    `is_whole` where the forge did not list every commit, as it does for up to `most`: then anybody may have written
    one.
    """

    logins: frozenset[str]
    unknown: tuple[str, ...] = ()
    is_whole: bool = True
    most: int = field(default=0, compare=False)
    pushers: frozenset[str] = frozenset()
    unseen: tuple[str, ...] = ()

    @property
    def needed(self) -> int:
        """How many people must approve, so that one of them surely wrote nothing."""
        return 1 + len(self.unknown) + bool(self.unseen)


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines that are shown in one piece: the number of the first, how many, and their texts without line ends."""

    first: int
    count: int
    texts: tuple[str, ...]

    def holds(self, start: int, line: int) -> bool:
        return self.first <= start and line < self.first + self.count

    def says(self, start: int, texts: tuple[str, ...]) -> bool:
        """Whether the lines from `start` on are `texts`."""
        offset = start - self.first
        return offset >= 0 and self.texts[offset : offset + len(texts)] == texts

    def places(self, texts: tuple[str, ...]) -> Iterator[int]:
        """Yield each line from which on the lines are `texts`."""
        for start in range(self.first, self.first + len(self.texts) - len(texts) + 1):
            if self.says(start, texts):
                yield start


Shown = Mapping[str, tuple[Lines, ...]]
"""What a change request shows of each file's new side, by the path from the top of the repository."""
