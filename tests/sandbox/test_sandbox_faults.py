"""Every fault, seen by a real httpx client and in the ledger; over a socket and without one."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from forked_from import forks
from in_process import InProcess
from loopback import client_of

from reconciler.cli.sandbox import faults_guide
from reconciler.findings import UsageError
from reconciler.sandbox.engine import Arrival, Engine
from reconciler.sandbox.faults import Faults, load_faults, parse_faults
from reconciler.sandbox.server import running
from reconciler.sandbox.store import Store

Serve = Callable[..., httpx.Client]
ALLOCATE = "/v1/wallets/allocate"


@pytest.fixture(params=["socket", "in process"])
def start(request: pytest.FixtureRequest, serve: Serve, direct: Serve, empty: Store) -> Callable[..., httpx.Client]:
    """Start the store with fault rules and return a client whose timeout is short."""

    def with_rules(*rules: dict[str, Any]) -> httpx.Client:
        faults = parse_faults(list(rules))
        if request.param == "socket":
            return serve(empty, timeout=0.25, faults=faults)
        return direct(empty, faults=faults)

    return with_rules


def allocate(client: httpx.Client, amount: float = 10, **more: Any) -> httpx.Response:
    return client.post(ALLOCATE, json={"team_id": "team_support", "amount": amount, "description": "for June", **more})


def funded(store: Store) -> Decimal:
    return store.funded("team_support", "2026-06")


Start = Callable[..., httpx.Client]


@pytest.mark.parametrize(("when", "moved"), [("before", 0), ("after", 10)])
def test_a_dropped_connection_leaves_the_outcome_open(start: Start, empty: Store, when: str, moved: int) -> None:
    client = start({"fault": "drop", "when": when, "method": "POST", "nth": 1})

    with pytest.raises(httpx.RemoteProtocolError, match="disconnected without sending a response"):
        allocate(client)

    assert funded(empty) == moved
    assert [write.status for write in empty.moves()] == [None]
    assert allocate(client).status_code == 201


@pytest.mark.parametrize(("when", "moved"), [("before", 0), ("after", 10)])
def test_an_error_may_come_before_or_after_the_write(start: Start, empty: Store, when: str, moved: int) -> None:
    answer = allocate(start({"fault": "error", "when": when, "status": 503}))

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "injected")
    assert funded(empty) == moved


@pytest.mark.parametrize(("when", "moved"), [("before", 0), ("after", 10)])
def test_a_hang_runs_into_the_clients_timeout(start: Start, empty: Store, when: str, moved: int) -> None:
    client = start({"fault": "hang", "when": when, "seconds": 20, "nth": 1})

    with pytest.raises(httpx.ReadTimeout):
        allocate(client)

    assert funded(empty) == moved
    assert client.get("/v1/teams").status_code == 200


def test_a_hang_that_ends_first_closes_the_connection(empty: Store, serve: Serve) -> None:
    client = serve(empty, faults=parse_faults([{"fault": "hang", "when": "after", "seconds": 0.01}]))

    with pytest.raises(httpx.RemoteProtocolError):
        allocate(client)

    assert funded(empty) == 10


def test_a_garbled_answer_is_no_json_but_the_write_happened(start: Start, empty: Store) -> None:
    answer = allocate(start({"fault": "garble", "text": "<html>"}))

    assert (answer.status_code, answer.text) == (200, "<html>")
    assert funded(empty) == 10


@pytest.mark.parametrize("status", [202, 500])
def test_a_delayed_write_is_executed_requests_later(start: Start, empty: Store, status: int) -> None:
    client = start({"fault": "delay", "answer": status, "requests": 2, "nth": 1})

    assert allocate(client).status_code == status

    assert funded(empty) == 0
    client.get("/v1/teams")
    assert funded(empty) == 0
    client.get("/v1/teams")
    assert funded(empty) == 10


@pytest.mark.parametrize(("answer", "error"), [("drop", httpx.RemoteProtocolError), ("hang", httpx.ReadTimeout)])
def test_a_delayed_write_may_also_get_no_answer(
    start: Start, empty: Store, answer: str, error: type[Exception]
) -> None:
    client = start({"fault": "delay", "answer": answer, "requests": 1, "nth": 1})

    with pytest.raises(error):
        allocate(client)

    assert funded(empty) == 0
    client.get("/v1/teams")
    assert funded(empty) == 10


def test_a_write_delayed_by_seconds_waits_for_the_clock() -> None:
    now = 100.0
    engine: Engine[str] = Engine(parse_faults([{"fault": "delay", "seconds": 5}]), now=lambda: now)
    firing = engine.arrive(Arrival("POST", ALLOCATE, {}, {}))
    engine.delay(firing.answer, "write")  # type: ignore[arg-type]

    assert list(engine.due()) == []
    now = 105.0
    assert list(engine.due()) == ["write"]
    assert list(engine.due()) == []


def test_delayed_writes_can_be_flushed(empty: Store) -> None:
    faults = parse_faults([{"fault": "delay", "requests": 1000, "route": ALLOCATE}])
    with InProcess(empty, faults=faults) as transport, transport.client() as client:
        allocate(client)
        assert funded(empty) == 0

        transport.flush()
        transport.flush()

        assert funded(empty) == 10


@pytest.mark.parametrize("later", [3, "Wed, 21 Oct 2026 07:28:00 GMT", None], ids=str)
def test_a_rate_limit_executes_nothing_and_says_when(start: Start, empty: Store, later: Any) -> None:
    answer = allocate(start({"fault": "rate_limit", "retry_after": later, "nth": 1}))

    assert (answer.status_code, answer.headers.get("retry-after")) == (429, None if later is None else str(later))
    assert funded(empty) == 0


def test_a_duplicate_delivery_is_executed_twice_and_answered_once(start: Start, empty: Store) -> None:
    answer = allocate(start({"fault": "duplicate", "nth": 1}))

    assert answer.json()["wallet"]["balance"] == 10
    assert funded(empty) == 20
    assert len(empty.moves()) == 1


def ledger_of(client: httpx.Client, store: Store, **params: Any) -> list[dict[str, Any]]:
    wallet = store.wallets.of("team", "team_support")[0].id
    document = client.get(f"/v1/wallets/{wallet}/transactions", params=params).json()
    return list(document["data"])


def test_a_slow_ledger_shows_new_entries_after_some_readings(start: Start, empty: Store) -> None:
    empty.wallets.allocate("team_support", 5 * 10**6)
    client = start({"fault": "slow_ledger", "reads": 2, "route": ALLOCATE, "nth": 1})
    allocate(client)

    counts = [len(ledger_of(client, empty)) for _ in range(4)]

    assert counts == [1, 1, 2, 2]
    assert empty.balance("team_support") == 15


def test_later_pages_of_one_reading_hide_the_same_entries(start: Start, empty: Store) -> None:
    for _ in range(3):
        empty.wallets.allocate("team_support", 10**6)
    client = start({"fault": "slow_ledger", "reads": 1, "route": ALLOCATE, "nth": 1})
    allocate(client)
    wallet = empty.wallets.of("team", "team_support")[0].id

    seen, cursor = 0, None
    while True:
        params = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        document = client.get(f"/v1/wallets/{wallet}/transactions", params=params).json()
        seen, cursor = seen + len(document["data"]), document["next_cursor"]
        if cursor is None:
            break

    assert seen == 3


def test_a_ledger_slow_by_seconds_waits_for_the_clock(empty: Store) -> None:
    now = 0.0
    engine: Engine[str] = Engine(parse_faults([{"fault": "slow_ledger", "seconds": 5}]), now=lambda: now)
    empty.wallets.allocate("team_support", 10**6)
    (entry,) = [entry for entry in empty.wallets.since(0) if entry.kind == "allocate"][:1]
    slow = engine.arrive(Arrival("POST", ALLOCATE, {}, {})).slow
    assert slow is not None

    engine.hide(slow, [entry])

    assert engine.reading(entry.wallet, first_page=True) == (entry.seq,)
    now = 5.0
    assert engine.reading(entry.wallet, first_page=True) == ()


@pytest.mark.parametrize(("keep", "left"), [(0, ""), (3, "for")])
def test_descriptions_may_be_stripped_or_shortened(start: Start, empty: Store, keep: int, left: str) -> None:
    client = start({"fault": "description", "keep": keep})

    answer = allocate(client, note="a note as well")

    assert answer.json()["transaction"]["description"] == left
    assert [entry.description for entry in empty.ledger("team_support")] == [left]
    assert [client.post(ALLOCATE, content=body).status_code for body in (b"[1]", b"{")] == [400, 400]


def test_a_growing_ledger_shows_entries_again_when_pages_shift(start: Start, empty: Store) -> None:
    for _ in range(4):
        empty.wallets.allocate("team_support", 10**6)
    client = start({"fault": "grow", "shifting": True, "amount": 0.5})
    wallet = empty.wallets.of("team", "team_support")[0].id

    ids: list[str] = []
    cursor: str | None = "0"
    while cursor is not None:
        document = client.get(f"/v1/wallets/{wallet}/transactions", params={"limit": 2, "cursor": cursor}).json()
        ids, cursor = ids + [item["id"] for item in document["data"]], document["next_cursor"]

    assert len(ids) > len(set(ids))
    assert client.get(f"/v1/wallets/{wallet}/transactions", params={"cursor": "x"}).status_code == 422


def test_a_ledger_grows_by_stable_pages_until_its_money_is_spent(start: Start, empty: Store) -> None:
    empty.wallets.allocate("team_support", 10**6)
    client = start({"fault": "grow", "amount": 0.4})

    assert [len(ledger_of(client, empty)) for _ in range(4)] == [2, 3, 3, 3]
    assert client.get("/v1/wallets/wal_none/transactions").status_code == 404


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_admin_moves_money_by_hand_meanwhile(start: Start, empty: Store, when: str) -> None:
    by_hand = {"fault": "admin", "when": when, "method": "POST", "route": ALLOCATE}
    client = start(
        {**by_hand, "team_id": "team_support", "amount": 500, "nth": 1},
        {**by_hand, "action": "reclaim", "team_id": "team_support", "amount": 100, "nth": 2},
        {**by_hand, "action": "credit", "amount": 7.5, "nth": 3},
        {**by_hand, "action": "reclaim", "team_id": "team_finance", "amount": 1, "nth": 4},
    )

    for _ in range(4):
        assert allocate(client).status_code == 201

    assert funded(empty) == 440
    assert empty.pool() == Decimal("567.5")
    kinds = [entry.description for entry in empty.ledger("team_support")]
    assert kinds[:2] == (["by hand", "for June"] if when == "before" else ["for June", "by hand"])


def test_an_admin_also_moves_when_the_answer_is_lost(start: Start, empty: Store) -> None:
    client = start(
        {"fault": "drop", "when": "after", "nth": 1},
        {"fault": "admin", "when": "after", "team_id": "team_support", "amount": 5, "nth": 1},
    )

    with pytest.raises(httpx.RemoteProtocolError):
        allocate(client)

    assert funded(empty) == 15


def test_rules_match_by_method_route_and_team_and_fire_by_count() -> None:
    engine: Engine[str] = Engine(
        parse_faults({"faults": [{"fault": "duplicate", "method": "POST", "route": "/v1/wallets/*",
                                  "team": "team_a", "nth": 2, "count": 2}]})
    )  # fmt: skip
    post = Arrival("POST", ALLOCATE, {}, {"team_id": "team_a"})
    others = [
        post._replace(method="PUT"),
        post._replace(path="/v1/teams"),
        post._replace(body={"team_id": "team_b"}),
        post._replace(body=None),
    ]

    fired = [engine.arrive(arrival).duplicate for arrival in [post, *others, post, post, post]]

    assert fired == [False] * 5 + [True, True, False]
    assert Arrival("GET", "/v1/wallets/balance", {"team_id": "team_a"}, None).team == "team_a"


def test_probabilities_repeat_with_their_seed() -> None:
    def drawn(seed: int) -> list[bool]:
        rule = {"fault": "duplicate", "probability": 0.5, "seed": seed}
        engine: Engine[str] = Engine(parse_faults([rule]))
        return [engine.arrive(Arrival("POST", ALLOCATE, {}, None)).duplicate for _ in range(50)]

    assert drawn(1) == drawn(1) != drawn(2)
    assert 10 < sum(drawn(1)) < 40


def test_the_first_answering_rule_wins_and_others_apply_beside_it(start: Start, empty: Store) -> None:
    answer = allocate(
        start(
            {"fault": "error", "when": "after", "status": 500},
            {"fault": "rate_limit"},
            {"fault": "duplicate"},
            {"fault": "description", "keep": 1},
        )
    )

    assert answer.status_code == 500
    assert [entry.description for entry in empty.ledger("team_support")] == ["f", "f"]


EXAMPLE = """
faults:
  - {fault: drop, when: after, route: /v1/wallets/allocate, nth: 2}
  - {fault: admin, when: before, amount: 500.10, team_id: team_a, method: POST}
"""


def test_a_file_of_faults_is_yaml_or_json(tmp_path: Path) -> None:
    yaml, text = tmp_path / "faults.yaml", tmp_path / "faults.json"
    yaml.write_text(EXAMPLE)
    text.write_text(json.dumps(load_faults(yaml).model_dump(mode="json")["faults"]))

    assert len(load_faults(yaml).faults) == 2
    assert load_faults(text) == load_faults(yaml)
    assert Faults() == parse_faults([])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"faults: [", "cannot be read as YAML"),
        (b"\xff\xfe\xff", "cannot be read as YAML"),
        (b"- {fault: explode}", "faults.0"),
        (b"- {fault: drop}", "faults.0.drop.when"),
        (b"- {fault: delay}", "either `requests` or `seconds`"),
        (b"- {fault: slow_ledger, reads: 1, seconds: 1}", "either `reads` or `seconds`"),
        (b"- {fault: duplicate, often: yes}", "faults.0.duplicate.often"),
        (b"nonsense", "valid"),
    ],
    ids=range(8),
)
def test_a_wrong_file_of_faults_is_a_usage_error(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "faults.yaml"
    path.write_bytes(content)

    with pytest.raises(UsageError, match=r"faults\.yaml") as caught:
        load_faults(path)

    assert message in caught.value.message
    assert "sandbox faults" in caught.value.hint


def test_the_example_in_the_guide_is_valid(tmp_path: Path) -> None:
    from reconciler.sandbox import faults

    guide = faults.__doc__ or ""
    example = guide[guide.index("    faults:\n") : guide.index("A rule *matches*")]
    path = tmp_path / "faults.yaml"
    path.write_text(example)

    assert len(load_faults(path).faults) == 5


def test_the_guide_is_printed_without_the_marks_of_its_source() -> None:
    printed = CliRunner().invoke(faults_guide).output

    assert "an ordered list of rules:\n" in printed
    assert ("::" in printed, "====" in printed) == (False, False)
    assert "\nslow_ledger " in printed


def download(over: str, rules: list[dict[str, Any]]) -> None:
    """Fetch an export's file from an empty organization, then ask for something else."""
    faults = parse_faults(rules)
    with ExitStack() as stack:
        store = stack.enter_context(Store(as_of=date(2026, 6, 18)))
        if over == "socket":
            sandbox = stack.enter_context(running(store=store, faults=faults))
            client = stack.enter_context(client_of(sandbox.url, sandbox.billing_token, timeout=5))
        else:
            client = stack.enter_context(stack.enter_context(InProcess(store, faults=faults)).client())
        window = {"date_from": "2026-06-01", "date_to": "2026-06-17"}
        job = client.post("/v1/exports/jobs", json={"type": "events", "format": "csv", **window}).json()
        path = f"/v1/exports/jobs/{job['id']}"
        while client.get(path).json()["status"] != "completed":
            pass
        file = client.send(httpx.Request("GET", client.get(f"{path}/download").headers["location"]))
        assert (file.status_code, file.text.count("\n")) == (200, 1)
        assert client.get("/v1/auth/whoami").status_code == 200


@pytest.mark.parametrize("rules", [[], [{"fault": "drop", "when": "before", "method": "POST", "route": ALLOCATE}]])
@pytest.mark.parametrize("over", ["socket", "in process"])
def test_a_file_is_sent_under_faults_and_the_next_request_is_answered(over: str, rules: list[dict[str, Any]]) -> None:
    process = forks().Process(target=download, args=(over, rules), daemon=True)
    process.start()
    process.join(60)
    process.kill()

    assert process.exitcode == 0
