"""From YAML and a connection to a sealed plan: the pipeline that `plan`, `apply` and `demo` share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from reconciler.app.first_contact import FirstNames
from reconciler.app.listening import progress
from reconciler.app.planning.comparison import Comparison
from reconciler.app.planning.merged_result import merged_parents
from reconciler.app.planning.questions import questions
from reconciler.app.planning.remarks import remarks
from reconciler.findings import Finding
from reconciler.forecast.sharding import sharded
from reconciler.git.places import provenance
from reconciler.journal.standing import Standing
from reconciler.journal.waiver_uses import waiver_uses
from reconciler.model.change import Change
from reconciler.model.desired import Desired, DesiredWallet
from reconciler.model.live import Live
from reconciler.model.period import Period
from reconciler.model.plan import Plan, Source, Tool
from reconciler.model.plan_finding import PlanFinding
from reconciler.model.waiver_uses import WaiverUses
from reconciler.model.wallet_ref import WalletRef
from reconciler.model.year_money import year_money
from reconciler.plan.consequences import with_rest
from reconciler.plan.diff import Diff
from reconciler.plan.scope import Teams, wallets_of
from reconciler.policy.facts import Told, declared_objects, judged
from reconciler.settings import Settings
from reconciler.source.marks import positions
from reconciler.version import __version__

if TYPE_CHECKING:
    from reconciler.app.planning.scope import Aim
    from reconciler.forecast.context import ForecastContext
    from reconciler.forecast.question import Forecast, WalletQuestion
    from reconciler.forecast.shard import ShardRunner
    from reconciler.journal.record import Record
    from reconciler.keeptrusts.connection import Connection
    from reconciler.keeptrusts.reader import Reader
    from reconciler.keeptrusts.reads import Watcher
    from reconciler.model.later import Later, LaterTarget
    from reconciler.model.usage import DailyUsage
    from reconciler.model.usage_summary import UsageSummary
    from reconciler.model.year_targets import YearTargets


def read_live(
    settings: Settings,
    desired: Desired,
    connection: Connection,
    *,
    teams: Teams = None,
    standing: Standing | None = None,
    reader: Reader | None = None,
    watcher: Watcher | None = None,
) -> Live:
    """Return the live state that `desired` is compared with, read whole; of wallets, the ledgers of `teams`.

    For a month to come, ledgers begin with the present one: what is pending of it comes first. They are read as far
    back as `standing`, what the journal knows, has something to see in them, and in the order of the forecast's shards.
    `reader` is one that has begun.
    """
    from reconciler.keeptrusts.reader import Reader

    since = min(settings.period, Period.of(settings.as_of))
    with nullcontext(reader) if reader else Reader(connection) as reads, progress("Reading Keeptrusts") as advance:
        return reads.live(
            organization=desired.organization.organization,
            wallets={
                key: wallet.currency for shard in sharded_wallets(desired, teams) for key, wallet in shard.items()
            },
            period=standing.reading_since(since) if standing else since,
            currency=desired.organization.currency,
            on_progress=advance,
            watcher=watcher,
            declared=desired.wallets.keys(),
        )


def sharded_wallets(desired: Desired, teams: Teams = None) -> list[dict[WalletRef, DesiredWallet]]:
    """Return the wallets of `teams`, those together that are forecast together."""
    wallets = list(wallets_of(desired, teams).items())
    return [dict(wallets[place] for place in shard) for shard in sharded([wallet for _, wallet in wallets])]


def compared(
    settings: Settings,
    desired: Desired,
    connection: Connection,
    records: Sequence[Record],
    *,
    teams: Teams = None,
    first_apply: FirstNames = False,
) -> tuple[Live, Diff]:
    """Return live state, and what it differs in from `desired`; `records` are those of the journal.

    Without `first_apply`, or for wallets that it does not name, nothing is taken back from a wallet that nothing was
    ever applied to.
    """
    comparison = Comparison(settings, desired, records, first_apply)
    read = read_live(settings, desired, connection, teams=teams, standing=comparison.standing)
    return comparison.of(read, teams=teams)


def differing(
    settings: Settings,
    desired: Desired,
    read: Live,
    records: Sequence[Record],
    *,
    teams: Teams = None,
    first_apply: FirstNames = False,
) -> tuple[Live, Diff]:
    """Return what was `read`, as a plan is made from it, and what it differs in from `desired`."""
    return Comparison(settings, desired, records, first_apply).of(read, teams=teams)


def forecast(
    settings: Settings,
    desired: Desired,
    live: Live,
    diff: Diff,
    usage: DailyUsage | None,
    *,
    run_shards: ShardRunner,
    teams: Teams = None,
    others: Sequence[WalletQuestion] | None = None,
) -> Forecast:
    """Return what the wallets of `teams` will cost, under the live and under the desired money.

    Without an export, or with an empty one, the ledger's own settlements are what is known of past spend. The fiscal
    year is that of all wallets: where there are other teams, it takes the questions of `others` to know it.
    """
    from reconciler.forecast.project import project

    asked = questions(settings, desired, live, diff, teams=teams)
    context = context_of(settings, desired, live, usage, asked)
    return project(asked, context, run_shards=run_shards, others=() if teams is None else others)


def context_of(
    settings: Settings, desired: Desired, live: Live, usage: DailyUsage | None, asked: Sequence[WalletQuestion]
) -> ForecastContext:
    """Return what holds for all that is `asked`, by the `usage`, and by what `live` shows where it says nothing."""
    from reconciler.forecast.context import forecast_context
    from reconciler.plan.ledger_usage import seen_usage, unseen_usage

    return forecast_context(
        seen_usage(usage, live, as_of=settings.as_of),
        asked,
        organization=desired.organization,
        period=settings.period,
        as_of=settings.as_of,
        teams=desired.teams,
        unseen=unseen_usage(usage, live, as_of=settings.as_of),
    )


def assemble(
    settings: Settings,
    desired: Desired,
    live: Live,
    diff: Diff,
    *,
    usage: DailyUsage | None,
    outlook: Forecast | None,
    findings: Sequence[Finding],
    source: Source,
    aim: Aim | None = None,
    year: YearTargets | None = None,
    uses: Mapping[str, WaiverUses] | None = None,
) -> Plan:
    """Return the plan, still to be sealed, of the YAML in `source`, with each position; `uses`: of waivers before."""
    scope, organization = aim.scope if aim else None, desired.organization
    impact, period = outlook.wallets if outlook else (), settings.period
    changes, noted = _placed(desired, diff, outlook)
    notes = {*findings, *noted, *remarks(settings, desired, diff, aim)}
    later = with_rest(aim.later if aim else None, impact, period, organization.currency)
    drafted = Plan(
        tool=Tool(version=__version__),
        organization=organization.organization,
        currency=organization.currency,
        period=period,
        as_of=settings.as_of,
        source=source,
        scope=scope,
        later=later,
        usage=_usage(usage),
        changes=changes,
        fingerprints=dict(diff.fingerprints),
        funds=diff.funds,
        impact=impact,
        year=outlook.year if outlook else None,
        year_money=year
        and year_money(year, changes, _later_targets(later, aim), period=period, target=organization.annual_target),
        assumptions=outlook.assumptions if outlook else (),
        drift=diff.drift,
        unmanaged=diff.unmanaged,
        findings=tuple(map(PlanFinding.of, sorted(notes))),
        doubts=diff.doubts,
        spent=_spent(live, desired, period),
    )
    return judged(drafted, organization, _told(desired, diff, usage, aim, settings.as_of, uses or {}))


def _later_targets(later: Later | None, aim: Aim | None) -> tuple[LaterTarget, ...] | None:
    """Return what later months get otherwise; None where there is nothing to compare the YAML with."""
    if later is not None:
        return later.targets
    return () if aim and aim.unchanged else None


def _placed(desired: Desired, diff: Diff, outlook: Forecast | None) -> tuple[tuple[Change, ...], list[Finding]]:
    """Return the changes and what is noted of them and of the forecast, each with its place in the YAML."""
    noted = (*diff.notes, *(outlook.warnings if outlook else ()))
    places = positions(desired.files, {*diff.origins, *(note.origin for note in noted)})
    pairs = zip(diff.changes, diff.origins, strict=True)
    changes = tuple(change.model_copy(update={"position": str(places[origin])}) for change, origin in pairs)
    return changes, [note.at(places[note.origin]) for note in noted]


def _told(
    desired: Desired,
    diff: Diff,
    usage: DailyUsage | None,
    aim: Aim | None,
    as_of: date,
    uses: Mapping[str, WaiverUses],
) -> Told:
    teams = aim.scope.teams if aim and aim.scope else None
    return Told(
        fiscal_year=desired.organization.fiscal_year.starts,
        currencies=diff.currencies,
        objects=tuple(declared_objects(desired, teams)),
        declared=aim.declared if aim else None,
        rules=aim.rules if aim else None,
        history=_history(usage, wallets_of(desired, teams), as_of),
        waiver_uses=uses,
    )


def waiver_uses_for(
    records: Sequence[Record], desired: Desired, before: Desired | None, *, besides: str | None = None
) -> dict[str, WaiverUses]:
    """Return how often the waivers of `desired`, and of the YAML `before` it, were used by now."""
    waivers = [one for each in (desired, before) if each for one in each.organization.waivers]
    return waiver_uses(records, waivers, besides=besides) if waivers else {}


def _usage(usage: DailyUsage | None) -> UsageSummary | None:
    """Return what is said of the usage; a light installation, which reads none, has nothing to say it with."""
    if usage is None:
        return None
    from reconciler.report.usage_doubts import usage_summary

    return usage_summary(usage.source)


def _history(
    usage: DailyUsage | None, wallets: Iterable[WalletRef], as_of: date
) -> dict[WalletRef, dict[Period, Decimal]]:
    if usage is None:
        return {}
    from reconciler.forecast.history import whole_months

    return whole_months(usage, wallets, as_of=as_of)


def checked_out(settings: Settings, desired: Desired, *, head: str | None = None) -> Source:
    """Return which commit `desired` is of: the one that is checked out, and what it is a merge of.

    `head` is the commit that is meant, where the checkout is a merge of it that was made for this plan alone.
    """
    commit, dirty = provenance(settings.budgets)
    base, merged = (commit and merged_parents(settings, commit)) or (None, None)
    return Source(commit=head or commit, dirty=dirty, tree_digest=desired.tree_digest, head=merged, base=base)


def _spent(live: Live, desired: Desired, period: Period) -> dict[str, Decimal]:
    """Return what the ledger shows as spent in `period` of each wallet in git whose ledger could be read."""
    held = ((key, live.wallets.get(key)) for key in sorted(desired.wallets))
    return {key: wallet.spent(period).amount for key, wallet in held if wallet and not wallet.unread}
