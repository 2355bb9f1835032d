"""The split of a difference: exact, the same in every order and under every name, for cells that come and go."""

from __future__ import annotations

from decimal import Decimal, localcontext

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.money import cents, in_cents
from reconciler.review.side import DIGITS, Side, completed, summed
from reconciler.review.split import FACTORS, Factor, split

MODELS = tuple((f"provider/model-{name}", lane) for name in "abcd" for lane in ("", "off_peak"))
counts = st.integers(0, 10**9).map(Decimal)
prices = st.one_of(st.just(Decimal(0)), st.decimals("0.000000001", "0.01", places=9))


@st.composite
def sides(draw: st.DrawFn) -> Side:
    requests = draw(counts)
    models = draw(st.lists(st.sampled_from(MODELS), max_size=4, unique=True))
    paid = draw(st.decimals(0, 1, places=4))
    if not models or not requests or not paid:
        return Side(requests, paid if requests else None)
    with localcontext(prec=DIGITS):
        volumes = {model: Decimal(draw(st.integers(1, 10**9))) for model in models}
        whole = sum(volumes.values())
        shares = {model: volume / whole for model, volume in volumes.items()}
    return Side(requests, paid, Decimal(draw(st.integers(1, 10**6))), shares, {model: draw(prices) for model in models})


def renamed(side: Side) -> Side:
    names = dict(zip(MODELS, reversed(MODELS), strict=True))
    if side.shares is None or side.prices is None:
        return side
    flipped = [
        dict(reversed([(names[model], of) for model, of in each.items()])) for each in (side.shares, side.prices)
    ]
    return Side(side.requests, side.paid, side.tokens, *flipped)


def tolerance(*amounts: Decimal) -> Decimal:
    """Return what rounding may leave where these are added up: effects can be far larger than what they come to."""
    return max(Decimal(1), *map(abs, amounts)) * Decimal("1e-40")


@settings(max_examples=60, deadline=None)
@given(sides(), sides())
def test_effects_add_up_to_the_difference_whatever_the_names_and_the_other_way_round_with_the_other_sign(
    reference: Side, actual: Side
) -> None:
    with localcontext(prec=DIGITS):
        effects = split(reference, actual)
        before, after = completed(reference, actual), completed(actual, reference)
        difference = after.cost - before.cost
        tiny = tolerance(before.cost, after.cost, *effects.values())
        assert abs(sum(effects.values()) - difference) <= tiny
        other_names = split(renamed(reference), renamed(actual))
        back = split(actual, reference)
        for factor in FACTORS:
            assert abs(other_names[factor] - effects[factor]) <= tiny
            assert abs(back[factor] + effects[factor]) <= tiny
        total = cents(after.cost) - cents(before.cost)
        shown = in_cents(effects, total)
        assert sum(shown.values()) == total
        assert all(abs(shown[factor] - effects[factor]) < Decimal("0.03") for factor in FACTORS)


@settings(max_examples=40, deadline=None)
@given(sides(), st.sampled_from(FACTORS), st.decimals("0.2", "4", places=3))
def test_what_changed_alone_carries_all_and_what_did_not_change_carries_nothing(
    side: Side, factor: Factor, by: Decimal
) -> None:
    changed = {
        "demand": Side(side.requests * by, side.paid, side.tokens, side.shares, side.prices),
        "tokens_per_request": Side(
            side.requests, side.paid, side.tokens and side.tokens * by, side.shares, side.prices
        ),
        "cache": Side(side.requests, side.paid and side.paid / 5, side.tokens, side.shares, side.prices),
        "provider_mix": Side(
            side.requests,
            side.paid,
            side.tokens,
            side.shares and dict(zip(side.shares, reversed(list(side.shares.values())), strict=True)),
            side.prices,
        ),
        "unit_price": Side(
            side.requests,
            side.paid,
            side.tokens,
            side.shares,
            side.prices and {model: price * by for model, price in side.prices.items()},
        ),
    }[factor]
    with localcontext(prec=DIGITS):
        effects = split(side, changed)
        tiny = tolerance(side.cost, changed.cost, *effects.values())
        assert abs(effects.pop(factor) - (changed.cost - side.cost)) <= tiny
        assert all(abs(effect) <= tiny for effect in effects.values())


def test_a_new_model_is_a_change_of_the_mix_and_a_stopped_workload_one_of_demand() -> None:
    old, new = ("openai/gpt-4o", ""), ("openai/gpt-4o-mini", "")
    before = Side(Decimal(100), Decimal("0.8"), Decimal(10), {old: Decimal(1)}, {old: Decimal(2)})
    moved = Side(Decimal(100), Decimal("0.8"), Decimal(10), {new: Decimal(1)}, {new: Decimal(1)})

    assert split(before, moved) == {
        "demand": 0, "tokens_per_request": 0, "cache": 0, "provider_mix": Decimal(-800), "unit_price": 0,
    }  # fmt: skip
    assert split(before, Side(Decimal(0)))["demand"] == Decimal(-1600)
    assert split(before, Side(Decimal(100), Decimal(0)))["cache"] == Decimal(-1600)
    assert summed([before, moved]).cost == before.cost + moved.cost
