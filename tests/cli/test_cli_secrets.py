"""No secret reaches an error, a log or the details of a bug; with -v what was asked and done is said."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from cli.small_folder import small_folder
from installed import kt_budgets
from memory_over_http import TOKEN, World, over_http

from reconciler.redaction import hide, hide_environment, without_secrets

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the budgets of one team."""
    return small_folder(tmp_path)


def kt(folder: Path, *arguments: str, **variables: str) -> CompletedProcess[str]:
    environment = {**os.environ, "KEEPTRUSTS_API_URL": "http://127.0.0.1:1", "KEEPTRUSTS_API_TOKEN": TOKEN, **variables}
    return kt_budgets(*arguments, folder=folder, environment=environment)


SECRET = "kt_live_5f2c9a_hunter2"


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        (("plan", "--token-file", SECRET), {}),
        (("plan", "--token-file", SECRET, "--format", "json"), {}),
        (("plan", "--api-url", f"https://u:{SECRET}@host"), {}),
        (("plan",), {"KEEPTRUSTS_API_URL": f"https://u:{SECRET}@host"}),
        (("plan", "--usage", f"https://u:{SECRET}@127.0.0.1:1/e.json?X-Amz-Signature={SECRET}"), {}),
        (("forecast", "--offline", "--usage", f"https://127.0.0.1:1/e.json?sig={SECRET}"), {}),
        (("plan", "--api-url", "https://127.0.0.1:1"), {"HTTPS_PROXY": f"nonsense://u:{SECRET}@h:1"}),
        (("plan", "--journal", f"http://u:{SECRET}@host/x.git"), {}),
        (("plan", f"https://u:{SECRET}@host"), {}),
        (("plan", "-vv", "--api-url", f"http://127.0.0.1:1/{SECRET}"), {"KEEPTRUSTS_API_TOKEN": SECRET}),
    ],
    ids=lambda value: " ".join(value).replace(SECRET, "…")[:60] if isinstance(value, tuple) else "",
)
def test_a_secret_that_was_given_is_never_said_again(
    folder: Path, arguments: tuple[str, ...], variables: dict[str, str]
) -> None:
    done = kt(folder, *arguments, **variables)
    assert done.returncode in (2, 9), done.stderr
    assert SECRET not in done.stderr + done.stdout
    assert done.stderr


def test_a_token_file_that_is_not_there_is_said_with_the_other_way(folder: Path) -> None:
    done = kt(folder, "plan", "--token-file", SECRET)
    assert "`--token-file`" in done.stderr
    assert "KEEPTRUSTS_API_TOKEN" in done.stderr


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("git+https://ada:pa/ss@host/x.git", "git+https://***@host/x.git"),
        ("s3://bucket/key?X-Amz-Signature=abc&x=1 failed", "s3://bucket/key?*** failed"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("{'authorization': 'Basic dTpw'}", "{'authorization': 'Basic ***'}"),
        ("fatal: ghp_0123456789abcdefghijABCDEFGHIJ012345 refused", "fatal: *** refused"),
        ("ask ada@acme.com about budgets/org.yaml:3:4", "ask ada@acme.com about budgets/org.yaml:3:4"),
    ],
)
def test_what_stands_where_secrets_stand_is_taken_out(text: str, shown: str) -> None:
    assert without_secrets(text) == shown


def test_values_of_variables_that_are_named_like_secrets_are_taken_out_and_places_are_not() -> None:
    hide_environment({"MY_PASSWORD": "pass-phrase-1", "APP_TOKEN_FILE": "/run/token", "PATH": "/usr/bin"})
    hide("abc")
    assert without_secrets("pass-phrase-1 in /run/token on /usr/bin, abc") == "*** in /run/token on /usr/bin, abc"


def test_requests_readings_and_decisions_are_logged_without_the_token(folder: Path) -> None:
    state = World(teams={"t-alpha": "t-alpha"})
    state.enter("t-alpha", "allocate", Decimal(40), at="2026-06-01T00:00:00Z")
    with over_http(state) as url:
        plan = ("plan", "--as-of", "2026-06-18", "--usage", "usage.csv", "-v")
        text = kt(folder, *plan, KEEPTRUSTS_API_URL=url)
        lines = kt(folder, *plan, "--log-format", "json", KEEPTRUSTS_API_URL=url)
        quiet = kt(folder, *plan[:-1], KEEPTRUSTS_API_URL=url)
        applied = kt(folder, "apply", "--as-of", "2026-06-18", "-v", KEEPTRUSTS_API_URL=url)
    for said in (
        "GET /v1/wallets: 200 after",
        "and 1 ledgers with 1 entries",
        "read usage: 1 events",
        "allocate for alpha",
    ):
        assert said in text.stderr
        assert any(said in json.loads(line)["message"] for line in lines.stderr.splitlines())
        assert said not in quiet.stderr
    assert "POST /v1/wallets/allocate: 201 after" in applied.stderr
    assert "allocate t-alpha 60.00: applied txn_" in applied.stderr
    assert TOKEN not in text.stderr + lines.stderr + applied.stderr
