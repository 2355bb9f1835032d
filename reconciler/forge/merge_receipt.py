"""The outcome of a merge, put on top of the comment that announced it: applied or not, why, and what mends it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from reconciler.forge.receipt import framed, outcome_table
from reconciler.model.merges import LandingOutcome

_TITLES = {
    "applied": "Applied",
    "partly": "Applied in part",
    "refused": "Not applied: refused",
    "stale": "Not applied: the plan moved since it was shown",
    "unknown": "Not known whether it was applied",
    "failed": "Not applied: it could not be done",
    "nothing": "Nothing left to apply",
}
_ADDRESS = re.compile(r"https?://[A-Za-z0-9._:/-]{1,300}")
_LARGEST_REASON = 600
_MOST_REASONS = 20


def merge_receipt(landing: LandingOutcome, *, url: str, escaped: Callable[[str], str]) -> str:
    """Return what became of a landing as Markdown. `url` leads to the run of the workflow, if there is one."""

    def said(text: str) -> str:
        return escaped(" ".join(text.split())[:_LARGEST_REASON])

    run = landing.run
    named = list(dict.fromkeys([*landing.stood_in, *filter(None, [landing.reason]), *landing.refused.values()]))
    more = len(named) - _MOST_REASONS
    lines = [f"- {said(reason)}" for reason in named[:_MOST_REASONS]]
    by = f" Approved by {said(', '.join(landing.approved_by))}." if landing.approved_by and landing.is_done else ""
    proof = f"Read back: Keeptrusts equals the YAML.{by}" if run and run.converged and landing.is_done else ""
    parts = [
        f"#### {_TITLES[landing.status]} (merged as `{landing.commit[:7]}`)",
        *([proof] if proof else []),
        *(["\n".join(lines)] if lines else []),
        *([f"{more} more reasons are in the run's output."] if more > 0 else []),
        *([f"**Next:** {said(landing.cure)}."] if landing.cure else []),
        *(["\n".join(outcome_table(run, escaped))] if run and run.outcomes else []),
    ]
    return framed(parts, footer=_footer(landing, url, escaped))


def not_begun(error: Mapping[str, object], *, commit: str, url: str, escaped: Callable[[str], str]) -> str:
    """Return, as Markdown, that an apply could not begin: what `--format json` printed about the error."""
    what, cure = (escaped(" ".join(str(error.get(key) or "").split())[:_LARGEST_REASON]) for key in ("error", "hint"))
    again = "is tried again within the hour, or at once by the apply workflow"
    parts = [
        f"#### Not applied yet (merged as `{commit[:7]}`)",
        f"- {what or 'the apply could not begin'}",
        f"**Next:** {cure + '; it' if cure else 'it'} {again}.",
    ]
    return framed(parts, footer=_link(url))


def _footer(landing: LandingOutcome, url: str, escaped: Callable[[str], str]) -> str:
    run = f"Run {escaped(landing.run.run)}" if landing.run else ""
    return " · ".join(part for part in (run, _link(url)) if part)


def _link(url: str) -> str:
    return f"[The workflow run]({url})" if _ADDRESS.fullmatch(url) else ""
