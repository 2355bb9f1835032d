"""Verify a packet, offline: its archive, statement, signature, exports and journal, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from reconciler.app.evidence.archive import extract
from reconciler.app.evidence.inputs import JOURNAL, REVIEW, PacketInputs, answers_of, worked_out
from reconciler.app.evidence.packet import PLAN, REVIEWED
from reconciler.app.evidence.statement import SIGNATURE, STATEMENT, against_files, read_statement, verified
from reconciler.app.evidence.store import MANIFEST, digest_of_file, read_manifest
from reconciler.app.listening import progress
from reconciler.findings import BudgetsError, ExitCode, UsageError
from reconciler.journal.record import read_chain
from reconciler.model.exports import ExportsManifest
from reconciler.model.money import cents
from reconciler.model.packet import EvidenceCheck, PacketFacts, PacketProblem
from reconciler.model.plan import read_plan
from reconciler.report.renderers import Printed
from reconciler.version import __version__

EXPORTS = "exports/"
BUDGETS = "budgets/"
_PARTS = ("README.txt", "answers.json", "audit.json", "forecast.json", JOURNAL, PLAN, f"{EXPORTS}{MANIFEST}")


@dataclass(frozen=True, slots=True)
class Verified(Printed):
    """What is true of a packet."""

    facts: EvidenceCheck

    def document(self) -> EvidenceCheck:
        return self.facts

    @property
    def exit_code(self) -> ExitCode:
        return ExitCode.DONE if self.facts.sound else ExitCode.REFUSED


def verify(packet: Path, *, key: Path | None = None, digest: str | None = None) -> Verified:
    """Return everything that is wrong with a packet, and what was worked out again from it.

    `key` is the public Ed25519 key, in PEM, of who must have signed it; `digest` what the archive's must be. Nothing
    but the file is read. Figures are worked out again only where nothing else is wrong.

    Raises:
        UsageError: there is no such file, or the key cannot be read.
    """
    if not packet.is_file():
        raise UsageError(f"there is no file {packet}", hint="name the archive that `kt-budgets evidence packet` wrote")
    own = digest_of_file(packet)
    with TemporaryDirectory(prefix="kt-budgets-") as folder:
        files, problems = extract(packet, Path(folder) / "members")
        if digest is not None and digest.removeprefix("sha256:").lower() != own.removeprefix("sha256:"):
            problems.append(_problem("other-packet", "", f"its digest is {own}, and {digest[:80]} was named"))
        facts, signed_by = None, None
        notes: list[str] = []
        if files:
            facts, found = _stated(files)
            problems += found
            signed_by, found, notes = _signature(files, key)
            problems += found
        done: tuple[str, ...] = ()
        if facts is not None and not problems:
            problems += _contents(files, facts)
        if facts is not None and not problems:
            inputs, found = _inputs(files, facts, Path(folder) / "exports")
            problems += found
            if inputs is not None and not problems:
                done, found = _again(inputs, files)
                problems += found
    check = EvidenceCheck(
        file=str(packet),
        digest=own,
        sound=not problems,
        problems=tuple(problems),
        signed_by=signed_by,
        recomputed=done,
        notes=tuple(notes),
        facts=facts,
    )
    return Verified(check)


def _problem(code: str, member: str, message: str) -> PacketProblem:
    return PacketProblem(code=code, member=member, message=message)


def _stated(files: Mapping[str, Path]) -> tuple[PacketFacts | None, list[PacketProblem]]:
    if STATEMENT not in files:
        return None, [_problem("missing-member", STATEMENT, "without it nothing tells what belongs to the packet")]
    facts, named, problems = read_statement(files[STATEMENT].read_bytes())
    return facts, [*problems, *against_files(named, files)] if named else problems


def _signature(files: Mapping[str, Path], key: Path | None) -> tuple[str | None, list[PacketProblem], list[str]]:
    if SIGNATURE not in files:
        if key is None:
            return None, [], ["it is not signed: who made it is not proved; compare its digest with one you were given"]
        return None, [_problem("missing-signature", SIGNATURE, "a key was named, and it is not signed")], []
    if key is None:
        return None, [], ["it is signed; name the public key with `--key` to verify by whom"]
    if STATEMENT not in files:
        return None, [], []
    signed_by, problems = verified(files[SIGNATURE].read_bytes(), files[STATEMENT].read_bytes(), key)
    return signed_by, problems, []


def _contents(files: Mapping[str, Path], facts: PacketFacts) -> list[PacketProblem]:
    """Return what the parts say against each other."""
    lacks = [_problem("missing-member", name, "every packet has it") for name in _PARTS if name not in files]
    if lacks:
        return lacks
    return [*_journal(files, facts), *_reviewed(files, facts)]


def _journal(files: Mapping[str, Path], facts: PacketFacts) -> Iterator[PacketProblem]:
    try:
        records = read_chain(files[JOURNAL].read_text(encoding="utf-8").splitlines(), JOURNAL)
    except (BudgetsError, UnicodeDecodeError) as error:
        yield _problem("broken-journal", JOURNAL, getattr(error, "message", "it is no text"))
        return
    if len(records) != facts.records:
        yield _problem(
            "broken-journal", JOURNAL, f"it has {len(records):,} records, and the facts say {facts.records:,}"
        )


def _reviewed(files: Mapping[str, Path], facts: PacketFacts) -> Iterator[PacketProblem]:
    if REVIEWED not in files:
        if facts.reviewed is not None:
            yield _problem("missing-member", REVIEWED, "the facts name a reviewed plan")
        return
    try:
        found = read_plan(files[REVIEWED].read_text(encoding="utf-8"), name=REVIEWED).digest
    except (BudgetsError, UnicodeDecodeError) as error:
        yield _problem("edited-plan", REVIEWED, getattr(error, "message", "it is no text"))
        return
    if found != facts.reviewed:
        yield _problem("edited-plan", REVIEWED, f"its digest is {found}, and the facts say {facts.reviewed}")


def _inputs(
    files: Mapping[str, Path], facts: PacketFacts, folder: Path
) -> tuple[PacketInputs | None, list[PacketProblem]]:
    """Return what figures follow from, its exports under their names in `folder`; or why it cannot be read."""
    try:
        manifest = read_manifest(files[f"{EXPORTS}{MANIFEST}"].read_text(encoding="utf-8"), f"{EXPORTS}{MANIFEST}")
        answers = answers_of(files["answers.json"].read_text(encoding="utf-8"))
        lines = files[JOURNAL].read_text(encoding="utf-8").splitlines()
    except (BudgetsError, ValueError, RecursionError) as error:
        return None, [_problem("unreadable-member", "", getattr(error, "message", str(error))[:300])]
    exports = {name.removeprefix(EXPORTS): path for name, path in files.items() if _is_export(name)}
    problems = list(_exports(manifest, exports, facts))
    folder.mkdir()
    for name, path in exports.items():
        path.rename(folder / name)
    budgets = {
        name.removeprefix(BUDGETS): path.read_bytes() for name, path in files.items() if name.startswith(BUDGETS)
    }
    return PacketInputs(facts, budgets, answers, lines, folder, sorted(exports)), problems


def _is_export(name: str) -> bool:
    return name.startswith(EXPORTS) and name != f"{EXPORTS}{MANIFEST}"


def _exports(manifest: ExportsManifest, exports: Mapping[str, Path], facts: PacketFacts) -> Iterator[PacketProblem]:
    listed = {kept.file: kept for kept in manifest.exports}
    for name in sorted(listed.keys() ^ exports.keys()):
        where = "names it, and it is not there" if name in listed else "does not name it"
        yield _problem("other-exports", f"{EXPORTS}{name}", f"the manifest of the exports {where}")
    if (manifest.organization, len(listed)) != (facts.organization, facts.exports):
        told = f"it is of {manifest.organization} with {len(listed)} exports, the facts of {facts.organization} with"
        yield _problem("other-exports", f"{EXPORTS}{MANIFEST}", f"{told} {facts.exports}")
    for name in sorted(listed.keys() & exports.keys()):
        if (found := digest_of_file(exports[name])) != listed[name].digest:
            message = f"its bytes are {found}, and the manifest of the exports says {listed[name].digest}"
            yield _problem("other-exports", f"{EXPORTS}{name}", message)


def _again(inputs: PacketInputs, files: Mapping[str, Path]) -> tuple[tuple[str, ...], list[PacketProblem]]:
    """Return which files follow from the inputs, byte for byte, and which do not."""
    try:
        with progress("Working out plan and forecast again"):
            made = worked_out(inputs)
            problems = list(_counted(inputs, files))
    except BudgetsError as error:
        return (), [_problem("not-reproduced", "", f"plan and forecast cannot be worked out again: {error.message}")]
    maker = inputs.facts.tool.version
    other = "" if maker == __version__ else f"; it was made by version {maker}, and this is {__version__}"
    held = {name for name in (*made, REVIEW) if name in files}
    same = tuple(sorted(name for name in held if files[name].read_bytes() == made.get(name)))
    sentence = f"what follows from the packet's inputs is another file{other}"
    changed = [_problem("not-reproduced", name, sentence) for name in sorted((held | made.keys()) - set(same))]
    return same, [*problems, *changed]


def _counted(inputs: PacketInputs, files: Mapping[str, Path]) -> Iterator[PacketProblem]:
    """Yield exports whose events or money are not those of the manifest."""
    from reconciler.app.budget_files import BudgetFiles
    from reconciler.usage.read import read_usage

    name = f"{EXPORTS}{MANIFEST}"
    manifest = read_manifest(files[name].read_text(encoding="utf-8"), name)
    desired = BudgetFiles(inputs.facts.folder, inputs.budgets).loaded().desired
    columns = desired.organization.usage.columns if desired else {}
    for kept in manifest.exports:
        usage = read_usage(
            [str(inputs.folder / kept.file)],
            first=kept.first_day,
            end=kept.last_day + timedelta(days=1),
            columns={str(ours): theirs for ours, theirs in columns.items()},
            currency=desired.organization.currency if desired else "",
        )
        rows, spent = usage.source.rows, usage.spent
        exact = spent if kept.exact_cost is None else kept.exact_cost
        if (rows, cents(spent), spent) != (kept.rows, kept.cost, exact):
            told = f"{kept.rows:,} of {kept.cost:,}" + ("" if exact == spent else f", exactly {exact:,f}")
            message = f"it has {rows:,} events of {spent:,f}, and the manifest says {told}"
            yield _problem("other-exports", f"{EXPORTS}{kept.file}", message)
