"""Recorded answers of deployments, replayed through the product's own reader: they are read whole, and name nobody."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from contract.replay import replaying

from reconciler.app.doctor.heard import Answered
from reconciler.app.doctor.recording import recorded
from reconciler.clock import SystemClock
from reconciler.keeptrusts.channel import Heard
from reconciler.keeptrusts.connection import Connection
from reconciler.keeptrusts.ledger import ledger_path
from reconciler.keeptrusts.reader import Reader
from reconciler.model.directory import Directory
from reconciler.model.kinds.registry import kinds
from reconciler.model.live import Live
from reconciler.model.period import Period
from reconciler.model.recorded import RecordedDocument
from reconciler.model.wallet_ref import WalletRef
from reconciler.sandbox.server import running

RECORDED = sorted((Path(__file__).parent / "recorded").glob("*/answers.json"))
JUNE = Period(2026, 6)


def reading(reader: Reader, period: Period, *, asked: Collection[str] | None = None) -> tuple[Directory, Live]:
    """Read the directory, every kind of object, and the ledgers of teams, those of `asked` where only these are known.

    `asked` are the addresses that somebody asked for.
    """
    directory = reader.directory()
    teams = {
        WalletRef.team(wallet.holder): wallet.currency
        for wallet in directory.wallets
        if wallet.scope == "team" and (asked is None or ledger_path(wallet.id) in asked)
    }
    for kind in kinds():
        reader.objects(kind)
    return directory, reader.live(organization=directory.identity.organization, wallets=teams, period=period)


def connection(url: str, token: str) -> Connection:
    return Connection(base_url=url, token=token, retries=0, ledger_months_before=1)


@pytest.fixture(scope="module")
def heard() -> Iterator[tuple[list[Answered], Live]]:
    """What the embedded Keeptrusts answers, and what the reader makes of it."""
    answers: list[Answered] = []

    def hear(answer: Heard) -> None:
        answers.append(Answered(answer, SystemClock().now()))

    with running(scenario="acme", as_of=date(2026, 6, 3), page_size=5) as sandbox:
        with Reader(connection(sandbox.url, sandbox.read_token), on_answer=hear) as reader:
            _, live = reading(reader, JUNE)
        yield answers, live


def money(live: Live) -> list[tuple[Decimal, Decimal, int]]:
    """What can be compared without names: what each wallet was given and has spent, and its entries."""
    wallets = live.wallets.values()
    return sorted((one.funded(JUNE).amount, one.settled(JUNE), len(one.ledger)) for one in wallets)


def test_what_was_recorded_is_read_as_it_was(heard: tuple[list[Answered], Live]) -> None:
    answers, live = heard
    with replaying(recorded(answers)) as url, Reader(connection(url, "any")) as reader:
        directory, again = reading(reader, JUNE)
    assert money(again) == money(live)
    assert again.pool is not None
    assert live.pool is not None
    assert again.pool.available == live.pool.available
    assert {name: len(found.objects) for name, found in again.objects.items()} == {
        name: len(found.objects) for name, found in live.objects.items()
    }
    assert directory.teams is not None


def test_what_was_recorded_names_nobody(heard: tuple[list[Answered], Live]) -> None:
    answers, live = heard
    text = recorded(answers).text()
    assert live.teams
    names = {*live.teams, *live.teams.values(), live.identity.organization, live.identity.organization_name}
    names |= {budget for listing in live.objects.values() for key in listing.objects for budget in key if "-" in budget}
    ids = {str(wallet.id) for wallet in live.wallets.values() if wallet.id}
    assert [name for name in sorted(names | ids) if name and re.search(rf"\b{re.escape(name)}\b", text)] == []


def answered(body: str, *, path: str = "/v1/teams", **headers: str) -> Answered:
    return Answered(Heard(path, {}, 200, headers, body.encode()), SystemClock().now())


def test_texts_that_may_name_somebody_are_made_up_and_the_same_everywhere() -> None:
    body = (
        '{"data":[{"id":"team_ada","owner":{"email":"ada@acme.test","name":"Ada"},"by_user":{"Ada":1,"ada@acme.test":2},'
        '"note":"for Ada [kt-budgets op=2026-06-0123456789abcdef0123]","amount":1500.10,"balance":"12.50",'
        '"created_at":"2026-06-01T09:00:00Z","type":"top-up","token":"kt_live_1234"}],"next_cursor":"team_ada"}'
    )
    (one,) = recorded([answered(body, path="/v1/wallets/team_ada/transactions", authorization="Bearer x")]).answers
    assert re.search(r"(?i)ada|acme|kt_live|bearer", one.body + one.path + str(one.headers)) is None
    for kept in ('"amount":1500.10', '"balance":"12.50"', '"2026-06-01T09:00:00Z"', '"top-up"'):
        assert kept in one.body
    assert "[kt-budgets op=2026-06-0123456789abcdef0123]" in one.body
    (alias,) = set(re.findall(r"team_\d{4}", one.body + one.path))
    assert one.path == f"/v1/wallets/{alias}/transactions"


def test_a_link_to_the_next_page_leads_to_the_recorded_one() -> None:
    link = '<https://keeptrusts.acme.test/v1/teams?cursor=abc&limit=2>; rel="next"'
    first = Answered(Heard("/v1/teams", {"limit": "2"}, 200, {"Link": link}, b"[]"), SystemClock().now())
    later = Answered(Heard("/v1/teams", {"cursor": "abc", "limit": "2"}, 200, {}, b"<html>"), SystemClock().now())
    with_cursor, without = recorded([first, later]).answers
    assert without.headers["link"] == f'</v1/teams?cursor={with_cursor.query["cursor"]}&limit=2>; rel="next"'
    assert with_cursor.body == ""


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.parent.name)
def test_recorded_answers_of_a_deployment_are_read_whole(file: Path) -> None:
    document = RecordedDocument.model_validate_json(file.read_text(encoding="utf-8"))
    first = min(one.query["from"] for one in document.answers if "from" in one.query)
    period = Period.of(date.fromisoformat(first[:10])).plus(1)
    with replaying(document) as url, Reader(connection(url, "any")) as reader:
        _, live = reading(reader, period, asked={one.path for one in document.answers})
    assert live.wallets
    assert not any(wallet.unread for wallet in live.wallets.values())


def test_there_are_recorded_answers() -> None:
    assert RECORDED
