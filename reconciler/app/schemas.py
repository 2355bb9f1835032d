"""The JSON Schemas of everything that is read and printed, as files: a document that is listed here has one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from shlex import quote

from reconciler.app.policy.library import LibraryDocument
from reconciler.files import write_file
from reconciler.model.adoption import AdoptionDocument, ReleaseDocument
from reconciler.model.annual import YearDocument
from reconciler.model.audit import AuditDocument
from reconciler.model.calendar import CalendarDocument
from reconciler.model.change_request import (
    ApprovalDocument,
    CheckDocument,
    CodeOwnersDocument,
    CommentDocument,
    GateDocument,
    LastAppliedDocument,
    ReceiptDocument,
    ReceiptsDocument,
    RefreshDocument,
    ShowDocument,
)
from reconciler.model.doctor import DoctorDocument
from reconciler.model.document import Document, ErrorDocument
from reconciler.model.drift import DriftDocument
from reconciler.model.exports import ExportsManifest
from reconciler.model.forecast_log import CalibrationDocument
from reconciler.model.imported import ImportDocument
from reconciler.model.initial import InitDocument
from reconciler.model.merges import Merges
from reconciler.model.message import MessageDocument, NotifiedDocument
from reconciler.model.organization import OrganizationBudget
from reconciler.model.outcome import Run
from reconciler.model.outlook import BacktestDocument, ForecastDocument, RecommendDocument, WhatIfDocument
from reconciler.model.packet import EvidenceCheck, PacketDocument, PacketFacts
from reconciler.model.plan import Plan
from reconciler.model.plan_finding import FindingsDocument
from reconciler.model.policy_input import PolicyInput
from reconciler.model.recorded import RecordedDocument
from reconciler.model.review import ReviewDocument
from reconciler.model.rule import PolicyFile
from reconciler.model.rule_facts import RuleFacts
from reconciler.model.rule_trial import PolicyTrial
from reconciler.model.rule_verdicts import PolicyCheck, PolicyExplained, PolicyTests
from reconciler.model.spend import SpendDocument
from reconciler.model.suggestion import SuggestionsDocument
from reconciler.model.team import TeamBudget
from reconciler.source.context import context_of
from reconciler.source.load import read
from reconciler.source.schemas import Schema, document_schema, schema_text, with_environments, yaml_schema

DOCUMENTS: tuple[type[Document], ...] = (
    FindingsDocument,
    SuggestionsDocument,
    CalendarDocument,
    Plan,
    PolicyInput,
    RuleFacts,
    PolicyCheck,
    PolicyExplained,
    PolicyTests,
    PolicyTrial,
    LibraryDocument,
    Run,
    InitDocument,
    AdoptionDocument,
    ReleaseDocument,
    Merges,
    DriftDocument,
    ImportDocument,
    ForecastDocument,
    WhatIfDocument,
    RecommendDocument,
    BacktestDocument,
    CalibrationDocument,
    SpendDocument,
    YearDocument,
    ExportsManifest,
    PacketDocument,
    PacketFacts,
    EvidenceCheck,
    ReviewDocument,
    AuditDocument,
    DoctorDocument,
    RecordedDocument,
    CommentDocument,
    CheckDocument,
    ApprovalDocument,
    LastAppliedDocument,
    GateDocument,
    ReceiptDocument,
    ReceiptsDocument,
    RefreshDocument,
    ShowDocument,
    CodeOwnersDocument,
    MessageDocument,
    NotifiedDocument,
    ErrorDocument,
)
"""Everything that is printed for other programs."""


def schemas(budgets: Path | None = None) -> dict[str, Schema]:
    """Return every published schema by the name of its file; that of team files with the environments of `budgets`."""
    return {**editors_schemas(budgets), **{f"{kind.name()}.schema.json": document_schema(kind) for kind in DOCUMENTS}}


def editors_schemas(budgets: Path | None = None) -> dict[str, Schema]:
    """Return those of them by which editors judge what people write."""
    team = yaml_schema(TeamBudget, "budgets/teams/<team>.yaml")
    environments = context_of(read(budgets).organization).environments if budgets else ()
    return {
        "organization.schema.json": yaml_schema(OrganizationBudget, "budgets/org.yaml"),
        "team.schema.json": with_environments(team, environments) if environments else team,
        "policy.schema.json": yaml_schema(PolicyFile, "budgets/policies/<name>.yaml"),
    }


def write(folder: Path, *, budgets: Path | None = None) -> Iterator[Path]:
    """Write every schema into `folder`, and yield each file when it is written; UsageError where it cannot be."""
    for name, schema in schemas(budgets).items():
        write_file(folder / name, schema_text(schema))
        yield folder / name


def stale(folder: Path, *, budgets: Path | None = None) -> tuple[Sequence[Path], int]:
    """Return the files in `folder` that are missing or not current, and how many there are to be.

    Where only those of editors are, as `init` writes them, the others are not missed.
    """
    found = {path.name for path in folder.glob("*.schema.json")}
    editors = editors_schemas(budgets)
    wanted = editors if found and found <= editors.keys() else schemas(budgets)
    texts = {folder / name: schema_text(schema) for name, schema in wanted.items()}
    return [path for path, text in texts.items() if _content(path) != text], len(texts)


def checked(folder: Path, *, budgets: Path | None = None) -> tuple[str, str]:
    """Return a line for each file in `folder` that is not current, and a line on the whole, with the fix."""
    paths, count = stale(folder, budgets=budgets)
    own = f" --budgets {quote(str(budgets))}" if budgets else ""
    fix = f"hint: kt-budgets schema --output {quote(str(folder))}{own}"
    lines = "".join(f"{path}: {'not current' if path.exists() else 'missing'}\n" for path in paths)
    return lines, fix if paths else f"{count} schemas in {folder} are current"


def _content(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
