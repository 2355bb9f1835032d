"""Cron expressions that run at the same moments are the same, and others are not."""

from __future__ import annotations

import pytest

from reconciler.model.cron import moments
from reconciler.model.kinds.export_schedule import ExportSchedule


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0 6 * * MON", "0 6 * * 1"),
        ("0 6 * * SUN", "0 6 * * 7"),
        ("0 6 * * 0", "0 6 * * 7"),
        ("00 06 01 JAN *", "0 6 1 1 *"),
        ("0  6 *   * mon", "0 6 * * MON"),
        ("0 6 * * MON-FRI", "0 6 * * 1,2,3,4,5"),
        ("0 6 * * FRI-SUN", "0 6 * * 0,5,6"),
        ("0 6 * * 5-7", "0 6 * * SUN,FRI,SAT"),
        ("*/15 * * * *", "*/15 */1 * * *"),
        ("0-59/30 6 * * *", "0,30 6 * * *"),
        ("5/20 6 * * *", "5,25,45 6 * * *"),
        ("0 6 * 2,1 *", "0 6 * JAN-FEB *"),
        ("0 */6 * * *", "0 0,6,12,18 * * *"),
        ("0-59 0-23 * 1-12 *", "* * * * *"),
    ],
)
def test_forms_of_the_same_moments_are_the_same(one: str, other: str) -> None:
    assert moments(one) == moments(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0 6 * * MON", "0 6 * * TUE"),
        ("0 6 * * *", "6 0 * * *"),
        ("0 6 1-31 * 1", "0 6 * * 1"),
        ("0 6 1 * 0-6", "0 6 1 * *"),
        ("0 6 */2 * 1", "0 6 1-31/2 * 1"),
        ("@weekly", "0 0 * * 0"),
        ("0 6 * * MON", "0 0 6 * * MON"),
    ],
)
def test_forms_of_other_moments_are_not(one: str, other: str) -> None:
    assert moments(one) != moments(other)


@pytest.mark.parametrize(
    "odd",
    ["", "@daily", "61 6 * * *", "0 6 0 * *", "0 6 * * 9", "0 6 5-2 * *", "0 6 * * MON#2", "*/0 6 * * *", "a b c d e"],
)
def test_what_is_none_is_equal_to_itself_alone(odd: str) -> None:
    assert moments(f" {odd}  ") == moments(odd) == odd


def test_a_schedule_is_equal_to_one_that_a_server_writes_in_another_form() -> None:
    fields = {"name": "weekly", "window": "7d", "s3": {"bucket": "b"}}
    ours = ExportSchedule.model_validate({**fields, "cron": "0 6 * * MON"})
    theirs = ExportSchedule.as_found({**ours.model_dump(), "cron": "0 06 * * 1"})
    assert ours == theirs
    assert hash(ours) == hash(theirs)
    assert ours != ours.model_copy(update={"cron": "0 6 * * TUE"})
    assert ours != theirs.model_copy(update={"window": "30d"})
    assert ours.cron != "0 6 * * TUE"
