"""A finding is one thing, whether its keys are known or its line already."""

from __future__ import annotations

import pytest

from reconciler.findings import Finding, Origin, Position, Severity

AT_KEYS = Finding(Origin("teams/support.yaml", ("wallets", "prod")), "a-code", Severity.WARNING, "says", "do", fix="1")


def test_a_finding_keeps_what_it_says_when_its_line_is_found() -> None:
    found = AT_KEYS.at(Position("teams/support.yaml", 7, 3))
    assert (str(found.position), found.code, found.message, found.hint, found.fix) == (
        "teams/support.yaml:7:3",
        "a-code",
        "says",
        "do",
        "1",
    )


def test_a_place_that_nobody_looked_for_is_never_made_up() -> None:
    assert AT_KEYS.origin.keys == ("wallets", "prod")
    with pytest.raises(TypeError, match="line"):
        _ = AT_KEYS.position
    with pytest.raises(TypeError, match="keys"):
        _ = AT_KEYS.at(Position("teams/support.yaml", 7, 3)).origin
