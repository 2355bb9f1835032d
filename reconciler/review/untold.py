"""Which causes the usage cannot tell apart, because a column that would is not there."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from reconciler.model.review import CauseName as Cause
from reconciler.model.usage import tells
from reconciler.review.traffic import Seen

Together = tuple[tuple[Cause, Cause], ...]
"""Pairs of a cause and another one whose money is counted with it."""

NEEDED: Mapping[Cause, str] = {
    "cache": "cache_hit",
    "tokens_per_request": "input_tokens and output_tokens",
    "provider_mix": "model",
    "new_workload": "workload",
    "fallback": "fallback",
}
"""What tells a cause, by the cause that has no figure of its own without it."""


def untold(seen: Seen, absent: Collection[str]) -> Together:
    """Return what cannot be told apart in a team's usage, of which some exports lack the columns `absent`."""
    units = seen.units
    models = {model[0] for traffic in units.values() for model in traffic.models}
    pairs: list[tuple[Cause, Cause]] = []
    if not tells(absent, "cache_hit"):
        pairs.append(("demand", "cache"))
    if {"input_tokens", "output_tokens"} <= set(absent) or any(not each.counts_tokens for each in units.values()):
        pairs.append(("unit_price", "tokens_per_request"))
    if "model" in absent or not any(models):
        pairs.append(("unit_price", "provider_mix"))
    if not any(workload for _, workload in units):
        pairs.append(("demand", "new_workload"))
    if not tells(absent, "fallback"):
        pairs.append(("provider_mix" if ("unit_price", "provider_mix") not in pairs else "unit_price", "fallback"))
    return tuple(pairs)
