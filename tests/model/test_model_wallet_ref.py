"""WalletRef: a wallet has a scope and an id, and the text that stands for it in documents."""

from __future__ import annotations

import copy
import json
import pickle
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.keeptrusts.wallets import holder
from reconciler.model.change import Allocate
from reconciler.model.wallet_ref import WalletRef

ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,20}", fullmatch=True)


@given(st.sampled_from(["team", "user"]), ids)
def test_a_reference_is_the_same_after_its_text_a_pickle_and_a_copy(scope: str, id: str) -> None:
    ref = WalletRef("user" if scope == "user" else "team", id)
    for other in (WalletRef.parse(str(ref)), pickle.loads(pickle.dumps(ref)), copy.deepcopy(ref)):  # noqa: S301
        assert isinstance(other, WalletRef)
        assert (other, other.scope, other.id) == (ref, scope, id)
    assert json.loads(json.dumps({ref: ref})) == {str(ref): str(ref)}


def test_a_team_is_its_id_alone_and_a_user_is_no_team_of_that_id() -> None:
    assert str(WalletRef.team("team_support")) == "team_support"
    assert str(WalletRef("user", "ada")) == "user:ada"
    assert WalletRef("user", "ada") != WalletRef.team("ada")


def test_a_request_names_whose_wallet_it_is() -> None:
    assert holder(WalletRef.team("team_support")) == {"team_id": "team_support"}
    assert holder(WalletRef("user", "ada")) == {"user_id": "ada"}


@pytest.mark.parametrize("text", ["team_support", "user:ada"])
def test_a_document_holds_the_text_and_gives_the_reference_back(text: str) -> None:
    facts = {
        "team": "support",
        "environment": "prod",
        "wallet": text,
        "amount": "1.00",
        "currency": "USD",
        "target": "1.00",
        "funded_before": "0.00",
        "funded_after": "1.00",
        "op": f"2026-06-{'c' * 20}",
    }
    move = Allocate.model_validate(facts)
    assert isinstance(move.wallet, WalletRef)
    assert move.amount == Decimal(1)
    assert move.model_dump(mode="json")["wallet"] == text
    assert Allocate.model_validate_json(move.model_dump_json()) == move
