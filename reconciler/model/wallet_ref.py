"""WalletRef: which wallet is meant, by its scope and by the id of whom it belongs to."""

from __future__ import annotations

from typing import Any, Literal, cast, get_args

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

WalletScope = Literal["team", "user"]
"""Whom a wallet belongs to. The organization's own is the pool; no reference means it."""


class WalletRef(str):
    """One wallet of Keeptrusts that git declares. It is the text that stands for it in plan.json and in the journal.

    A team's wallet is the team's id alone, any other its scope, a colon and the id: ids in YAML have no colon.
    """

    __slots__ = ()

    def __new__(cls, scope: WalletScope, id: str) -> WalletRef:
        """Return the wallet of whoever has `id` in `scope`."""
        return super().__new__(cls, id if scope == "team" else f"{scope}:{id}")

    @classmethod
    def team(cls, id: str) -> WalletRef:
        return super().__new__(cls, id)

    @classmethod
    def parse(cls, text: str) -> WalletRef:
        """Return the wallet that a text of a document stands for."""
        return cls(*_parts(text))

    @property
    def scope(self) -> WalletScope:
        return _parts(self)[0]

    @property
    def id(self) -> str:
        """Whose wallet it is: the id of a team or of a user."""
        return _parts(self)[1]

    def __reduce__(self) -> tuple[Any, ...]:
        return WalletRef, _parts(self)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(cls.parse, core_schema.str_schema())


def _parts(text: str) -> tuple[WalletScope, str]:
    scope, colon, id = text.partition(":")
    return (cast(WalletScope, scope), id) if colon and scope in get_args(WalletScope) else ("team", str(text))
