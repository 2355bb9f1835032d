"""How wrong forecasts were, as the comment and the report say it: by the log, or by the past forecast again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reconciler.model.track_record import RangeAlarm, TrackRecord
from reconciler.report.markdown import markdown
from reconciler.report.off import off_words, side_words
from reconciler.report.site.html import html
from reconciler.report.spans import plain
from reconciler.report.summary import summarise

LOG = TrackRecord(source="log", months=5, forecasts=42, within=35, median_error=0.052, bias=-0.021)
BACKTEST = TrackRecord(source="backtest", months=6, forecasts=48, within=41, median_error=0.071, bias=0.03)


@pytest.mark.parametrize("record", [LOG, BACKTEST], ids=lambda record: record.source)
def test_the_comment_and_the_report_say_how_wrong_forecasts_were_and_by_what(
    record: TrackRecord, plans: Any, golden: Callable[[str, str], None]
) -> None:
    plan = plans.one_wallet(track_record=record)
    shown = summarise(plan)
    golden(f"report/track-record-{record.source}.md", "".join(f"- {plain(words)}\n" for words in shown.method))
    (sentence,) = (plain(words) for words in shown.method if plain(words).startswith("How wrong we w"))
    assert f"- {sentence}" in markdown(shown)
    assert sentence in html(plan, shown)


def test_nothing_is_said_of_a_past_that_nobody_knows(plans: Any) -> None:
    assert "How wrong" not in markdown(summarise(plans.one_wallet()))


def test_a_side_is_named_where_it_can_be_seen() -> None:
    assert side_words(0.004) == side_words(-0.004) == "neither too high nor too low"
    assert (side_words(0.02), side_words(-0.02)) == ("2% too high", "2% too low")
    assert off_words(None, 0.1) == off_words(0.1, None) == ""


def test_the_comment_and_the_report_say_that_the_range_no_longer_holds_and_what_to_do(plans: Any) -> None:
    alarm = RangeAlarm(code="range-too-narrow", month_ends=24, coverage=0.5, message="it is too narrow", hint="do so")
    plan = plans.one_wallet(track_record=LOG.model_copy(update={"alarm": alarm}))
    shown = summarise(plan)
    assert "Warning: it is too narrow; do so." in markdown(shown)
    assert "Warning: it is too narrow; do so." in html(plan, shown)
    assert "Warning: it is" not in markdown(summarise(plans.one_wallet(track_record=LOG)))
