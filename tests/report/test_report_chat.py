"""Messages to chats: what they say, within what each service takes, and nothing in them that acts."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.drift import DriftDocument, DriftItem
from reconciler.model.forecast import Exhaustion
from reconciler.model.message import MessageDocument, Service
from reconciler.model.outlook import ForecastDocument
from reconciler.model.waiting import Dispatch, Waiting
from reconciler.report.chat import body_of
from reconciler.report.message import Message, harmless, message_of

SERVICES: tuple[Service, ...] = ("slack", "teams", "json")
TRICKS = (
    "<!channel> <!here> <@U012AB3CD> <#C024BE7LR> <!subteam^SAZ94GDB8> @channel @everyone",
    "<https://evil.example|click> https://evil.example www.evil.example mailto:x@evil.example",
    "[click](https://evil.example) <at>Ada</at> ![x](https://evil.example/x.png) *bold* `code` & &lt;!channel&gt;",
)


def sent(message: Message, service: Service) -> Any:
    return json.loads(body_of(message, service))


def texts(found: Any) -> list[str]:
    """Return every text of a body that people are shown."""
    match found:
        case dict():
            own = [found["text"]] if isinstance(found.get("text"), str) else []
            return own + [text for value in found.values() for text in texts(value)]
        case list():
            return [text for value in found for text in texts(value)]
    return []


def test_each_service_gets_the_same_sentences_in_its_own_form() -> None:
    message = Message("drift", "Drift: 2 differences", ("support & sales", "a < b"))
    slack = sent(message, "slack")
    assert slack["text"] == slack["blocks"][0]["text"]["text"] == "Drift: 2 differences"
    assert slack["blocks"][1]["text"] == {
        "type": "mrkdwn",
        "text": "\u2022 support &amp; sales\n\u2022 a &lt; b",
        "verbatim": True,
    }
    (attached,) = sent(message, "teams")["attachments"]
    assert attached["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert texts(attached["content"]) == ["Drift: 2 differences", "support & sales", "a < b"]
    read = MessageDocument.model_validate(sent(message, "json"))
    assert read.lines == message.lines
    assert read.whole == "Drift: 2 differences\n- support & sales\n- a < b"


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("trick", TRICKS)
def test_nothing_from_outside_mentions_somebody_or_is_a_link(trick: str, service: Service) -> None:
    item = DriftItem(category="changed", team=trick, sentence=f"{trick} differs")
    message = message_of(DriftDocument(items=(item,), waiting=()))
    for text in texts(sent(message, service)):
        bare = text.replace("\u200b", "|")
        assert not any(
            found in bare for found in ("@U", "@c", "@e", "://", "www.", "mailto:x", "<!", "<@", "<#", "<at")
        )
        assert service != "slack" or not {"<", ">"} & set(text)
    assert "entities" not in body_of(message, service)


def test_what_is_harmless_is_left_as_it_is() -> None:
    for text in ("support/prod: 10,500.00 -> 12,500.00", "a < b", "12:30 UTC", "`budgets/org.yaml:2:1`", "www"):
        assert harmless(text) == text


words = st.text(alphabet="ab &<>@:/名é", min_size=1, max_size=900)


@given(words, st.lists(words, max_size=60))
def test_no_message_is_larger_than_its_service_takes(title: str, lines: list[str]) -> None:
    message = Message("plan", harmless(title[:480]), tuple(harmless(line[:480]) for line in lines))
    slack = sent(message, "slack")
    assert len(slack["blocks"]) <= 50
    assert len(slack["blocks"][0]["text"]["text"]) <= 150
    assert all(len(block["text"]["text"]) <= 3000 for block in slack["blocks"][1:])
    assert len(body_of(message, "teams").encode()) <= 28_000
    told = MessageDocument.model_validate(sent(message, "json"))
    assert len(told.lines) + told.left_out == len(lines)


def test_what_has_no_room_is_counted() -> None:
    message = Message("plan", "t" * 200, tuple(f"line {number}" for number in range(45)))
    for service in SERVICES:
        assert any("15 more in what the command printed." in text for text in texts(sent(message, service)))
    slack = sent(message, "slack")
    assert slack["blocks"][0]["text"]["text"].endswith("…")
    assert "t" * 200 in slack["blocks"][1]["text"]["text"]


def test_a_plan_says_what_moves_and_who_must_approve(plans: Any) -> None:
    message = message_of(plans.one_wallet())
    assert message.title.startswith("USD 2,000 more for support / prod in June")
    assert message.lines[-1] == "support / prod: allocate 2,000.00, 10,500.00 -> 12,500.00"
    refused = message_of(plans.refused())
    assert refused.lines[0].startswith("Refused, ")
    assert "Fix: " in refused.lines[0]


def test_drift_names_what_needs_somebody_and_counts_the_rest() -> None:
    def item(category: Any, amount: str | None = None) -> DriftItem:
        return DriftItem(category=category, team="support", amount=amount, sentence=f"it is {category}.")

    waits = Waiting(
        kind="month",
        state="not funded",
        sentence="June is not funded.",
        cure="Fund it.",
        dispatch=Dispatch(workflow="x"),
    )
    quiet = (item("pending"), item("pending"), item("acknowledged"), item("unmanaged"))
    whole = message_of(DriftDocument(items=(item("changed"), item("unmanaged", "5"), *quiet), waiting=(waits,)))
    assert whole.title == (
        "Drift: 2 differences and 1 thing left behind (besides 2 pending, 1 acknowledged and 1 unmanaged)"
    )
    assert whole.lines == (
        "Left behind, not funded: June is not funded. Fund it.",
        "Changed: it is changed.",
        "Unmanaged: it is unmanaged.",
    )
    none = message_of(DriftDocument(items=quiet, waiting=()))
    assert none.title == "No drift that needs attention (besides 2 pending, 1 acknowledged and 1 unmanaged)"
    assert message_of(DriftDocument(items=(), waiting=())).title == "No drift that needs attention"


def test_a_forecast_names_who_may_run_out_and_how_far_the_yaml_helps(plans: Any) -> None:
    wallet, *_ = plans.one_wallet().impact

    def of(live: float | None, day: str, *, after: float | None = 0.02) -> Any:
        when = {day: date(2026, 6, 28)} if day else {}
        outlook = wallet.live.model_copy(update={"exhaustion": Exhaustion(probability=live, date=when)})
        desired = wallet.desired.model_copy(update={"exhaustion": Exhaustion(probability=after, date={})})
        return wallet.model_copy(update={"live": outlook, "desired": desired})

    def said(*wallets: Any) -> Message:
        return message_of(ForecastDocument(wallets=wallets))

    risky = said(of(0.3, "0.1", after=0.3), of(0.9, "0.5"), of(0.2, ""), of(None, ""))
    assert risky.title == "2 of 3 wallets may run out before June 2026 is over"
    likely, early, unknown = risky.lines
    assert likely.startswith("support / prod runs out with 90%, around 28 June (USD ")
    assert likely.endswith(" left); with the target of the YAML 2%.")
    assert early.startswith("support / prod runs out with 30% (USD ")
    assert early.endswith(" left).")
    assert unknown == "Nothing tells how long 1 more wallet will last."
    assert said(of(0.5, "", after=None)).lines[0].startswith("support / prod runs out with 50% (USD ")
    assert said(of(0.1, "")).title == "1 wallet lasts June 2026"
    assert said(of(0.1, ""), of(0.2, "")).title == "2 wallets last June 2026"
    assert said(of(None, "")).lines == ("Nothing tells how long 1 more wallet will last.",)
    assert said().title == "Nothing tells whether money lasts the month"
