"""Checks of usage: whether an export can be had and read, and how much money in it is nobody's or has no price."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from reconciler.app.doctor.check import Seen, failed, not_checked, passed, warning
from reconciler.findings import RemoteError, UsageError
from reconciler.model.usage import NANO
from reconciler.report.wording import counted, exact, share

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from reconciler.app.doctor.subject import Subject
    from reconciler.model.usage import DailyUsage

_NAMED = 5


def look_at_export(subject: Subject) -> Iterator[Seen]:
    if not (subject.probe or subject.settings.usage):
        yield not_checked("no export job is asked for", "leave `--no-probe` out, or name export files with `--usage`")
        return
    try:
        source = subject.usage.source
    except (RemoteError, UsageError) as error:
        yield failed(error.message, error.hint, error.exit_code)
        return
    asked = "the files named by --usage" if subject.settings.usage else "an export job"
    if not source.rows:
        yield not_checked(f"{asked} can be read, and holds no event", "name exports of the past year with `--usage`")
        return
    days = f"{source.first_day} to {source.last_day}"
    yield passed(f"{asked} gives {source.rows:,} events from {days}, and every column that money needs")
    for issue in source.issues:
        if issue.code == "id-not-mapped":
            yield warning(issue.message, f"write that into {subject.desired.organization_path}")


def look_at_unpriced(subject: Subject) -> Iterator[Seen]:
    source = subject.usage.source
    if not source.rows_without_price:
        yield passed("every event with tokens that was served has a price")
        return
    part, paid = (Decimal(str(each)) for each in (source.share_without_price, 1 - source.unpriced_share))
    worth = subject.usage.spent * part / paid if paid > 0 else None
    cost = f", about {_money(subject, worth)} at what the other tokens cost" if worth is not None else ""
    yield warning(
        f"{counted(source.rows_without_price, 'event')} with {share(source.share_without_price)} of all tokens have no"
        f" price{cost}: they are in no figure",
        "give their models a price in Keeptrusts",
    )


def look_at_unattributed(subject: Subject) -> Iterator[Seen]:
    usage = subject.usage
    spent = usage.spent
    lacking = {name: _sum(usage, getattr(usage, name) == "") for name in ("provider", "model", "workload")}
    told = [
        f"{_money(subject, amount)} ({share(float(amount / spent))}) names no {name}"
        for name, amount in lacking.items()
        if amount and spent
    ]
    if told:
        columns = f"map the columns that hold them under `usage: {{columns: …}}` in {subject.desired.organization_path}"
        yield warning(f"of {_money(subject, spent)} spent, {', '.join(told)}", f"{columns}, or have gateways send them")
    else:
        yield passed("all spend names its provider, model and workload")


def look_at_coverage(subject: Subject) -> Iterator[Seen]:
    source, spent = subject.usage.source, subject.usage.spent
    if spent <= 0:
        yield not_checked("nothing was spent in these events")
        return
    covered = spent - source.unknown_cost
    words = f"git covers {_money(subject, covered)} of {_money(subject, spent)} spent, {share(float(covered / spent))}"
    if not source.unknown_teams:
        yield passed(words)
        return
    most = sorted(source.unknown_teams.items(), key=lambda item: (-item[1], item[0]))
    named = ", ".join(f"{team} ({counted(number, 'event')})" for team, number in most[:_NAMED])
    more = f" and {len(most) - _NAMED} more" if len(most) > _NAMED else ""
    yield warning(
        f"{words}; of no wallet here: {named}{more}", "add their `team_id` to a team's wallets, or leave them"
    )


def _sum(usage: DailyUsage, where: npt.NDArray[np.bool_]) -> Decimal:
    return Decimal(int(usage.cost[where].sum())) / NANO


def _money(subject: Subject, amount: Decimal) -> str:
    return f"{subject.desired.organization.currency} {exact(amount)}"
