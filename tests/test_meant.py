"""A name that there is not is told with what it may mean, whatever its capitals, and never at length."""

from __future__ import annotations

import pytest

from reconciler.meant import LONGEST, close_to, did_you_mean, only

MODELS = ["openai/gpt-4o", "Meta/Llama-3", "Meta/Llama-2"]


def test_capitals_do_not_count_and_the_name_is_given_as_it_is_written() -> None:
    assert close_to("meta/lama-3", MODELS) == ["Meta/Llama-3"]
    assert close_to("OPENAI/GPT-40", MODELS) == ["openai/gpt-4o"]


def test_one_of_several_that_are_as_near_is_not_taken_for_what_was_meant() -> None:
    near = close_to("meta/llama", MODELS, most=2)
    assert len(near) == 2
    assert only(near) is None
    assert did_you_mean(near) == f"did you mean `{near[0]}`?"


@pytest.mark.parametrize("name", ["zzz", "", "o" * (LONGEST + 1)])
def test_what_is_like_nothing_or_too_long_for_a_name_means_nothing(name: str) -> None:
    near = close_to(name, [*MODELS, "o" * LONGEST], most=2)
    assert (near, only(near), did_you_mean(near)) == ([], None, "")
