"""The Python API does what the commands do: the same documents, typed, with errors that are documented."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from datetime import date
from pathlib import Path
from shutil import copytree

import pytest

from reconciler.app import api
from reconciler.cli.boundary import run
from reconciler.cli.main import cli
from reconciler.findings import BudgetsError, UsageError
from reconciler.model.wallet_ref import WalletRef

BUDGETS = Path(__file__).parent.parent.parent / "budgets"
AS_OF = date(2026, 6, 18)
RAISES_NOTHING = {"heard_by", "review", "validate"}
FUNCTIONS = [getattr(api, name) for name in api.__all__ if inspect.isfunction(inspect.unwrap(getattr(api, name)))]


@pytest.fixture(autouse=True)
def _no_keeptrusts(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KEEPTRUSTS_API_URL", "KEEPTRUSTS_API_TOKEN", "KT_BUDGETS_JOURNAL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Return a function that runs a command on the example and gives what it prints."""

    def ran(*arguments: str) -> str:
        capsys.readouterr()
        assert run(cli, [*arguments, "--budgets", str(BUDGETS), "--format", "json"]) == 0
        return capsys.readouterr().out

    return ran


def test_a_look_ahead_is_the_document_that_the_command_prints(printed: Callable[..., str]) -> None:
    here = api.settings(BUDGETS, as_of=AS_OF)
    found = api.look_ahead(here, wallets=["support"], horizon=2, offline=True)
    arguments = ("forecast", "--offline", "--as-of", str(AS_OF), "--wallet", "support", "--horizon", "2")
    assert found.rendered("json") == printed(*arguments)
    assert [wallet.team for wallet in found.forecast.wallets] == ["support", "support"]


def test_what_is_supposed_is_the_document_that_the_command_prints(printed: Callable[..., str]) -> None:
    found = api.suppose(api.settings(BUDGETS, as_of=AS_OF), api.Supposed(("support/prod=14500",)), offline=True)
    arguments = ("whatif", "--offline", "--as-of", str(AS_OF), "--wallet", "support/prod=14500")
    assert found.rendered("json") == printed(*arguments)
    assert found.other.wallets[WalletRef.team("team_support")].target(found.outlook.settings.period).amount == 14500


def test_findings_are_the_document_that_the_command_prints(printed: Callable[..., str]) -> None:
    assert api.validate(BUDGETS).rendered("json") == printed("validate")


def test_a_recommendation_asks_for_nothing_but_settings(printed: Callable[..., str]) -> None:
    found = api.recommend(api.settings(BUDGETS, as_of=AS_OF), offline=True)
    assert found.rendered("json") == printed("recommend", "--offline", "--as-of", str(AS_OF))


def test_a_use_case_says_on_its_way_what_the_command_says_on_stderr(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    copied = copytree(BUDGETS, tmp_path / "budgets")
    with caplog.at_level(logging.WARNING, logger="reconciler.app"):
        api.look_ahead(api.settings(copied, as_of=AS_OF), offline=True)
    assert [message.partition(":")[0] for message in caplog.messages] == ["`--offline`"]


def test_an_unknown_wallet_is_an_error_with_a_fix_and_no_exit() -> None:
    with pytest.raises(UsageError, match="there is no wallet `support/prd`") as raised:
        api.look_ahead(api.settings(BUDGETS, as_of=AS_OF), wallets=["support/prd"], offline=True)
    assert raised.value.hint.startswith("did you mean `support/prod`?")


def test_two_sandboxes_share_no_journal_with_each_other_or_the_organization() -> None:
    journals = {api.settings(BUDGETS, sandbox=sandbox).journal for sandbox in (True, True, False)}
    assert len(journals) == 3


def test_the_api_can_refuse_whatever_a_command_refuses() -> None:
    with pytest.raises(BudgetsError, match="no Keeptrusts token was given"):
        api.plan(api.settings(BUDGETS, as_of=AS_OF))


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_every_function_is_typed_and_says_what_it_raises(function: Callable[..., object]) -> None:
    signature = inspect.signature(inspect.unwrap(function))
    untyped = [name for name, parameter in signature.parameters.items() if parameter.annotation is parameter.empty]
    assert (untyped, signature.return_annotation is not signature.empty) == ([], True)
    assert ("\nRaises:\n" in (inspect.getdoc(function) or "")) is (function.__name__ not in RAISES_NOTHING)
