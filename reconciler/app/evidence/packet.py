"""Make a packet: everything that a plan and a forecast follow from, what followed, and a statement over all of it."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reconciler.app.evidence.archive import Members, write_archive
from reconciler.app.evidence.inputs import JOURNAL, PacketInputs, read_for_packet, worked_out
from reconciler.app.evidence.statement import SIGNATURE, STATEMENT, signed, statement_of
from reconciler.app.evidence.store import MANIFEST, ExportStore, digest_of_file
from reconciler.app.listening import progress
from reconciler.app.planning.managed import managed
from reconciler.app.planning.pipeline import checked_out
from reconciler.app.planning.saved import load_plan
from reconciler.app.session import connected, load_desired
from reconciler.findings import RefusedError, UsageError
from reconciler.journal.journal import read_records
from reconciler.model.packet import PacketDocument, PacketFacts, PacketMember
from reconciler.model.plan import Tool
from reconciler.model.recorded import RecordedDocument
from reconciler.report.packet_text import PACKET_README
from reconciler.report.renderers import Printed
from reconciler.source.tree import read_tree
from reconciler.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.journal.record import Record
    from reconciler.model.desired import Desired
    from reconciler.settings import Settings

PLAN, REVIEWED = "plan.json", "reviewed/plan.json"


@dataclass(frozen=True, slots=True)
class Packed(Printed):
    """A packet that was written."""

    facts: PacketDocument

    def document(self) -> PacketDocument:
        return self.facts


def packet(
    settings: Settings,
    exports: Path,
    output: Path | None = None,
    *,
    reviewed: Path | None = None,
    key: Path | None = None,
) -> Packed:
    """Write a packet of today's state, with the exports that are kept in the folder `exports`, and return what it is.

    `reviewed` is the plan.json that was approved, where it is to be in it; `key` a private Ed25519 key in PEM.

    Raises:
        UsageError: no exports are kept there, or a file cannot be read or written.
        RefusedError: an export is not as it was fetched.
        FindingsError: the YAML has errors.
        RemoteError: Keeptrusts cannot be read whole.
    """
    desired, _ = load_desired(settings)
    records = read_records(settings.journal, folder=settings.root)
    store = _whole_exports(exports, desired)
    plan = load_plan(reviewed) if reviewed else None
    base_path, answers = _answers(settings, managed(desired, records), records)
    counted = {"exports": len(store.manifest.exports), "records": len(records)}
    facts = _facts(settings, desired, base_path, reviewed=plan.digest if plan else None, **counted)
    files = {file.relative: file.data for file in read_tree(settings.budgets).files}
    lines = tuple(record.line() for record in records)
    names = [kept.file for kept in store.manifest.exports]
    inputs = PacketInputs(facts, files, answers, lines, store.files, names)
    with progress("Working out plan and forecast from what goes into the packet"):
        made = worked_out(inputs)
    members: dict[str, bytes | Path] = {
        "README.txt": PACKET_README.encode(),
        "answers.json": answers.text().encode(),
        JOURNAL: "".join(f"{line}\n" for line in lines).encode(),
        f"exports/{MANIFEST}": store.manifest.text().encode(),
        **{f"budgets/{name}": data for name, data in files.items()},
        **{f"exports/{name}": store.files / name for name in names},
        **made,
        **({REVIEWED: plan.text().encode()} if plan else {}),
    }
    return _written(members, facts, output or Path(f"{facts.organization}-{facts.as_of}.packet.zip"), key)


def _facts(
    settings: Settings, desired: Desired, base_path: str, *, exports: int, records: int, reviewed: str | None
) -> PacketFacts:
    return PacketFacts(
        tool=Tool(version=__version__),
        organization=desired.organization.organization,
        currency=desired.organization.currency,
        as_of=settings.as_of,
        period=settings.period,
        rehearsed=settings.sandbox,
        folder=desired.folder,
        base_path=base_path,
        source=checked_out(settings, desired),
        exports=exports,
        records=records,
        reviewed=reviewed,
    )


def _written(members: Members, facts: PacketFacts, output: Path, key: Path | None) -> Packed:
    listed = [_member(name, content) for name, content in sorted(members.items())]
    statement = statement_of(listed, facts)
    whole = {**members, STATEMENT: statement}
    signed_by = None
    if key is not None:
        whole[SIGNATURE], signed_by = signed(statement, key)
    write_archive(output, whole)
    return Packed(
        PacketDocument(
            file=str(output),
            digest=digest_of_file(output),
            statement=f"sha256:{sha256(statement).hexdigest()}",
            signed_by=signed_by,
            facts=facts,
            members=tuple(listed),
        )
    )


def _member(name: str, content: bytes | Path) -> PacketMember:
    if isinstance(content, Path):
        return PacketMember(name=name, digest=digest_of_file(content), size=content.stat().st_size)
    return PacketMember(name=name, digest=f"sha256:{sha256(content).hexdigest()}", size=len(content))


def _whole_exports(folder: Path, desired: Desired) -> ExportStore:
    organization = desired.organization
    store = ExportStore(folder, organization=organization.organization, currency=organization.currency)
    if not store.manifest.exports:
        raise UsageError(
            f"no exports are kept in {folder}",
            hint="`kt-budgets evidence pull` fetches those of the past year; `--exports` names another folder",
        )
    if broken := [kept.file for kept in store.manifest.exports if not store.is_whole(kept)]:
        raise RefusedError(
            f"in {folder}, not as they were fetched: {', '.join(broken)}",
            hint="`kt-budgets evidence pull` fetches them again",
        )
    return store


def _answers(settings: Settings, desired: Desired, records: Sequence[Record]) -> tuple[str, RecordedDocument]:
    """Return below which path the API is, and every answer that the live state was read from."""
    from reconciler.keeptrusts.channel import Heard
    from reconciler.keeptrusts.reader import Reader
    from reconciler.keeptrusts.replay import kept_answers

    heard: list[Heard] = []
    with connected(settings, desired) as connection, progress("Reading Keeptrusts"):
        with Reader(connection, on_answer=heard.append) as reader:
            read_for_packet(settings, desired, reader, records)
        base_path = urlsplit(connection.base_url).path
    return base_path, RecordedDocument(answers=kept_answers(heard))
