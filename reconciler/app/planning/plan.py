"""Make a plan: what a reviewer needs, sealed; what else it takes is imported while a large folder is read."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.app.forge_session import forge_words
from reconciler.app.planning.ahead import Ahead
from reconciler.app.planning.merged_result import as_merged
from reconciler.app.session import load_desired
from reconciler.app.usage_aside import UsageAside
from reconciler.findings import ExitCode
from reconciler.heap import gc_paused
from reconciler.model.outcome import exit_code_of
from reconciler.report.renderers import render
from reconciler.report.screen import PAPER, Screen
from reconciler.settings import Settings

if TYPE_CHECKING:
    from reconciler.app.first_contact import FirstNames
    from reconciler.model.plan import Plan

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Planned:
    """A sealed plan, and the canonical bytes of its file."""

    plan: Plan
    saved: bytes

    @property
    def exit_code(self) -> ExitCode:
        """What `--detailed-exit-code` exits with: 10 for changes, else 8 or 5 for a wallet in doubt."""
        return ExitCode.PENDING if self.plan.changes else exit_code_of(self.plan.doubts) or ExitCode.DONE

    @property
    def refused(self) -> str:
        """What guards say that refuse the plan, an empty text where none does."""
        return "; ".join(f"{guard.guard}: {guard.message}" for guard in self.plan.guards if guard.status == "refused")

    @property
    def told(self) -> dict[str, str | bool]:
        """What the next steps of a job in CI learn."""
        refused = {"failure_reason": self.refused} if self.refused else {}
        return {"changed": bool(self.plan.changes), "digest": self.plan.digest, **refused}

    def next_step(self, saved_to: str) -> str:
        """Return where the plan was saved, and on a line of its own what a person can do with it."""
        from reconciler.report.next_step import next_step

        return next_step(self.plan, saved_to, forge_words())

    def rendered(self, format_: str, screen: Screen = PAPER) -> str:
        """Return the plan as `text`, `markdown`, `html` or `json`."""
        if format_ == "json":
            return self.saved.decode()
        with gc_paused():
            return render("plan", format_, self.plan, screen)


def make(
    settings: Settings, *, since: str | None = None, all_teams: bool = False, first_apply: FirstNames = False
) -> Planned:
    """Return the plan of `settings` with its file; `all_teams` makes it about all of them in CI too.

    Raises what `plan` raises.
    """
    with gc_paused():
        draft = drafted(settings, since=since, all_teams=all_teams, first_apply=first_apply)
        from reconciler.model.plan import sealed_bytes

        made, saved = sealed_bytes(draft)
    for change in made.changes:
        _logger.info("planned: %s for %s (%s)", change.kind, change.team, change.position)
    return Planned(made, saved)


def plan(settings: Settings, *, since: str | None = None, first_apply: FirstNames = False) -> Plan:
    """Return the sealed plan for `settings`: what `kt-budgets plan` writes into plan.json.

    It is about the teams that `since` says, as `drafted` has it. Its amounts are Decimal in the organization's
    currency, its fingerprints bind an approval to what was shown.

    Raises:
        FindingsError: the YAML has errors.
        UsageError: `since` is no commit, or the usage cannot be read.
        RefusedError: the budgets are older than what was applied, or a branch that cannot be merged into its target.
        RemoteError: Keeptrusts cannot be read whole.
    """
    return make(settings, since=since, first_apply=first_apply).plan


def drafted(
    settings: Settings, *, since: str | None = None, all_teams: bool = False, first_apply: FirstNames = False
) -> Plan:
    """Return the plan for `settings`: YAML, live state, usage and forecast together. It still is to be sealed.

    It is about the teams that changed since the commit `since`, or since what this run of CI says, and with `all_teams`
    about all; where the branch that it goes to moved on, it is the plan of what merging gives. Nothing is taken back
    from a wallet that nothing was ever applied to, unless `first_apply` is True or names it.
    """
    with (
        UsageAside(settings) as exports,
        as_merged(settings) as (merged, head),
        Ahead(merged, besides=exports.prepare) as ahead,
    ):
        desired, warnings = load_desired(merged, meanwhile=ahead.begin)
        named = exports.begin(desired)
        from reconciler.app.planning.drafting import About, Begun, draft

        about = About(since, all_teams, first_apply, head)
        return draft(merged, desired, about, Begun(ahead.reader, named), warnings)
