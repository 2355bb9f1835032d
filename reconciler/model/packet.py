"""The evidence packet: what it is made from, how it proves itself, and what came of verifying one."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from reconciler.model.document import Document, Told
from reconciler.model.frozen import Frozen
from reconciler.model.period import Period
from reconciler.model.plan import Source, Tool

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:kt-budgets:packet-facts:1"


class PacketFacts(Document):
    """From what the plan and the forecast of a packet are worked out, besides its files."""

    commands: ClassVar = ()
    format: Literal["kt-budgets.packet-facts/1"] = "kt-budgets.packet-facts/1"
    tool: Tool = Field(description="What made the packet; another version may work out other figures.")
    organization: str = Field(description="The organization's id in Keeptrusts.")
    currency: str = Field(description="Currency of all money, ISO 4217.")
    as_of: date = Field(description="The first day that is not known in full, UTC.")
    period: Period = Field(description="The month that is planned, YYYY-MM.")
    rehearsed: bool = Field(description="Whether the embedded Keeptrusts answered: nothing of it is real.")
    folder: str = Field(description="What the folder of the budget files was called.")
    base_path: str = Field(description="The path below which the API of this Keeptrusts is; mostly empty.")
    source: Source = Field(description="Where the YAML came from.")
    exports: int = Field(description="How many exports are in it.")
    records: int = Field(description="How many records of the journal are in it.")
    reviewed: str | None = Field(description="Digest of the reviewed plan that is in it; null where none is.")


class PacketMember(Frozen):
    """One file of a packet."""

    name: str = Field(description="Its name in the archive.")
    digest: str = Field(description="Digest of its bytes, `sha256:` and 64 digits.")
    size: int = Field(description="How many bytes.")


class PacketDocument(Document):
    """A packet that was made: what `kt-budgets evidence packet --format json` prints."""

    commands: ClassVar = ("evidence packet",)
    format: Literal["kt-budgets.packet/1"] = "kt-budgets.packet/1"
    file: Told = Field(description="The archive.")
    digest: str = Field(description="Digest of the archive; who knows it knows whether a byte of it was changed.")
    statement: str = Field(description="Digest of the statement, which names the digest of every other file.")
    signed_by: str | None = Field(description="Digest of the public key that verifies it; null where it is not signed.")
    facts: PacketFacts = Field(description="From what plan and forecast are worked out, besides the files.")
    members: tuple[PacketMember, ...] = Field(description="Each file that the statement names.")


class PacketProblem(Frozen):
    """One thing that is not as a packet is."""

    code: str = Field(description="What is wrong; stable.")
    member: str = Field(description="The file in the packet; empty where it is about the packet.")
    message: str = Field(description="What is wrong, as a sentence.")


class EvidenceCheck(Document):
    """What is true of a packet: what `kt-budgets evidence verify --format json` prints."""

    commands: ClassVar = ("evidence verify",)
    format: Literal["kt-budgets.evidence-check/1"] = "kt-budgets.evidence-check/1"
    file: Told = Field(description="The archive.")
    digest: str = Field(description="Digest of the archive.")
    sound: bool = Field(description="Whether nothing is wrong with it.")
    problems: tuple[PacketProblem, ...] = Field(description="Everything that is wrong with it.")
    signed_by: str | None = Field(description="Digest of the public key that verified it; null where none did.")
    recomputed: tuple[str, ...] = Field(description="Files that were worked out again and are the same, byte for byte.")
    notes: tuple[str, ...] = Field(description="What was not or cannot be proved, a sentence each.")
    facts: PacketFacts | None = Field(description="What it says that it was made from; null where that cannot be read.")
