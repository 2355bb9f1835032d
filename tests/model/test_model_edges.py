"""Where a value of the model turns into another: cents, months, percentages, keys, and words of refusals."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError
from worlds import billing_budget, desired, entry, live, live_wallet, object_change, wallet

from reconciler.keeptrusts.fields import FieldError, Item
from reconciler.model.change import Change, ObjectChange
from reconciler.model.desired import Desired
from reconciler.model.kinds.billing_budget import BILLING_BUDGETS, why_not_declared
from reconciler.model.kinds.export_schedule import EXPORT_SCHEDULES, ExportSchedule
from reconciler.model.money import in_cents
from reconciler.model.operation import carries
from reconciler.model.override import Relative
from reconciler.model.paging import Paging, read_paging
from reconciler.model.percent import parse_rate
from reconciler.model.period import Period
from reconciler.model.team import TeamBudget
from reconciler.model.unclear import Unclear, Unreadable
from reconciler.model.usage import tells
from reconciler.model.wallet_ref import WalletRef
from reconciler.model.wallet_target import WalletTarget, telling_months
from reconciler.model.yaml_types import number_text, parse_amount, parse_day, parse_ratio

JUNE = Period(2026, 6)


@pytest.mark.parametrize(
    ("amounts", "total", "whole"),
    [
        (["0.333", "0.333", "0.334"], "1.00", ["0.33", "0.33", "0.34"]),
        (["0.005", "0.005"], "0.01", ["0.01", "0.00"]),
        (["-0.005", "0.015"], "0.01", ["0.00", "0.01"]),
        (["0.019", "0.019", "0.002"], "0.04", ["0.02", "0.02", "0.00"]),
        (["0", "0.004", "0.006"], "0.01", ["0.00", "0.00", "0.01"]),
        (["1.00", "2.00"], "3.03", ["1.02", "2.01"]),
        (["1.001", "2.009"], "2.98", ["0.99", "1.99"]),
        (["1.001", "2.009", "0"], "3.00", ["1.00", "2.00", "0.00"]),
        (["1.006", "2.002", "3.004"], "5.99", ["1.00", "1.99", "3.00"]),
        (["1.001", "2.002", "3.003"], "5.98", ["0.99", "1.99", "3.00"]),
        (["1.00", "2.00"], "2.99", ["1.00", "1.99"]),
        (["1.00", "2.00"], "3.00", ["1.00", "2.00"]),
        (["0.00", "0.00"], "0.01", ["0.01", "0.00"]),
    ],
)
def test_cents_that_are_left_go_to_the_largest_remainders(amounts: list[str], total: str, whole: list[str]) -> None:
    found = in_cents(dict(enumerate(map(Decimal, amounts))), Decimal(total))
    assert [str(amount) for amount in found.values()] == whole


def test_half_a_cent_of_a_relative_override_is_rounded_up() -> None:
    assert Relative(Decimal("0.05")).of(Decimal("0.10")) == Decimal("0.11")
    assert Relative(Decimal("0.05")).of(Decimal("0.30")) == Decimal("0.32")


def target(**more: Any) -> WalletTarget:
    return WalletTarget.model_validate({"team_id": "a", "monthly": "1", **more}, by_alias=True, by_name=False)


def refused(value: object) -> tuple[str, str, str]:
    with pytest.raises(ValidationError) as error:
        target(overrides={"2026-06": value})
    (problem,) = error.value.errors()
    return problem["type"], problem["msg"], problem["ctx"]["hint"]


def test_an_override_says_more_or_less_and_not_beyond_ten_times_as_much() -> None:
    assert target(overrides={"2026-06": "+1000%"}).target(JUNE) == Decimal("11.00")
    assert refused("+1000.01%") == (
        "invalid-override",
        "`+1000.01%` is more than ten times as much on top",
        "write a percentage from -100% to +1000%, or the amount",
    )
    assert refused("20 %") == (
        "invalid-override",
        "`20 %` does not say whether the month gets more or less",
        "write `+20%` for more, `-20%` for less, or the amount",
    )


def test_every_amount_is_told_with_the_keys_to_it() -> None:
    steps = [{"amount": 3, "from": "2026-06"}, {"amount": 4, "from": "2026-07"}]
    stepped = target(monthly=steps, overrides={"2026-07": "+50%"})
    assert list(stepped.amounts()) == [
        (("monthly", 0, "amount"), Decimal(3)),
        (("monthly", 1, "amount"), Decimal(4)),
        (("overrides", "2026-07"), Decimal(6)),
    ]
    assert list(target().amounts()) == [(("monthly",), Decimal(1))]


@pytest.mark.parametrize(
    ("monthly", "sentence"),
    [([], "a list of no steps is not an amount"), ({"amount": 1}, "keys with values are not an amount")],
)
def test_what_is_no_step_is_refused_with_how_to_write_one(monthly: object, sentence: str) -> None:
    with pytest.raises(ValidationError) as error:
        target(monthly=monthly)
    (problem,) = error.value.errors()
    hint = "write an amount, or steps such as `[{amount: 12500.00, from: 2026-06}]`"
    assert (problem["type"], problem["msg"], problem["ctx"]["hint"]) == ("invalid-amount", sentence, hint)


def test_a_step_begins_at_from_and_at_nothing_else() -> None:
    with pytest.raises(ValidationError, match="starts"):
        target(monthly=[{"amount": 3, "starts": "2026-06"}])


def test_days_and_factors_are_refused_in_the_words_they_were_written_in() -> None:
    for text in ("20260618", "2026-W25-4"):
        with pytest.raises(ValueError, match=f"`{text}` is not a day"):
            parse_day(text)
    with pytest.raises(ValueError, match="`much` is not a factor above 0"):
        parse_ratio("much")
    with pytest.raises(ValueError, match="`0` is not a factor above 0"):
        parse_ratio(0)
    assert number_text(Decimal("1E+3")) == "1000"


def test_a_mark_that_is_cut_off_ends_where_its_digits_do() -> None:
    op = "2026-06-" + "a" * 20
    cut = f"[kt-budgets op={op[:20]}"
    assert carries(f"[kt-budgets op=other {cut}", op)
    assert carries(f"{cut} …", op)
    assert not carries(f"{cut}X", op)


def test_one_amount_for_all_months_ends_with_none_of_them() -> None:
    assert target().last_alike(JUNE) is None
    steps = [{"amount": 1, "from": "2026-06", "until": "2026-07"}]
    assert target(monthly=steps).last_alike(JUNE) == JUNE.plus(1)
    stepped = target(monthly=steps, overrides={"2026-06": 2})
    assert telling_months([stepped], ()) == {JUNE, JUNE.plus(1), JUNE.plus(2)}


def test_a_month_that_is_none_says_what_was_written_and_what_to_write() -> None:
    def told(text: object) -> tuple[str, str]:
        with pytest.raises(ValidationError) as error:
            TypeAdapter(Period).validate_python(text)
        (problem,) = error.value.errors()
        return problem["msg"], problem["ctx"]["hint"]

    assert told("June; or so") == ("`June; or so` is not a month", "write it as YYYY-MM, such as 2026-06")
    assert told(202606) == ("`202606` is not a month", "write `2026-06`")


def test_a_percentage_with_its_sign_apart_means_one_thing() -> None:
    for text, hint in (("0.5 %", "write `0.5%`"), ("0.5", "write `50%`, or `0.5%` if that is meant")):
        with pytest.raises(ValueError, match="not a percentage") as error:
            parse_rate(text)
        assert error.value.context["hint"] == hint  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "scope", "id"), [("user", "team", "user"), ("user:a:b", "user", "a:b"), ("x:y", "team", "x:y")]
)
def test_a_wallet_is_a_team_s_unless_another_scope_stands_before_it(text: str, scope: str, id: str) -> None:
    found = WalletRef.parse(text)
    assert (found.scope, found.id) == (scope, id)


@pytest.mark.parametrize(
    ("absent", "column", "told"),
    [
        ((), "cost", True),
        (("cost",), "cost", False),
        (("lane",), "lane", True),
        (("lane", "metadata"), "lane", False),
        (("fallback",), "fallback", True),
    ],
)
def test_lanes_and_fallbacks_may_stand_in_the_metadata(absent: tuple[str, ...], column: str, *, told: bool) -> None:
    assert tells(absent, column) is told


@pytest.fixture
def far_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose clock shows the time of Tokyo."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("far_east")
def test_a_day_is_utc_s_wherever_the_machine_is() -> None:
    late = replace(entry("a", "settle", "3"), created_at=datetime(2026, 6, 2, 23, 30, tzinfo=UTC))
    assert live_wallet("w", late).spent_on(date(2026, 6, 2)) == 3


def test_what_may_be_an_object_is_of_its_kind_and_not_there_otherwise() -> None:
    alert = billing_budget("a", "5")
    strange = Unreadable("billing_budget", "bud_9", ("", "", "a"), "why")
    world = replace(live(), unreadable=(replace(strange, kind="export_schedule", parts=("a",)), strange))
    assert world.unclear(BILLING_BUDGETS, alert.key) == (Unclear.unreadable(strange),)
    assert world.unclear(BILLING_BUDGETS, ("team", "t", "b")) == ()
    there = replace(live(budgets=[alert]), unreadable=(strange,))
    assert there.unclear(BILLING_BUDGETS, alert.key) == ()
    assert Unclear.unreadable(strange).how == "as bud_9 in a form that is not understood: why"
    assert Unclear.unreadable(replace(strange, id="")).how == "in a form that is not understood: why"


def full() -> Desired:
    wanted = desired(
        [wallet("sales", "prod", "40"), wallet("support", "prod", "100")],
        [("sales", billing_budget("s", "1")), ("support", billing_budget("t", "2"))],
        [ExportSchedule.model_validate({"name": "w", "cron": "0 6 * * MON", "window": "7d", "s3": {"bucket": "b"}})],
        absent_budgets=[("sales", billing_budget("gone", "1")), ("support", billing_budget("left", "2"))],
    )
    renamed = TeamBudget(version=1, team="desk", previously="support")
    return replace(wanted, teams={**wanted.teams, "desk": renamed}, released=frozenset({"old"}))


def test_what_is_released_is_left_out_by_the_name_it_has_or_had() -> None:
    wanted = full()
    assert wanted.without(()) is wanted
    left = wanted.without(("support",))
    assert list(left.teams) == ["sales"]
    assert [str(key) for key in left.wallets] == ["team_sales"]
    assert [key[-1] for key in left.of(BILLING_BUDGETS)] == ["s"]
    assert [key[-1] for key in left.absent_of(BILLING_BUDGETS)] == ["gone"]
    assert left.released == {"old", "support", "desk"}


def test_what_holds_for_the_organization_alone_is_of_no_team() -> None:
    general = full().without_teams()
    assert (general.teams, general.wallets, general.absent) == ({}, {}, {})
    assert [len(objects) for objects in general.objects.values()] == [0, 1]


def read(**fields: Any) -> Any:
    document = {"name": "a", "amount": 5, "currency": "usd", "alert_percentages": [80], **fields}
    return BILLING_BUDGETS.read(Item("GET", document), organization="org_acme")


def test_an_alert_is_read_in_every_spelling_of_its_scope() -> None:
    usual = billing_budget("a", "5", scope_id="t", alert_percentages=(80,))
    assert read(scope={"type": "team", "id": "t"}) == usual
    assert read(scope={"scope_type": "Team", "scope_id": "t"}) == usual
    assert read(scope={"scope": "team", "id": "t"}) == usual
    assert read(scope_type="team", scope_id="t") == usual
    assert read(scope="team", scope_id="t", id="bud_1") == usual
    assert read(scope={"type": "team", "id": "t"}, period="Weekly").period == "weekly"
    assert read(scope_type="organization").scope_id == "org_acme"
    with pytest.raises(FieldError, match="`id` is missing"):
        read(scope={"type": "team"})


def partial(**fields: Any) -> Any:
    return BILLING_BUDGETS.partial_key(Item("GET", {"name": "a", **fields}))


def test_of_an_alert_that_cannot_be_read_as_much_of_its_key_is_known_as_is_there() -> None:
    assert partial(scope={"type": "Team", "id": "t"}) == ("team", "t", "a")
    assert partial(scope={"scope_type": "team", "scope_id": "t"}) == ("team", "t", "a")
    assert partial(scope={"scope": "team", "id": "t"}) == ("team", "t", "a")
    assert partial(scope_type="team", scope_id="t", id="bud_1") == ("team", "t", "a")
    assert partial(scope="team", scope_id="t") == ("team", "t", "a")
    assert partial() == ("", "", "a")
    assert EXPORT_SCHEDULES.partial_key(Item("GET", {"name": "w"})) == ("w",)


@pytest.mark.parametrize(("written", "found"), [("80", 80), ("80.0", 80), ("82.50", Decimal("82.5"))])
def test_a_percentage_of_an_alert_is_whole_where_it_is(written: str, found: object) -> None:
    (percentage,) = read(scope_type="team", scope_id="t", alert_percentages=[Decimal(written)]).alert_percentages
    assert (type(percentage), str(percentage)) == (type(found), str(found))


def test_an_alert_keeps_what_else_is_said_of_it_and_its_amount_exactly() -> None:
    item = Item("GET", {"name": "a", "amount": "5.10", "note": "kept"})
    kept = BILLING_BUDGETS.kept(item, billing_budget("a", "5"))
    assert kept == {"name": "a", "amount": Decimal("5.10"), "note": "kept"}
    assert isinstance(kept["amount"], Decimal)


def test_an_alert_that_was_renamed_is_known_by_what_it_was_called() -> None:
    alerts = [
        {"name": "new", "previously": "old", "amount": 1, "alert_percentages": [80]},
        {"name": "x", "amount": 1, "alert_percentages": [80]},
    ]
    wallets = {"prod": {"team_id": "t", "monthly": 1}}
    team = TeamBudget.model_validate({"version": 1, "team": "t", "wallets": wallets, "billing_budgets": alerts})
    found = [BILLING_BUDGETS.declared(setting, team, currency="USD") for setting in team.billing_budgets]
    assert [owned and owned.previously for owned in found] == [("team", "t", "old"), None]


def test_what_no_yaml_can_say_of_an_alert_is_named() -> None:
    strange = billing_budget("a", "5").model_copy(update={"period": "fortnight", "currency": "EUR"})
    assert why_not_declared(strange, "USD") == "YAML cannot declare it is in EUR and its period fortnight"
    assert why_not_declared(billing_budget("a", "5"), "USD") == ""


def test_a_schedule_is_read_with_what_stands_where_nothing_is_said() -> None:
    def schedule(**fields: Any) -> ExportSchedule:
        return EXPORT_SCHEDULES.read(Item("GET", {"name": "w", **fields}), organization="o")

    bare = schedule(s3_bucket="b", s3_prefix="p")
    assert bare == schedule(s3={"bucket": "b", "prefix": "p"}) == schedule(bucket="b", prefix="p")
    assert (bare.type, bare.format, bare.enabled, bare.s3.bucket, bare.s3.prefix) == ("events", "json", True, "b", "p")
    other = schedule(s3={"bucket": "b"}, type="Traces", format="CSV", enabled=False)
    assert (other.type, other.format, other.enabled) == ("traces", "csv", False)
    strange = schedule(s3={"bucket": "b"}, type="of tomorrow")
    odd = strange.model_copy(update={"enabled": "sometimes"})
    assert (EXPORT_SCHEDULES.document(odd)["type"], EXPORT_SCHEDULES.document(odd)["enabled"]) == (
        "of tomorrow",
        "sometimes",
    )


def test_what_is_no_change_is_refused_and_not_stumbled_over() -> None:
    changes: TypeAdapter[Change] = TypeAdapter(Change)
    for wrong in (5, {"kind": "create_nothing"}, {}):
        with pytest.raises(ValidationError):
            changes.validate_python(wrong)
    with pytest.raises(ValidationError) as refusal:
        object_change("create_billing_budget", "team/t/a", team="t", after=None, before=None)
    assert {problem["type"] for problem in refusal.value.errors()} == {"change"}
    alert = billing_budget("a", "5", scope_id="t")
    change = object_change("update_billing_budget", "team/t/a", team="t", environment="prod", before=alert, after=alert)
    assert change.documents() == (BILLING_BUDGETS.document(alert), BILLING_BUDGETS.document(alert))


@pytest.mark.parametrize(
    ("document", "following", "ends"),
    [
        ({"next": {"href": "/2"}}, "/2", False),
        ({"next": {"url": "/2"}}, "/2", False),
        ({"next": {"uri": "/2"}}, "/2", False),
        ({"next": {"cursor": "c"}}, "c", False),
        ({"next": {}}, None, True),
        ({"next": ""}, None, True),
        ({"next": "", "next_url": "/2"}, "/2", False),
        ({"next": "/2", "active": True}, "/2", False),
        ({"active": False}, None, False),
        ({"links": [{"rel": "Next", "href": "/2"}, {"href": "/3"}, "x", {"rel": "self", "href": "/1"}]}, "/2", False),
        ({"links": [{"href": "/3"}, "x"]}, None, False),
    ],
)
def test_a_link_to_the_next_page_is_found_however_it_is_written(
    document: dict[str, Any], following: object, *, ends: bool
) -> None:
    found = read_paging(document)
    assert (found.next, found.ends) == (following, ends)


def test_a_next_page_that_is_a_flag_is_one_and_links_that_are_none_say_nothing() -> None:
    assert read_paging({"next": True}) == Paging(next=True)
    assert read_paging({"links": 5}) == Paging()


@pytest.mark.parametrize(
    ("written", "meant"), [("1.234.500,00", "1234500.00"), ("12k", "12000.00"), ("12.5 K", "12500.00")]
)
def test_an_amount_as_it_is_written_elsewhere_is_told_and_never_changed_unasked(written: str, meant: str) -> None:
    with pytest.raises(ValueError, match="is not an amount") as error:
        parse_amount(written)
    assert error.value.context == {"sentence": f"`{written}` is not an amount", "hint": f"write `{meant}`"}  # type: ignore[attr-defined]


def test_a_change_is_told_without_a_cron_that_only_has_another_form() -> None:
    fields = {"name": "w", "cron": "0 6 * * MON", "window": "7d", "s3": {"bucket": "b"}}
    was, will = (
        ExportSchedule.model_validate({**fields, **new}) for new in ({}, {"cron": "0 6 * * 1", "window": "9d"})
    )
    change = ObjectChange(kind="update_export_schedule", key="w", before=was, after=will)
    before, after = change.documents()
    assert before
    assert after
    assert {key for key in before if before[key] != after[key]} == {"window"}
    assert change.model_dump(mode="json")["after"]["cron"] == "0 6 * * 1"
    assert was != will
    assert was == ExportSchedule.model_validate({**fields, "cron": "00 6 * * 1"})
    assert len({was, ExportSchedule.model_validate({**fields, "cron": "00 6 * * 1"})}) == 1
