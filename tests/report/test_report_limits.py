"""A comment never exceeds its limit, keeps what matters, and says what it cut."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from thorough import drawn

from reconciler.model.later import Later, LaterExpectation, LaterTarget
from reconciler.model.plan_finding import PlanFinding
from reconciler.report.document import Asked
from reconciler.report.markdown import SMALLEST_LIMIT, fitted, markdown
from reconciler.report.size_budget import Section, allocate, size
from reconciler.report.spans import visible, words
from reconciler.report.summary import summarise

pytestmark = pytest.mark.slow

FAT = ("@|`<!--&[x](y)#_*" * 700, "名前", "team", "\u202e" * 300, "a" * 10_000)


@pytest.fixture(scope="module")
def crowd(plans: Any) -> Any:
    """Return the report of 500 teams with names of every nasty kind, and hundreds of findings."""
    wallets = [
        plans.Wallet(team=f"{FAT[number % len(FAT)]}{number}", environment=FAT[number % 3], carried="500")
        for number in range(500)
    ]
    wallets = [plans.replace(wallet, team=f"t{number}-{wallet.team}") for number, wallet in enumerate(wallets)]
    findings = tuple(
        PlanFinding(path=FAT[0], line=1, column=1, severity=severity, code=FAT[0], message=FAT[0], hint=FAT[0])
        for severity in ("error", "warning")
        for _ in range(200)
    )
    plan = plans.plan(
        *(wallet.change() for wallet in wallets),
        impact=tuple(wallet.forecast() for wallet in wallets),
        findings=findings,
        year=plans.YEAR,
    )
    hostile = FAT * 9
    later = Later(
        since=FAT[0],
        until=plan.period,
        targets=tuple(
            LaterTarget(team=team, environment="prod", wallet=f"{number}", period=plan.period, before=1, after=number)
            for number, team in enumerate(hostile)
        ),
        expectations=tuple(
            LaterExpectation(
                team=text, name=text, before=text, after=text, period=plan.period, kind=kind, key=f"x{number}"
            ).model_copy(update={"position": text, "meaning": text, "approvers": (text,) * 9})
            for number, text in enumerate(hostile)
            for kind in ("setting", "expectation")
        ),
    )
    asked = tuple(Asked(FAT, (text, "x"), ((text, FAT * 2),)) for text in hostile)
    neighbours = tuple(words(visible(text)) for text in hostile)
    return summarise(plan.model_copy(update={"later": later}), approvals=asked, neighbours=neighbours)


@pytest.mark.parametrize("limit", [SMALLEST_LIMIT, 20_011, 30_000, 59_999, 60_000, 65_536, 400_000])
def test_five_hundred_teams_stay_within_the_limit(limit: int, crowd: Any) -> None:
    document = markdown(crowd, limit=limit)
    assert size(document) <= limit
    assert document.count("<details>") == document.count("</details>")
    assert document.count("```") % 2 == 0
    assert document.startswith("### Budget plan refused")
    assert "**Refused**" in document
    assert document.rstrip().endswith("</sub>")


@settings(max_examples=drawn(25, sample=8), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limit=st.integers(SMALLEST_LIMIT, 90_000))
def test_no_limit_is_ever_exceeded(limit: int, crowd: Any) -> None:
    document = markdown(crowd, limit=limit)
    assert size(document) <= limit
    assert limit - size(document) < 9_000
    assert document.count("<details>") == document.count("</details>")


def test_what_is_cut_is_said_and_counted(crowd: Any) -> None:
    whole = fitted(crowd, limit=60_000)
    document = whole.text
    assert document == markdown(crowd)
    said = sum(
        int(count.replace(",", "")) for count in re.findall(r"… and ([\d,]+) more [^|\n]*?, see the full", document)
    )
    said += sum(int(count.replace(",", "")) for count in re.findall(r"^([\d,]+) [a-z ]+: see the full", document, re.M))
    assert whole.cut == said > 0


def test_a_comment_that_fits_cuts_nothing(plans: Any) -> None:
    whole = fitted(summarise(plans.twelve()), limit=60_000)
    assert whole.cut == 0
    assert "full report" not in whole.text


def test_the_wallets_that_run_out_survive_a_cut(plans: Any) -> None:
    calm = [plans.Wallet(team=f"calm{number:03}", lasts=(0.9, 0.99)) for number in range(600)]
    doomed = plans.Wallet(team="zz-doomed", lasts=(0.1, 0.05))
    wallets = [*calm, doomed]
    report = summarise(
        plans.plan(*(wallet.change() for wallet in wallets), impact=tuple(wallet.forecast() for wallet in wallets))
    )
    document = markdown(report)
    assert "| **zz-doomed / prod** |" in document
    assert "more wallets, see the full report." in document


def test_a_limit_too_small_for_a_verdict_is_refused(plans: Any) -> None:
    with pytest.raises(ValueError, match="16000"):
        markdown(summarise(plans.nothing()), limit=15_999)


texts = st.text(st.characters(codec="utf-8", categories=["L", "P"]), max_size=30)
sections = st.lists(
    st.builds(
        Section,
        items=st.lists(texts, max_size=12).map(tuple),
        noun=st.just("thing"),
        rank=st.integers(0, 5),
        head=texts,
        tail=texts,
    ),
    max_size=8,
)


@given(sections, st.integers(0, 900))
def test_sections_share_what_room_there_is(parts: list[Section], extra: int) -> None:
    least = sum(size(part.text(0)) + 2 for part in parts)
    shown, cut = allocate(parts, least + extra)
    assert sum(size(text) + 2 for text in shown) <= least + extra
    assert 0 <= cut <= sum(len(part.items) for part in parts)


@given(sections)
def test_sections_that_fit_are_whole(parts: list[Section]) -> None:
    room = sum(max(size(part.text(len(part.items))), size(part.text(0))) + 2 for part in parts)
    whole = [text for part in parts if (text := part.text(len(part.items)))]
    assert allocate(parts, room) == (whole, 0)
