"""What Keeptrusts lists and nobody can take for what git means: it is told, and left alone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from reconciler.model.kinds.managed_kind import Key


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that Keeptrusts lists and that cannot be understood: what could be read of it, and why not the rest.

    It is listed and left alone. `kind` is "wallet", or that of a managed object. `parts` are those of its key, its name
    last, each empty where it could not be read.
    """

    kind: str
    id: str
    parts: Key
    reason: str

    @property
    def name(self) -> str:
        return self.parts[-1]

    @property
    def key(self) -> str:
        """What it is called in a list: as far as can be told by its key, else by the server's id."""
        return "/".join(filter(None, self.parts)) or self.id or "without a name"

    def may_be(self, key: Key) -> bool:
        """Whether it may be what `key` identifies: it has that name, and what else is known of its key agrees."""
        return self.name == key[-1] and all(part in ("", wanted) for part, wanted in zip(self.parts, key, strict=True))


@dataclass(frozen=True, slots=True)
class Unclear:
    """How something is there that is neither compared nor changed, as the rest of a sentence, and the way out."""

    how: str
    cure: str

    @classmethod
    def unreadable(cls, found: Unreadable) -> Unclear:
        as_id = f"as {found.id} " if found.id else ""
        return cls(
            f"{as_id}in a form that is not understood: {found.reason}",
            "correct it in Keeptrusts, or delete it there: the next plan then creates it",
        )

    @classmethod
    def several(cls, ids: Collection[str]) -> Unclear:
        return cls(
            f"{len(ids)} times, as {' and '.join(ids)}, and nothing tells which of them is meant",
            "delete or rename all of them but one in Keeptrusts: that one is then git's",
        )
