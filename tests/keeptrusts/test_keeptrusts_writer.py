"""A write is one request, never repeated; what came of it is a value."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.apply import run_context
from reconciler.keeptrusts.writer import Writer, retry_after
from reconciler.model.kinds.billing_budget import BILLING_BUDGETS
from reconciler.model.kinds.export_schedule import EXPORT_SCHEDULES
from reconciler.model.money import Money
from reconciler.model.wallet_ref import WalletRef
from reconciler.model.write import Lost, NotSent, RateLimited, Refused, WriteResult, Written

AMOUNT = Money(Decimal("1500.00"), "USD")
OPERATION = f"2026-06-{'a' * 20}"
CONFIRMED = (
    '{"transaction": {"id": "txn_1", "type": "allocate", "amount": 1500.0, "currency": "USD",'
    ' "description": "d", "created_at": "2026-06-18T09:00:00Z"}, "wallet": {"id": "wal_1"}}'
)


class Recorder:
    """Answers every request the same way and keeps what was sent."""

    def __init__(self, answer: httpx.Response | Exception) -> None:
        self.answer = answer
        self.seen: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def allocate(writer: run_context.Writer) -> WriteResult:
    return writer.allocate(WalletRef.team("team_support"), AMOUNT, description="June 2026", operation=OPERATION)


def written(make: Any, answer: httpx.Response | Exception, **settings: Any) -> tuple[WriteResult, list[httpx.Request]]:
    recorder = Recorder(answer)
    with Writer(make.fast(**settings), transport=httpx.MockTransport(recorder)) as writer:
        return allocate(writer), recorder.seen


def test_an_allocation_says_who_how_much_and_why_with_exact_digits(make: Any) -> None:
    result, (request,) = written(make, httpx.Response(201, text=CONFIRMED))
    assert isinstance(result, Written)
    assert result.id == "txn_1"
    assert result.entry is not None
    assert result.entry.amount == 1500
    assert (request.method, request.url.path) == ("POST", "/v1/wallets/allocate")
    assert request.headers["idempotency-key"] == OPERATION
    assert request.headers["authorization"] == f"Bearer {make.token}"
    assert request.content.decode() == (
        '{"team_id":"team_support","amount":1500.00,"currency":"USD","description":"June 2026"}'
    )


def test_a_reclaim_goes_to_its_own_route_and_the_description_under_the_configured_name(make: Any) -> None:
    recorder = Recorder(httpx.Response(200, text=CONFIRMED.replace("allocate", "Reclaim")))
    with Writer(make.fast(description_field="note"), transport=httpx.MockTransport(recorder)) as writer:
        result = writer.reclaim(WalletRef.team("team_support"), AMOUNT, description="back", operation=OPERATION)
    assert isinstance(result, Written)
    assert recorder.seen[0].url.path == "/v1/wallets/reclaim"
    assert json.loads(recorder.seen[0].content)["note"] == "back"


@given(amount=st.decimals(Decimal("0.01"), Decimal("9999999999999.99"), places=2), text=st.text())
def test_every_amount_and_text_arrives_exactly(make: Any, amount: Decimal, text: str) -> None:
    recorder = Recorder(httpx.Response(500))
    with Writer(make.fast(), transport=httpx.MockTransport(recorder)) as writer:
        writer.allocate(
            WalletRef.team("t"),
            Money(amount, "USD"),
            description=text.encode("utf-8", "ignore").decode(),
            operation="o",
        )
    sent = json.loads(recorder.seen[0].content, parse_float=Decimal)
    assert str(sent["amount"]) == f"{amount:.2f}"
    assert sent["description"] == text.encode("utf-8", "ignore").decode()


@pytest.mark.parametrize("amount", ["0", "-1"])
def test_a_move_of_nothing_is_our_own_mistake(make: Any, amount: str) -> None:
    with Writer(make.fast()) as writer, pytest.raises(ValueError, match="positive"):
        writer.allocate(WalletRef.team("t"), Money(Decimal(amount), "USD"), description="", operation="o")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.ConnectError("refused"), NotSent),
        (httpx.ConnectTimeout("slow"), NotSent),
        (httpx.PoolTimeout("busy"), NotSent),
        (httpx.ReadTimeout("silence"), Lost),
        (httpx.WriteTimeout("stuck"), Lost),
        (httpx.ReadError("reset"), Lost),
        (httpx.WriteError("reset"), Lost),
        (httpx.RemoteProtocolError("cut"), Lost),
        (httpx.ProxyError("502"), Lost),
        (httpx.Response(500), Lost),
        (httpx.Response(503, headers={"Retry-After": "1"}), Lost),
        (httpx.Response(408), Lost),
        (httpx.Response(302, headers={"Location": "/elsewhere"}), Lost),
        (httpx.Response(304), Lost),
        (httpx.Response(400), Refused),
        (httpx.Response(401), Refused),
        (httpx.Response(402), Refused),
        (httpx.Response(403), Refused),
        (httpx.Response(409), Refused),
        (httpx.Response(422), Refused),
        (httpx.Response(429), RateLimited),
        (httpx.Response(200, text=""), Lost),
        (httpx.Response(200, text="<html>"), Lost),
        (httpx.Response(200, text="[]"), Lost),
        (httpx.Response(200, text="{}"), Lost),
        (httpx.Response(200, text='{"error": "no"}'), Lost),
        (httpx.Response(204), Lost),
        (httpx.Response(200, content=b"\x1f\x8b\x00", headers={"Content-Encoding": "gzip"}), Lost),
        (httpx.Response(200, text=CONFIRMED.replace("1500.0", "1500.01")), Lost),
        (httpx.Response(200, text=CONFIRMED.replace("1500.0", '"much"')), Lost),
        (httpx.Response(200, text=CONFIRMED.replace("allocate", "reclaim")), Lost),
        (httpx.Response(200, text=CONFIRMED.replace("USD", "EUR")), Lost),
        (httpx.Response(200, text=CONFIRMED.replace('"id": "txn_1", ', "")), Lost),
        (httpx.Response(201, text=CONFIRMED.replace("1500.0", "-1500")), Written),
        (httpx.Response(201, text=CONFIRMED.replace("1500.0", '"1500.00"')), Written),
        (httpx.Response(201, text='{"id": "txn_1", "amount": 1500}'), Written),
        (httpx.Response(201, text=f'{{"data": {CONFIRMED}}}'), Written),
        (httpx.Response(200, text='{"transaction": {"id": "txn_1"}}'), Written),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else repr(value),
)
def test_every_answer_has_its_outcome_and_is_asked_for_once(
    make: Any, answer: httpx.Response | Exception, kind: type[WriteResult]
) -> None:
    result, seen = written(make, answer)
    assert type(result) is kind
    assert len(seen) == 1


def test_an_answer_that_is_endless_is_lost(make: Any) -> None:
    result, _ = written(make, httpx.Response(200, text=" " * 1024 * 1025))
    assert isinstance(result, Lost)
    result, _ = written(make, httpx.Response(200, text=CONFIRMED), total_timeout=0)
    assert isinstance(result, Lost)


def test_a_refusal_says_why_and_which_permission_is_missing_without_the_token(make: Any) -> None:
    body = json.dumps({"error": {"code": "forbidden", "message": f"token {make.token} \x1b[31mlacks it"}})
    result, _ = written(make, httpx.Response(403, text=body, headers={"X-Request-Id": "req_7"}))
    assert result == Refused(
        403,
        "POST /v1/wallets/allocate answered 403 (request req_7): forbidden: token *** \\x1b[31mlacks it;"
        " use a token with the permission `org:billing`: wallet writes need it",
    )


def test_an_echoed_token_is_not_in_what_is_told_of_a_wrong_confirmation(make: Any) -> None:
    result, _ = written(make, httpx.Response(200, text=CONFIRMED.replace("allocate", make.token)))
    assert isinstance(result, Lost)
    assert make.token not in result.reason


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "0.5"}, 0.5),
        ({"Retry-After": "Wed, 17 Jun 2026 10:00:30 GMT", "Date": "Wed, 17 Jun 2026 10:00:00 GMT"}, 30),
        ({"Retry-After": "Wed, 17 Jun 2026 10:00:30 GMT"}, 40),
        ({"Retry-After": "Wed, 17 Jun 2026 10:00:30 -0000"}, 40),
        ({"Retry-After": "Wed, 17 Jun 2020 10:00:30 GMT"}, 0),
        ({"Retry-After": "9" * 400}, 3600),
        ({"Retry-After": "soon"}, 1),
        ({}, 1),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers: dict[str, str], seconds: float) -> None:
    now = datetime(2026, 6, 17, 9, 59, 50, tzinfo=UTC)
    assert retry_after(httpx.Headers(headers), now=now) == seconds


def test_a_rate_limit_without_a_clock_counts_from_the_present(make: Any) -> None:
    result, _ = written(make, httpx.Response(429, headers={"Retry-After": "Wed, 17 Jun 2020 10:00:30 GMT"}))
    assert result == RateLimited(0)


BUDGET = {
    "scope_type": "team",
    "scope_id": "team_support",
    "name": "support-monthly",
    "amount": "12500.00",
    "currency": "USD",
    "period": "monthly",
    "alert_percentages": [80, 100],
    "hard_limit": False,
}


def test_billing_budgets_are_sent_in_the_wires_own_form_with_unknown_keys_as_they_were_read(make: Any) -> None:
    recorder = Recorder(httpx.Response(201, text='{"id": "bud_1"}'))
    with Writer(make.fast(paths={"billing_budgets": "/v2/alerts"}), transport=httpx.MockTransport(recorder)) as writer:
        assert writer.create(BILLING_BUDGETS, BUDGET) == Written("bud_1")
        read = {
            "scope": {"type": "team", "id": "team_old", "tier": 3},
            "amount": Decimal("1.00"),
            "ratio": Decimal("0.10"),
        }
        assert writer.replace(BILLING_BUDGETS, "bud/1", {**read, **BUDGET}) == Written("bud/1")
        assert writer.delete(BILLING_BUDGETS, "..") == Written("..")
    created, replaced, deleted = recorder.seen
    assert created.content.decode() == (
        '{"name":"support-monthly","amount":12500.00,"currency":"USD","period":"monthly",'
        '"alert_percentages":[80,100],"hard_limit":false,"scope":{"type":"team","id":"team_support"}}'
    )
    assert (replaced.method, replaced.url.raw_path) == ("PUT", b"/v2/alerts/bud%2F1")
    sent = json.loads(replaced.content, parse_float=str)
    assert (sent["scope"], sent["ratio"]) == ({"type": "team", "id": "team_support", "tier": 3}, "0.10")
    assert (deleted.method, deleted.content) == ("DELETE", b"")
    assert deleted.url.raw_path == b"/v2/alerts/%2E%2E"


def test_export_schedules_are_sent_in_the_wires_own_form(make: Any) -> None:
    recorder = Recorder(httpx.Response(200, text='{"schedule": {"id": "sch_1"}}'))
    document = {"name": "weekly", "s3": {"bucket": "b", "prefix": "p/"}, "enabled": True}
    with Writer(make.fast(), transport=httpx.MockTransport(recorder)) as writer:
        assert writer.create(EXPORT_SCHEDULES, document) == Written("sch_1")
        assert writer.replace(EXPORT_SCHEDULES, "sch_1", {**document, "s3_bucket": "old"}) == Written("sch_1")
        assert writer.delete(EXPORT_SCHEDULES, "sch_1") == Written("sch_1")
    assert [(request.method, request.url.path) for request in recorder.seen] == [
        ("POST", "/v1/exports/schedules"),
        ("PUT", "/v1/exports/schedules/sch_1"),
        ("DELETE", "/v1/exports/schedules/sch_1"),
    ]
    assert json.loads(recorder.seen[1].content) == {
        "name": "weekly",
        "enabled": True,
        "s3_bucket": "b",
        "s3_prefix": "p/",
    }


@pytest.mark.parametrize(
    ("status", "text", "expected"),
    [(204, "", Written("bud_1")), (200, "<html>", None), (200, "{}", Written("bud_1")), (404, "", None)],
)
def test_a_replacement_needs_no_body_but_not_a_wrong_one(
    make: Any, status: int, text: str, expected: WriteResult | None
) -> None:
    with Writer(make.fast(), transport=httpx.MockTransport(Recorder(httpx.Response(status, text=text)))) as writer:
        result = writer.replace(BILLING_BUDGETS, "bud_1", BUDGET)
    assert result == expected or (expected is None and isinstance(result, Lost | Refused))


def test_a_refused_connection_was_not_sent(make: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with Writer(make.fast(f"http://127.0.0.1:{port}")) as writer:
        assert isinstance(allocate(writer), NotSent)


def cut(connection: socket.socket, request: str) -> None:
    connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 400\r\n\r\n{")
    connection.shutdown(socket.SHUT_RDWR)


def reset(connection: socket.socket, request: str) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    connection.close()


def silence(connection: socket.socket, request: str) -> None:
    """Read the request and never answer."""


def not_http(connection: socket.socket, request: str) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")
    connection.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("answer", [cut, reset, silence, not_http])
def test_a_lost_answer_of_a_real_server_is_lost_and_nothing_is_sent_again(make: Any, serve: Any, answer: Any) -> None:
    with serve(answer) as server, Writer(make.fast(server.url, read_timeout=0.2)) as writer:
        assert isinstance(allocate(writer), Lost)
    assert len(server.requests) == 1


def test_a_connection_that_closed_between_two_writes_is_opened_again(make: Any, serve: Any) -> None:
    def once(connection: socket.socket, request: str) -> None:
        connection.sendall(make.reply(CONFIRMED, status="201 Created", headers={"Connection": "close"}))
        connection.shutdown(socket.SHUT_WR)

    with serve(once) as server, Writer(make.fast(server.url)) as writer:
        assert isinstance(allocate(writer), Written)
        assert isinstance(allocate(writer), Written)
    assert (len(server.requests), server.connections) == (2, 2)


def test_a_second_answer_to_one_write_does_not_confirm_the_next_one(make: Any, serve: Any) -> None:
    refusal = make.reply('{"error": {"message": "no"}}', status="409 Conflict")
    answers = [make.reply(CONFIRMED) + make.reply(CONFIRMED), refusal]

    def answer(connection: Any, request: str) -> None:
        connection.sendall(answers.pop(0))

    with serve(answer) as server, Writer(make.fast(server.url)) as writer:
        first, second = (
            writer.allocate(
                WalletRef.team("team_support"), Money(Decimal(1500), "USD"), description="d", operation=operation
            )
            for operation in ("a", "b")
        )
    assert (type(first), type(second)) == (Written, Refused)
    assert server.connections == 2


def test_a_redirected_write_is_not_followed(make: Any, serve: Any) -> None:
    with serve(lambda connection, _: connection.sendall(make.reply(CONFIRMED))) as elsewhere:

        def redirect(connection: socket.socket, request: str) -> None:
            connection.sendall(make.reply("", status="307 Moved", headers={"Location": elsewhere.url}))

        with serve(redirect) as server, Writer(make.fast(server.url)) as writer:
            assert isinstance(allocate(writer), Lost)
    assert elsewhere.requests == []


def test_a_write_that_is_redirected_to_what_is_no_address_is_lost(make: Any, serve: Any) -> None:
    def redirect(connection: socket.socket, request: str) -> None:
        connection.sendall(make.reply("", status="302 Moved", headers={"Location": "javascript:alert(1)"}))

    with serve(redirect) as server, Writer(make.fast(server.url)) as writer:
        assert isinstance(allocate(writer), Lost)
    assert len(server.requests) == 1
