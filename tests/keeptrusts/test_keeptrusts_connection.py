"""Settings of a connection, exact numbers, fields, and errors as text."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from reconciler.findings import RemoteError, UnauthorizedError, UnreadableError, UsageError
from reconciler.http.failures import shown
from reconciler.keeptrusts import exact_json
from reconciler.keeptrusts.connection import Connection
from reconciler.keeptrusts.failures import error_of, permission_hint
from reconciler.keeptrusts.fields import Item
from reconciler.keeptrusts.ledger import ledger_entry, segment
from reconciler.keeptrusts.wallets import wallet_row
from reconciler.model.kinds.billing_budget import BILLING_BUDGETS
from reconciler.model.kinds.export_schedule import EXPORT_SCHEDULES


def test_a_connection_shows_everything_but_its_token() -> None:
    connection = Connection(base_url=" https://api.keeptrusts.test/base/ ", token=" kt_abc/1+2 \n")
    assert "kt_abc" not in repr(connection)
    assert connection.url("/v1/teams") == "https://api.keeptrusts.test/base/v1/teams"
    assert connection.authorization == {"Authorization": "Bearer kt_abc/1+2"}
    assert connection.redact("kt_abc/1+2 kt_abc%2F1%2B2 kt_abc/1%2B2") == "*** *** ***"
    assert (connection.origin, connection.host) == ("https://api.keeptrusts.test:443", "api.keeptrusts.test")
    assert connection == Connection(base_url="https://api.keeptrusts.test/base", token=SecretStr("kt_abc/1+2"))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.keeptrusts.test",
        "ftp://x",
        "https://",
        "https://u:p@x",
        "https://x?a=1",
        "https://x#a",
        "https://x:99999",
    ],
)
def test_an_address_that_cannot_be_one_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        Connection(base_url=url, token="t")
    assert "KEEPTRUSTS_API_URL" in caught.value.hint


def test_plain_http_is_for_this_machine_unless_it_is_allowed() -> None:
    for host in ("127.0.0.1:80", "localhost", "[::1]:8080", "127.8.8.8"):
        assert Connection(base_url=f"http://{host}", token="t").trusts_environment is False
    for host in ("keeptrusts.internal", "10.0.0.1", "localhost.evil.test"):
        with pytest.raises(UsageError, match="plain http"):
            Connection(base_url=f"http://{host}", token="t")
        assert Connection(base_url=f"http://{host}", token="t", allow_plain_http=True).trusts_environment


@pytest.mark.parametrize("token", ["", " \n", "a b", "a\nb", "kt_ü", "a\x00b"])
def test_a_token_that_cannot_be_one_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(UnauthorizedError) as caught:
        Connection(base_url="https://x", token=token)
    assert "kt_" not in caught.value.message
    assert "KEEPTRUSTS_API_TOKEN" in caught.value.hint


@pytest.mark.parametrize(
    "path", ["", "v1/b", "//evil.test/b", "/v1/../b", "/v1/b?x", "/v1/wallets/credit", "/a b", "/@x"]
)
def test_a_path_of_billing_budgets_that_leads_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match="billing budgets"):
        Connection(base_url="https://x", token="t", paths={"billing_budgets": path})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text() | st.decimals(-(10**15), 10**15, places=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(value=json_values)
def test_what_is_written_is_read_back_exactly(value: Any) -> None:
    text = exact_json.encode(value)
    json.loads(text)
    assert exact_json.decode(text.encode("utf-8", "surrogatepass")) == value


@pytest.mark.parametrize("value", [1.5, {1: 2}, object(), [b""], {"a": {"b": 0.1}}])
def test_what_has_no_exact_form_is_not_written(value: Any) -> None:
    with pytest.raises(TypeError):
        exact_json.encode(value)


def test_a_number_beyond_all_bounds_is_no_json() -> None:
    with pytest.raises(ValueError, match="beyond all bounds"):
        exact_json.decode(b"1e99999999999999999999")


@pytest.mark.parametrize("value", ["NaN", "Infinity"])
def test_no_infinity_is_written(value: str) -> None:
    with pytest.raises(ValueError, match="no place"):
        exact_json.encode([Decimal(value)])


def amount(text: str) -> Decimal:
    return Item("GET /v1/x", exact_json.decode(f'{{"amount": {text}}}'.encode())).amount("amount")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1500", "1500"),
        ("1500.0", "1500"),
        ('"1500.00"', "1500"),
        ("1.5e3", "1500"),
        ("-0.000001", "-0.000001"),
        ("12345678901234.56", "12345678901234.56"),
        ("9119.999999999998", "9120"),
        ("1e-400", "0"),
    ],
)
def test_an_amount_is_read_exactly_and_noise_beyond_a_billionth_is_dropped(text: str, value: str) -> None:
    assert amount(text) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    ["true", "null", '""', '"1,500.00"', '"NaN"', '"1_0"', '"١"', "[]", "{}", "1e15", "1e999999999", '"1e9999"', '" "'],
)
def test_what_is_no_amount_is_refused_by_name(text: str) -> None:
    with pytest.raises(UnreadableError, match="GET /v1/x: `amount` is"):
        amount(text)


def test_a_flag_may_be_missing() -> None:
    assert Item("x", {}).flag("enabled", default=True)


@pytest.mark.parametrize(
    "text",
    [
        "2026-06-18T09:00:00Z",
        "2026-06-18t09:00:00z",
        "2026-06-18T11:00:00+02:00",
        "2026-06-18 09:00:00.000000000Z",
        "2026-06-18T09:00:00",
    ],
)
def test_an_instant_is_read_in_every_form_of_rfc_3339(text: str) -> None:
    assert Item("x", {"created_at": text}).instant("created_at") == datetime(2026, 6, 18, 9, tzinfo=UTC)


@pytest.mark.parametrize("value", ["yesterday", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+10:00", None, True, ""])
def test_what_is_no_instant_is_refused(value: Any) -> None:
    with pytest.raises(UnreadableError, match="created_at"):
        Item("x", {"created_at": value}).instant("created_at")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": None}, "id"),
        ({"id": ["a"]}, "id"),
        ({"scope": ""}, "scope"),
        ({"scope_id": None}, "scope_id"),
        ({"currency": "dollars"}, "currency"),
        ({"currency": None}, "currency"),
        ({"balance": None}, "balance"),
        ({"reserved": "some"}, "reserved"),
    ],
)
def test_a_wallet_with_a_field_missing_or_wrong_is_refused_by_name(
    make: Any, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(UnreadableError, match=f"`{field}`"):
        wallet_row(Item("GET /v1/wallets, page 1, item 1", {**make.wallet("w", "team", "t", "1"), **changes}))


def test_a_wallet_without_reservations_has_all_of_its_balance(make: Any) -> None:
    row = wallet_row(Item("x", {**make.wallet("w", "Team", "t", "-5"), "reserved": None, "total_spent": None}))
    assert (row.reserved, row.spent, row.available.amount) == (Decimal(0),) * 3


@pytest.mark.parametrize(
    ("changes", "field"), [({"type": None}, "type"), ({"amount": None}, "amount"), ({"currency": "EUR"}, "currency")]
)
def test_a_transaction_with_a_field_missing_or_another_currency_is_refused(
    make: Any, changes: dict[str, Any], field: str
) -> None:
    entry = {**make.transaction("txn_1", "allocate", "1"), **changes}
    with pytest.raises(UnreadableError, match=rf"\(txn_1\): `{field}`"):
        ledger_entry(Item("x", entry), currency="USD", description_field="description", types={})


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"scope": {"type": "team"}}, "id"),
        ({"alert_percentages": 80}, "alert_percentages"),
        ({"alert_percentages": [80, "x"]}, "alert_percentages"),
        ({"hard_limit": "no"}, "hard_limit"),
        ({"name": ""}, "name"),
    ],
)
def test_a_billing_budget_that_is_not_understood_is_refused_by_name(make: Any, changes: Any, field: str) -> None:
    with pytest.raises(UnreadableError, match=f"`{field}`"):
        BILLING_BUDGETS.read(Item("x", {**make.billing_budget("b", "n"), **changes}), organization="o")


def test_alert_percentages_are_a_set_of_whole_numbers_however_they_are_written(make: Any) -> None:
    document = make.billing_budget("b", "n", alert_percentages=[100, Decimal("80.0"), "80"])
    found = BILLING_BUDGETS.read(Item("x", document), organization="o")
    assert found.alert_percentages == (80, 100)
    bare = BILLING_BUDGETS.read(Item("x", {**document, "alert_percentages": None}), organization="o")
    assert bare.alert_percentages == ()


def test_a_schedule_is_read_and_written_with_nested_and_with_flat_targets(make: Any) -> None:
    flat = make.schedule("s", "weekly", type="EVENTS", window="7D", s3_prefix=None)
    nested = {**flat, "s3_bucket": None, "s3": {"bucket": "finops", "prefix": ""}}
    assert EXPORT_SCHEDULES.read(Item("x", flat), organization="o") == EXPORT_SCHEDULES.read(
        Item("x", nested), organization="o"
    )
    assert EXPORT_SCHEDULES.body({"s3_bucket": "b"}) == {"s3_bucket": "b"}
    assert BILLING_BUDGETS.body({"scope": {"type": "team", "id": "t"}, "amount": 1}) == {
        "scope": {"type": "team", "id": "t"},
        "amount": Decimal(1),
    }


def test_what_yaml_could_not_declare_is_read_as_it_is(make: Any) -> None:
    document = make.schedule("s", "odd", window="sometimes", format="xlsx", s3_bucket=None)
    schedule = EXPORT_SCHEDULES.read(Item("x", document), organization="o")
    assert (schedule.window, schedule.s3.bucket) == ("sometimes", "")
    scope = {"type": "galaxy", "id": "g"}
    budget = BILLING_BUDGETS.read(
        Item("x", make.billing_budget("b", "n", scope=scope, period="yearly")), organization="o"
    )
    assert (budget.scope_type, budget.period) == ("galaxy", "yearly")


def test_a_whole_number_may_be_missing_but_not_wrong() -> None:
    assert Item("x", {}).whole("requests", default=3) == 3
    with pytest.raises(UnreadableError, match="`requests` is no whole number"):
        Item("x", {"requests": "many"}).whole("requests", default=0)


@pytest.mark.parametrize(
    ("id", "path"), [("wal_1", "wal_1"), ("a/b?c#d", "a%2Fb%3Fc%23d"), ("..", "%2E%2E"), ("a.b", "a.b")]
)
def test_an_id_is_one_segment_of_a_path(id: str, path: str) -> None:
    assert segment(id) == path


def test_text_of_a_server_is_shown_on_one_line_bounded_and_without_control_characters() -> None:
    assert shown("a\r\n\tb \x1b[31m\u202ec") == "a b \\x1b[31m\\u202ec"
    assert shown("x" * 400) == "x" * 299 + "…"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"error": {"code": "c", "message": "m"}}', ": c: m"),
        ('{"error": {"message": "m"}}', ": m"),
        ('{"error": "m"}', ": m"),
        ('{"error": "bad", "message": "m", "code": "c"}', ": c: m"),
        ('{"detail": "m"}', ": m"),
        ('{"error": {"code": 5}}', ': {"error": {"code": 5}}'),
        ("[1]", ": [1]"),
        ("plain\x00", ": plain\\x00"),
        ("", ""),
        (b"\xff", ": \N{REPLACEMENT CHARACTER}"),
    ],
)
def test_what_an_error_says_is_found_in_any_form(make: Any, body: str | bytes, said: str) -> None:
    answer = httpx.Response(418)
    error = error_of(make.fast(), "GET", "/v1/x", answer, body if isinstance(body, bytes) else body.encode())
    assert error.message == f"GET /v1/x answered 418{said}"


@pytest.mark.parametrize(
    ("status", "path", "cure"),
    [
        (401, "/v1/x", "KEEPTRUSTS_API_TOKEN"),
        (403, "/v1/wallets", "membership"),
        (403, "/v1/exports/jobs", "permissions cover GET /v1/exports/jobs"),
        (404, "/v1/billing/budgets", "billing_budgets_path"),
        (404, "/v1/wallets", "https://api.keeptrusts.test"),
        (429, "/v1/wallets", "later"),
        (503, "/v1/wallets", "later"),
    ],
)
def test_every_error_has_its_cure(make: Any, status: int, path: str, cure: str) -> None:
    error = error_of(make.fast(), "GET", path, httpx.Response(status, headers={"CF-Ray": "r1"}), b"")
    assert isinstance(error, RemoteError)
    assert cure in error.hint
    assert "(request r1)" in error.message


def test_a_write_of_wallets_needs_its_own_permission() -> None:
    assert "org:billing" in permission_hint("POST", "/v1/wallets/allocate")
    assert "org:billing" in permission_hint("PUT", "/v1/billing/budgets/b1")
    for harmless in (("GET", "/v1/auth/whoami"), ("GET", "/v1/billing/budgets"), ("POST", "/v1/exports/jobs")):
        assert "org:billing" not in permission_hint(*harmless)
