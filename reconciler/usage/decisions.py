"""Whether a request was served, as the `decision` of its event says it: one that was not is no demand (decision 0138).

What an event cost counts all the same. A word that is not known counts as served: a gateway may call what it did by any
name, and demand that is left out in silence would be money that nobody plans for.
"""

from __future__ import annotations

from collections.abc import Iterable

from ibis.expr.types import BooleanValue, StringValue

NOT_SERVED = (
    *("block", "blocked", "deny", "denied", "reject", "rejected", "refuse", "refused", "forbidden", "unauthorized"),
    *("rate_limit", "rate_limited", "throttle", "throttled", "too_many_requests", "held", "not_served", "unserved"),
    *("limit_exceeded", "quota_exceeded", "budget_exceeded", "rate_limit_exceeded", "out_of_funds"),
    *("fail", "failed", "failure", "error", "errored", "timeout", "timed_out"),
    *("abort", "aborted", "cancel", "canceled", "cancelled", "[45]xx", "[45][0-9][0-9]"),
)
"""What gateways write where nobody got an answer, in any case, `_` for what may part words; a status of HTTP too."""

_SERVED = (
    *("allow", "allowed", "pass", "passed", "permit", "permitted", "approve", "approved", "accept", "accepted"),
    *("ok", "success", "successful", "succeeded", "served", "complete", "completed", "released", "2xx", "2[0-9][0-9]"),
    *("redact", "redacted", "mask", "masked", "modify", "modified", "rewrite", "rewritten", "transformed"),
    *("warn", "warned", "flag", "flagged", "log", "logged", "monitor", "monitored", "audit", "audited"),
    *("cached", "cache_hit", "", "-", "none", "null", "nan", "n/a", "na", "undefined"),
)
"""What they write where somebody did, or where nothing was decided."""


def _any_of(words: Iterable[str]) -> str:
    spelled = "|".join(word.replace("_", r"[-_\s]*") for word in words)
    return rf"(?i)^\s*({spelled})\s*$"


def is_unserved(decision: StringValue) -> BooleanValue:
    """Return whether a decision says that the request was not served; none says nothing."""
    return decision.re_search(_any_of(NOT_SERVED)).fill_null(False)


def is_unknown(decision: StringValue) -> BooleanValue:
    """Return whether a decision is none of those that are known."""
    return ~decision.re_search(_any_of((*NOT_SERVED, *_SERVED))).fill_null(True)
