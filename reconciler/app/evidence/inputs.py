"""What plan and forecast of a packet follow from, and the working out: when one is made and when it is verified."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.app.budget_files import BudgetFiles
from reconciler.app.outlook.forecast import LookAhead
from reconciler.app.outlook.look import Outlook
from reconciler.app.outlook.notices import left_alone
from reconciler.app.planning.managed import managed, released_teams
from reconciler.app.planning.pipeline import assemble, differing, forecast, waiver_uses_for
from reconciler.app.planning.remarks import first_reclaim, year_known
from reconciler.app.planning.year_sum import year_of_plan
from reconciler.app.processors import shard_runner
from reconciler.app.review import month_in_review
from reconciler.app.session import connection_to
from reconciler.findings import Finding, FindingsError
from reconciler.forecast.windows import trailing_window
from reconciler.journal.audit import audit_document
from reconciler.journal.history import history_of
from reconciler.journal.journal import last_declared
from reconciler.journal.record import read_chain
from reconciler.journal.standing import Standing
from reconciler.keeptrusts.replay import ADDRESS, Replay
from reconciler.model.packet import PacketFacts
from reconciler.model.period import Period
from reconciler.model.plan import sealed_bytes
from reconciler.model.recorded import RecordedDocument
from reconciler.plan.scope import wallets_of
from reconciler.settings import Settings

if TYPE_CHECKING:
    from reconciler.journal.record import Record
    from reconciler.keeptrusts.connection import Connection
    from reconciler.keeptrusts.reader import Reader
    from reconciler.model.desired import Desired
    from reconciler.model.live import Live
    from reconciler.model.usage import DailyUsage

JOURNAL = "journal.jsonl"
REVIEW = "review.json"


@dataclass(frozen=True, slots=True, eq=False)
class PacketInputs:
    """The facts, the bytes of the budget files, what Keeptrusts answered, the journal, and where the exports lie.

    `exports` are the files in `folder`, which nothing that is worked out names.
    """

    facts: PacketFacts
    budgets: Mapping[str, bytes]
    answers: RecordedDocument
    journal: Sequence[str]
    folder: Path
    exports: Sequence[str]

    def settings(self) -> Settings:
        facts = self.facts
        return Settings(
            budgets=Path(facts.folder),
            api_url=ADDRESS,
            as_of=facts.as_of,
            period=facts.period,
            sandbox=facts.rehearsed,
            rehearsed=True,
        )


def worked_out(inputs: PacketInputs) -> dict[str, bytes]:
    """Return the plan, the forecast, the trail and the review that follow from `inputs`, each as the bytes of its file.

    There is no review where the exports say nothing of its month.

    Raises:
        FindingsError: the YAML has errors.
        RefusedError: the journal is not whole.
        RemoteError: the answers of Keeptrusts are not whole.
        UsageError: an export cannot be read.
    """
    settings = inputs.settings()
    loaded = BudgetFiles(settings.budgets.name, inputs.budgets).loaded()
    if loaded.desired is None:
        raise FindingsError(loaded.findings)
    records = read_chain(inputs.journal, JOURNAL)
    released = tuple(released_teams(loaded.desired, records))
    desired = managed(loaded.desired, records)
    live, diff = differing(settings, desired, _replayed(inputs, settings, desired, records), records)
    usage, doubts = _usage(inputs, settings, desired)
    with shard_runner(len(wallets_of(desired, None))) as run_shards:
        outlook = forecast(settings, desired, live, diff, usage, run_shards=run_shards)
    year = year_of_plan(settings, desired, live, usage, changes=diff.changes, doubts=diff.doubts)
    reclaimed = first_reclaim(desired, outlook.wallets, settings.period, last=last_declared(records), later=None)
    plan = assemble(
        settings,
        desired,
        live,
        diff,
        usage=usage,
        outlook=outlook,
        findings=[*year_known(loaded.findings, year, desired), *doubts, *released, *reclaimed],
        source=inputs.facts.source.model_copy(update={"tree_digest": desired.tree_digest}),
        year=year,
        uses=waiver_uses_for(records, desired, None),
    )
    review = month_in_review(settings, desired, usage, doubts) if usage else None
    return {
        "plan.json": sealed_bytes(plan)[1],
        "forecast.json": _forecast(settings, desired, live, usage, doubts, records).encode(),
        "audit.json": audit_document(JOURNAL, records, None).text().encode(),
        **({REVIEW: review.rendered("json").encode()} if review else {}),
    }


def read_for_packet(settings: Settings, desired: Desired, reader: Reader, records: Sequence[Record]) -> Live:
    """Return the live state that a plan of all teams is made from: the one reading that a packet holds."""
    standing = Standing(history_of(records).operations)
    return reader.live(
        organization=desired.organization.organization,
        wallets={key: wallet.currency for key, wallet in wallets_of(desired, None).items()},
        period=standing.reading_since(min(settings.period, Period.of(settings.as_of))),
        currency=desired.organization.currency,
    )


def _replayed(inputs: PacketInputs, settings: Settings, desired: Desired, records: Sequence[Record]) -> Live:
    from reconciler.keeptrusts.reader import Reader

    with Reader(_nowhere(inputs, desired), transport=Replay(inputs.answers.answers)) as reader:
        return read_for_packet(settings, desired, reader, records)


def _nowhere(inputs: PacketInputs, desired: Desired) -> Connection:
    found = connection_to(desired.organization.api, f"{ADDRESS}{inputs.facts.base_path}", "replayed")
    return replace(found, retries=0)


def _usage(inputs: PacketInputs, settings: Settings, desired: Desired) -> tuple[DailyUsage | None, tuple[Finding, ...]]:
    """Return the usage of the kept exports; what is said of a file names it as it is called in the packet."""
    from reconciler.report.usage_doubts import usage_findings
    from reconciler.usage.read import read_usage

    if not inputs.exports:
        return None, ()
    first, end = trailing_window(settings.as_of)
    usage = read_usage(
        [str(inputs.folder / name) for name in sorted(inputs.exports)],
        first=first,
        end=end,
        columns={str(ours): theirs for ours, theirs in desired.organization.usage.columns.items()},
        currency=desired.organization.currency,
        known_wallets=frozenset(desired.wallets),
    )
    issues = (replace(issue, path=f"exports/{Path(issue.path).name}") for issue in usage.source.issues)
    usage = replace(usage, source=replace(usage.source, issues=tuple(sorted(issues))))
    return usage, usage_findings(usage.source, currency=desired.organization.currency)


def _forecast(
    settings: Settings,
    desired: Desired,
    live: Live,
    usage: DailyUsage | None,
    doubts: tuple[Finding, ...],
    records: Sequence[Record],
) -> str:
    last, history = last_declared(records), history_of(records)
    outlook = Outlook(settings, desired, live, usage, doubts, None, last, history)
    asked = outlook.asking()
    return LookAhead(outlook, outlook.forecast(asked), is_whole=True, left_alone=left_alone(asked)).rendered("json")


def answers_of(text: str) -> RecordedDocument:
    """Return recorded answers from JSON; ValueError where it holds none."""
    return RecordedDocument.model_validate(json.loads(text))
