"""Changes of managed objects: typed by their kind, written as before, and refused where they contradict themselves."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError
from worlds import billing_budget, object_change

from reconciler.model.change import Change, ObjectChange
from reconciler.model.kinds.billing_budget import BILLING_BUDGETS
from reconciler.model.kinds.export_schedule import EXPORT_SCHEDULES

CHANGE: TypeAdapter[Change] = TypeAdapter(Change)
BUDGET = billing_budget("x", "5").model_dump(mode="json")
ODD = {"name": "odd", "cron": "often", "window": "7d", "format": "xlsx", "s3": {"bucket": "b", "prefix": ""}}
ALERT = {"kind": "create_billing_budget", "team": "aa", "environment": "prod", "key": "team/team_support/x"}
SCHEDULE = {"kind": "delete_export_schedule", "key": "odd", "before": ODD}


def test_what_a_change_holds_is_what_its_kind_says() -> None:
    alert = CHANGE.validate_python({**ALERT, "after": BUDGET})
    assert isinstance(alert, ObjectChange)
    assert (alert.managed, alert.verb, alert.name) == (BILLING_BUDGETS, "create", "x")
    assert alert.after == billing_budget("x", "5")
    odd = CHANGE.validate_python(SCHEDULE)
    assert isinstance(odd, ObjectChange)
    assert (odd.managed, odd.verb, odd.value) == (EXPORT_SCHEDULES, "delete", EXPORT_SCHEDULES.stored(ODD))


@pytest.mark.filterwarnings("error")
def test_a_change_is_written_as_it_was_read_also_where_yaml_could_not_say_it() -> None:
    alert = object_change("update_billing_budget", "k", team="aa", before=BUDGET, after={**BUDGET, "amount": "6.00"})
    assert CHANGE.validate_json(CHANGE.dump_json(alert)) == alert
    assert CHANGE.dump_python(alert, mode="json")["environment"] is None
    written = CHANGE.dump_python(CHANGE.validate_python(SCHEDULE), mode="json")
    assert written["before"] == {**ODD, "type": "events", "enabled": True}
    assert "environment" not in written


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"key": "x"}, "`` is no kind of change"),
        ({"kind": "create_wallet", "key": "x"}, "`create_wallet` is no kind of change"),
        ({"kind": "rename_billing_budget", "key": "x"}, "`rename_billing_budget` is no kind of change"),
        ({**ALERT, "after": {**BUDGET, "amount": "much"}}, "`after` is no billing budget"),
        ({**ALERT, "after": "a text"}, "`after` is no billing budget"),
        ({**SCHEDULE, "before": {"name": "odd"}}, "`before` is no export schedule"),
        ({**SCHEDULE, "before": {**ODD, "name": 5}}, "`before` is no export schedule"),
        ({**SCHEDULE, "before": {"s3": ODD["s3"]}}, "`before` is no export schedule"),
        (ALERT, "`after` does not go with `create_billing_budget`"),
        ({**ALERT, "before": BUDGET, "after": BUDGET}, "`before` does not go with `create_billing_budget`"),
        ({**SCHEDULE, "team": "aa"}, "`team` does not go with `delete_export_schedule`"),
        ({**SCHEDULE, "colour": "red"}, "Extra inputs are not permitted"),
    ],
)
def test_a_change_that_contradicts_itself_is_refused(document: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        CHANGE.validate_python(document)
    assert [problem["msg"] for problem in caught.value.errors()] == [told]
