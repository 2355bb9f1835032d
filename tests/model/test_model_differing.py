"""Of two states of the YAML, the wallets that may differ are found without a look into those that are the same."""

from __future__ import annotations

from worlds import desired, wallet


def test_wallets_that_came_went_or_are_another_may_differ_and_shared_ones_do_not() -> None:
    shared = wallet("support", "prod", "100")
    before = desired([shared, wallet("support", "dev", "50"), wallet("legal", "prod", "70")])
    after = desired([shared, wallet("support", "dev", "60"), wallet("sales", "prod", "80")])
    found = before.differing_wallets(after)
    assert {key: tuple(side and str(side.setting.monthly) for side in pair) for key, pair in found.items()} == {
        "team_support_dev": ("50.00", "60.00"),
        "team_legal": ("70.00", None),
        "team_sales": (None, "80.00"),
    }
    assert before.differing_wallets(before) == {}
