"""What live state says a first YAML should be: whose a wallet is, its usual month, and money of an unknown month."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from worlds import JULY, JUNE, usd

from reconciler.model.directory import ListedTeam
from reconciler.model.live import LedgerEntry, LiveWallet
from reconciler.model.operation import mark, operation_id
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef
from reconciler.plan.importing.funding import answered, funding_of, given_twice, questions_of
from reconciler.plan.importing.grouping import Grouping, Place, group, is_opaque

KEY = WalletRef.team("team_legal")


def grouped(*slugs: str, names: Iterable[str] = (), **fixed: dict[str, Place | None]) -> Grouping:
    teams = [ListedTeam(f"id_{slug}", name, slug) for slug, name in zip(slugs, [*names, *[""] * 9], strict=False)]
    given = {"declared": {}, "mapped": {}, **fixed}
    return group(teams, **given)  # type: ignore[arg-type]


def places(found: Grouping) -> dict[str, str]:
    return {id.removeprefix("id_"): str(place) for id, place in found.places.items()}


@pytest.mark.parametrize(
    ("slugs", "expected"),
    [
        (["support-prod", "support-dev"], {"support-prod": "support/prod", "support-dev": "support/dev"}),
        (["legal_ops_staging"], {"legal_ops_staging": "legal_ops/staging"}),
        (["prod-billing"], {"prod-billing": "billing/prod"}),
        (["support", "support-dev"], {"support": "support/prod", "support-dev": "support/dev"}),
        (["x", "x-dev", "y-production"], {"x": "x/production", "x-dev": "x/dev", "y-production": "y/production"}),
        (["marketing"], {"marketing": "marketing/all"}),
        (
            ["data.science.qa", "data.science"],
            {"data.science.qa": "data.science/qa", "data.science": "data.science/prod"},
        ),
        (["prod"], {"prod": "prod/all"}),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, list) else "",
)
def test_a_slug_says_team_and_environment(slugs: list[str], expected: dict[str, str]) -> None:
    assert expected == places(grouped(*slugs))


@pytest.mark.parametrize("slug", ["9f31c2", "0192837465", "team-3f2a99b1", "01hzx3k9qv", "b7c1d2e3-4f50"])
def test_a_slug_that_a_machine_made_says_nothing(slug: str) -> None:
    found = grouped(slug)
    assert list(found.unplaced) == [f"id_{slug}"]
    assert places(grouped(slug, names=["Support (prod)"])) == {slug: "support/prod"}


@pytest.mark.parametrize("slug", ["support2", "gpt4-lab", "q3", "web3-dev", "emea2026"])
def test_a_name_with_a_digit_in_it_is_still_a_name(slug: str) -> None:
    assert grouped(slug).unplaced == {}


def test_nothing_is_guessed_where_two_would_have_one_place() -> None:
    found = grouped("support", "support-prod")
    assert places(found) == {"support-prod": "support/prod"}
    assert "id_support-prod is that already" in found.unplaced["id_support"]
    production = grouped("support", "support-live", "billing-prod")
    assert "id_support-live is its live already" in production.unplaced["id_support"]
    same = grouped("a-dev", "a_dev", "b")
    assert places(same) == {"b": "b/all"}
    assert "so would another one" in same.unplaced["id_a_dev"]


def test_yaml_and_the_map_come_before_the_slug() -> None:
    found = grouped(
        "support", "support-dev", "old", declared={"id_support": Place("care", "all")}, mapped={"id_old": None}
    )
    assert found.places["id_support"] == Place("care", "all")
    assert found.skipped == {"id_old"}
    assert places(found) == {"support": "care/all", "support-dev": "support/dev"}


def test_a_team_with_one_wallet_for_everything_gets_no_second_one() -> None:
    found = grouped("support", "support-dev", declared={"id_support": Place("support", "all")})
    assert "one wallet for everything, id_support" in found.unplaced["id_support-dev"]


def entry(id: str, day: str, amount: str, words: str = "", kind: str = "allocate") -> LedgerEntry:
    at = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)
    return LedgerEntry(id, kind, Decimal(amount), "USD", words, at)


def wallet(*entries: LedgerEntry) -> LiveWallet:
    return LiveWallet(KEY, "USD", "wal_1", usd(0), ledger=tuple(sorted(entries, key=lambda e: (e.created_at, e.id))))


def year(amount: str = "3000", *, until: str = "2026-05", since: str = "2025-06") -> list[LedgerEntry]:
    first, last = Period.parse(since), Period.parse(until)
    months = [first.plus(number) for number in range(last.months_since(first) + 1)]
    return [entry(f"txn_{month}", f"{month}-01", amount, f"{month.name} budget") for month in months]


def figures(found: LiveWallet, **answers: str) -> tuple[str, dict[str, str]]:
    months = {id: Period.parse(month) for id, month in answers.items()}
    usual, overrides = funding_of(found, JUNE, months).amounts
    return str(usual), {str(month): str(amount) for month, amount in overrides.items()}


def test_the_usual_month_is_what_most_months_had_and_this_month_is_an_override() -> None:
    found = wallet(*year(), entry("a", "2026-06-01", "3000"), entry("b", "2026-06-09", "500", "top-up"))
    assert figures(found) == ("3000.00", {"2026-06": "3500.00"})
    ((_, reasons),) = funding_of(found, JUNE, {}).overrides.values()
    assert reasons == ("a, 2026-06-01: 3,000.00", 'b, 2026-06-09: 500.00, "top-up"')


def test_a_month_like_the_others_needs_no_override() -> None:
    assert figures(wallet(*year(until="2026-06"))) == ("3000.00", {})


def test_a_raise_that_lasts_is_the_new_usual_month() -> None:
    found = wallet(*year("2500", until="2026-03"), *year("3000", since="2026-04", until="2026-06"))
    assert figures(found) == ("3000.00", {})


def test_a_single_month_of_more_is_not_usual() -> None:
    assert figures(
        wallet(*year(until="2026-04"), entry("a", "2026-05-01", "9000"), entry("b", "2026-06-01", "3000"))
    ) == (
        "3000.00",
        {},
    )


def test_months_that_all_differ_have_one_in_the_middle() -> None:
    entries = [entry(f"t{number}", f"2026-0{number}-01", str(100 * number)) for number in range(1, 7)]
    usual = funding_of(wallet(*entries), JUNE, {}).usual
    assert str(usual.amount) == "300.00"
    assert usual.reason == "half of the 5 months 2026-01 to 2026-05 had at most this, between 100.00 and 500.00"


def test_what_goes_back_unused_at_the_end_of_a_month_does_not_make_it_smaller_but_a_correction_does() -> None:
    back = [entry(f"r{number}", f"2026-0{number}-28", f"1{number}0", "unused", "reclaim") for number in range(2, 6)]
    assert figures(wallet(*year(until="2026-06"), *back)) == ("3000.00", {})
    wrong = [entry("w", "2026-05-10", "1000", "a mistake"), entry("c", "2026-05-11", "1000", "taken back", "reclaim")]
    assert figures(wallet(*year(until="2026-06"), *wrong))[0] == "3000.00"


def test_our_own_marks_say_the_month_whatever_the_date() -> None:
    operation = operation_id(
        organization="o",
        wallet=KEY,
        period=JUNE,
        kind="allocate",
        amount=Decimal(3000),
        funded_before=Decimal(0),
        sequence=0,
    )
    found = wallet(*year(), entry("ours", "2026-05-31", "3000", f"{mark(operation)} June 2026"))
    assert figures(found) == ("3000.00", {})
    assert list(questions_of(found, JUNE, {})) == []


EARLY = entry("early", "2026-05-29", "3000", "June 2026 budget")


def test_money_that_came_early_is_asked_about_and_the_month_is_never_funded_a_second_time() -> None:
    found = wallet(*year(), EARLY)
    (question,) = questions_of(found, JUNE, {})
    assert question.months == (Period(2026, 5), JUNE)
    assert not question.decides
    assert (
        figures(found)
        == figures(found, early="2026-06")
        == figures(found, early="2026-05")
        == ("3000.00", {"2026-06": "0.00"})
    )
    reasons = [
        str(funding_of(found, JUNE, answer).overrides[JUNE][1])
        for answer in ({}, {"early": JUNE}, {"early": Period(2026, 5)})
    ]
    assert "perhaps given for it, nobody said so yet: early" in reasons[0]
    assert "given for it before it began: early" in reasons[1]
    assert "take this line away" in reasons[2]
    assert all("take this line away" not in reason for reason in reasons[:2])


def test_money_for_the_next_month_decides_what_that_month_still_gets() -> None:
    found = wallet(*year(until="2026-06"), entry("next", "2026-06-15", "2000", "July budget"))
    (question,) = questions_of(found, JUNE, {})
    assert question.decides
    assert figures(found, next="2026-06") == ("3000.00", {"2026-06": "5000.00"})
    assert figures(found, next="2026-07") == ("3000.00", {"2026-06": "5000.00", "2026-07": "1000.00"})
    assert JULY in question.months


def test_money_of_last_year_with_other_words_is_no_question() -> None:
    found = wallet(*year(until="2026-06"), entry("old", "2025-08-29", "3000", "September 2025"))
    assert list(questions_of(found, JUNE, {})) == []


def test_money_without_words_days_before_a_month_that_got_nothing_is_asked_about() -> None:
    found = wallet(*year(), entry("early", "2026-05-29", "3000"))
    assert [question.entry.id for question in questions_of(found, JUNE, {})] == ["early"]
    opened = wallet(*year(until="2026-06"), entry("top", "2026-05-29", "400"))
    assert list(questions_of(opened, JUNE, {})) == []


def test_the_same_money_with_the_same_words_looks_as_if_it_was_given_twice() -> None:
    first, second = (entry(id, "2026-06-01", "3000", "June 2026 budget") for id in ("a", "b"))
    assert [found.id for found in given_twice(wallet(first, second), JUNE)] == ["b"]
    assert given_twice(wallet(first, entry("c", "2026-06-02", "3000", "for the launch")), JUNE) == ()


def test_an_amount_that_two_of_many_months_had_is_not_usual() -> None:
    amounts = ["100", "200", "300", "300", "500", "600", "700"]
    entries = [entry(f"t{n}", f"{Period(2025, 11).plus(n)}-01", amount) for n, amount in enumerate(amounts)]
    assert figures(wallet(*entries, entry("june", "2026-06-01", "300")))[0] == "300.00"
    assert "half of the 7 months" in funding_of(wallet(*entries), JUNE, {}).usual.reason


def test_money_that_came_past_the_organization_is_no_funding_and_is_told() -> None:
    found = wallet(*year(until="2026-06"), entry("top", "2026-06-03", "70", "a gift", "top_up"))
    assert figures(found) == ("3000.00", {})
    assert funding_of(found, JUNE, {}).uncounted == ('top, 2026-06-03: 70.00, "a gift"',)


def test_a_name_that_no_file_can_have_says_nothing() -> None:
    assert list(grouped("x" * 129).unplaced) == [f"id_{'x' * 129}"]


@pytest.mark.parametrize(
    ("slug", "opaque"),
    [
        *(("1234", True), ("a1b2", True), ("abc123", True), ("x-1234.y", True)),
        *(("123", False), ("abc12", False), ("xyz123", False), ("facade", False), ("a12b", False), ("q3-2026a", False)),
    ],
)
def test_what_a_machine_made_is_told_by_its_digits(slug: str, *, opaque: bool) -> None:
    assert is_opaque(slug) is opaque


def test_the_longest_name_of_a_file_and_an_id_that_people_chose_are_names() -> None:
    assert places(grouped("x" * 128)) == {"x" * 128: f"{'x' * 128}/all"}
    assert group([ListedTeam("team_ads")], declared={}, mapped={}).places == {"team_ads": Place("ads", "all")}
    assert places(grouped("prod-billing-eu")) == {"prod-billing-eu": "billing-eu/prod"}
    assert grouped("9f31c2").unplaced == {
        "id_9f31c2": "neither its slug nor its name say which team and environment it is"
    }


def test_of_several_that_would_have_one_place_each_is_told_how_many_others_would() -> None:
    pair = grouped("a-dev", "a_dev", "b-dev")
    assert pair.unplaced["id_a-dev"] == "it would be a/dev, and so would another one"
    assert places(pair) == {"b-dev": "b/dev"}
    three = grouped("a-dev", "a_dev", "a.dev", "c", "C")
    assert three.unplaced["id_a-dev"] == "it would be a/dev, and so would 2 more"
    assert three.unplaced["id_C"] == "it would be c without an environment, and so would another one"


def test_what_a_map_names_is_left_out_only_where_it_says_so() -> None:
    found = grouped("old", "new", "gone", mapped={"id_old": Place("care", "dev"), "id_gone": None, "id_new": None},
                    declared={"id_new": Place("care", "prod")})  # fmt: skip
    assert found.skipped == {"id_gone"}
    assert places(found) == {"old": "care/dev", "new": "care/prod"}


def test_all_that_can_be_asked_is_answered_by_dates_or_by_words_that_name_one_month() -> None:
    both = entry("both", "2026-06-15", "2000", "July and August 2026")
    found = wallet(*year(until="2026-06"), EARLY, both)
    assert answered(found, JUNE, "dates") == {"early": Period(2026, 5), "both": JUNE}
    assert answered(found, JUNE, "words") == {"early": JUNE}


def test_only_allocations_by_hand_with_words_look_as_if_they_were_given_twice() -> None:
    again = [entry(id, "2026-06-01", "5", "a trial") for id in "abc"]
    back = [entry(id, "2026-06-02", "1", "back", "reclaim") for id in "de"]
    silent = [entry(id, "2026-06-03", "2") for id in "fg"]
    operation = f"2026-06-{'0' * 20}"
    ours = [entry(id, "2026-06-04", "3", f"{mark(operation)} June 2026") for id in "hi"]
    assert [one.id for one in given_twice(wallet(*again, *back, *silent, *ours), JUNE)] == ["b", "c"]
