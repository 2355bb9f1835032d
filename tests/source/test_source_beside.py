"""What differs in a few files from what is known declares the same as when all files are looked at."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.desired import Desired
from reconciler.model.period import Period
from reconciler.source.beside import declared_beside
from reconciler.source.load import load_files

ORGANIZATION = (
    "version: 1\norganization: org_acme\ncurrency: USD\nfiscal_year: {name: FY2027, starts: 2026-06}\n"
    "environments: [prod, dev]\n"
)
SINCE, TODAY = Period(2026, 6), date(2026, 6, 18)


def _team(name: str, *, wallet: str = "", alert: str = "", more: str = "", scope: str = "") -> str:
    return (
        f"version: 1\nteam: {name}\n{more}plan: {{baseline_monthly: 900.00}}\nwallets:\n"
        f"  prod: {{team_id: {wallet or f'{name}_prod'}, monthly: 1000.00}}\n"
        f"  dev: {{team_id: {name}_dev, monthly: 50.00}}\n"
        f"billing_budgets:\n  - {{name: {alert or f'{name}-soft'}, amount: 900.00{scope}}}\n"
    )


KNOWN = {
    "org.yaml": ORGANIZATION,
    **{f"teams/{name}.yaml": _team(name) for name in ("ants", "bees", "cats", "dogs")},
    "teams/eels.yaml": _team("eels", more="state: absent\n"),
    "teams/foxes.yaml": _team("foxes", scope=", scope: {type: agent, id: shared}", alert="agents"),
}
CHANGES = {
    "nothing": {},
    "an amount": {"teams/bees.yaml": _team("bees").replace("1000", "1200")},
    "a comment": {"teams/bees.yaml": f"# ours\n{_team('bees')}"},
    "all that it has": {"teams/bees.yaml": _team("bees", wallet="hive", alert="buzz")},
    "a wallet and an alert that are gone": {"teams/bees.yaml": "version: 1\nteam: bees\nstate: absent\n"},
    "two that swap their wallets": {
        "teams/bees.yaml": _team("bees", wallet="cats_prod"),
        "teams/cats.yaml": _team("cats", wallet="bees_prod"),
    },
    "one that leaves, one that comes back": {
        "teams/bees.yaml": _team("bees", more="state: absent\n"),
        "teams/eels.yaml": _team("eels"),
    },
    "a warning": {"teams/bees.yaml": _team("bees", more="owners: [Jane Doe]\n")},
}
LEFT = {
    "another one's wallet": {"teams/bees.yaml": _team("bees", wallet="cats_prod")},
    "the wallet of one that leaves": {"teams/bees.yaml": _team("bees", wallet="eels_prod")},
    "one wallet twice": {"teams/bees.yaml": _team("bees", wallet="bees_dev")},
    "another one's alert": {
        "teams/bees.yaml": _team("bees", scope=", scope: {type: agent, id: shared}", alert="agents"),
    },
    "another name": {"teams/bees.yaml": _team("wasps")},
    "an earlier name": {"teams/bees.yaml": _team("bees", more="previously: wasps\n")},
    "an error": {"teams/bees.yaml": _team("bees").replace("1000.00", "1,000.00")},
    "what is no YAML": {"teams/bees.yaml": "a: [\n"},
    "no text": {"teams/bees.yaml": ""},
    "line ends of another system": {"teams/bees.yaml": _team("bees").replace("\n", "\r\n")},
    "a file that is too large": {"teams/bees.yaml": f"{_team('bees')}#{'x' * (1 << 20)}\n"},
    "a new file": {"teams/gnus.yaml": _team("gnus")},
    "a file that is gone": {"teams/bees.yaml": None},
    "another organization": {"org.yaml": ORGANIZATION.replace("org_acme", "org_other")},
}


def _known() -> Desired:
    known = _whole(KNOWN)
    assert known is not None
    return known


def _whole(files: dict[str, str]) -> Desired | None:
    return load_files("budgets", _bytes(files), since=SINCE, today=TODAY).desired


def _bytes(files: dict[str, str]) -> dict[str, bytes]:
    return {path: text.encode() for path, text in files.items()}


def _changed(change: dict[str, str | None]) -> dict[str, str]:
    return {path: text for path, text in {**KNOWN, **change}.items() if text is not None}


def _beside(files: dict[str, str], known: Desired | None = None) -> Desired | None:
    return declared_beside(known or _known(), _bytes(files), since=SINCE, today=TODAY)


def _all_of(desired: Desired) -> list[object]:
    """Return what is declared with the order of all that has one."""
    objects = [list(each) for each in (*desired.objects.values(), *desired.absent.values())]
    return [desired, list(desired.wallets), list(desired.teams), objects, list(desired.files.items())]


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_is_right_by_itself_is_put_in_place(change: dict[str, str | None]) -> None:
    found, whole = _beside(_changed(change)), _whole(_changed(change))

    assert found is not None
    assert whole is not None
    assert _all_of(whole) == _all_of(found)


@pytest.mark.parametrize("change", LEFT.values(), ids=LEFT)
def test_what_has_to_do_with_others_or_may_be_wrong_is_left_to_a_look_at_all(change: dict[str, str | None]) -> None:
    assert _beside(_changed(change)) is None


def test_beside_an_earlier_name_or_a_team_that_was_released_all_are_looked_at() -> None:
    former = _changed({"teams/bees.yaml": _team("bees", more="previously: wasps\n")})
    known = _whole(former)
    assert known is not None

    assert _beside({**former, "teams/cats.yaml": f"# ours\n{_team('cats')}"}, known) is None
    assert _beside(_changed({"teams/cats.yaml": f"# ours\n{_team('cats')}"}), _known().without(["bees"])) is None


NAMES = st.sampled_from(("ants", "bees", "cats", "dogs", "eels", "foxes"))


@given(
    st.dictionaries(
        NAMES.map("teams/{}.yaml".format),
        st.builds(
            _team,
            NAMES,
            wallet=st.sampled_from(("", "", "ants_prod", "bees_dev", "new", "bad id")),
            alert=st.sampled_from(("", "agents", "ants-soft")),
            more=st.sampled_from(("", "", "state: absent\n", "previously: ants\n", "colour: red\n")),
            scope=st.sampled_from(("", ", scope: {type: agent, id: shared}", ", scope: {type: team, id: ants_prod}")),
        ),
    )
)
def test_what_is_put_in_place_is_what_a_look_at_all_would_find(change: dict[str, str]) -> None:
    found, whole = _beside({**KNOWN, **change}), _whole({**KNOWN, **change})

    assert found is None or (whole is not None and _all_of(whole) == _all_of(found))
