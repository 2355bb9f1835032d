"""Settings come from flags first, then the environment; the token never from the command line and never shown."""

from __future__ import annotations

import logging
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from reconciler.findings import UnauthorizedError, UsageError
from reconciler.logs import configure
from reconciler.model.period import Period
from reconciler.settings import DEFAULT_API_URL, Settings, environment, overlaid, resolve, today


def settings(**given: Any) -> Settings:
    fields: dict[str, Any] = {"api_url": None, "token_file": None, "as_of": None, "period": None, **given}
    return resolve(budgets=Path("budgets"), **fields)


def test_the_period_is_that_of_the_day_and_the_day_is_today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KEEPTRUSTS_API_URL", raising=False)
    assert settings(as_of=date(2026, 6, 18)).period == Period(2026, 6)
    assert settings(as_of=date(2026, 6, 18), period=Period(2026, 7)).period == Period(2026, 7)
    assert settings().as_of == today()
    assert settings().api_url == DEFAULT_API_URL


def test_flags_win_over_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KEEPTRUSTS_API_URL", "https://one.example")
    monkeypatch.setenv("KEEPTRUSTS_API_TOKEN", "from_environment")
    file = tmp_path / "token"
    file.write_text("from_file\n")
    assert settings().api_url == "https://one.example"
    assert settings().require_token() == "from_environment"
    assert settings(api_url="https://two.example").api_url == "https://two.example"
    assert settings(token_file=file).require_token() == "from_file"


def test_the_token_is_never_part_of_a_representation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEEPTRUSTS_API_TOKEN", "kt_secret_value")
    assert "kt_secret_value" not in repr(settings())


def test_a_missing_token_is_said_with_the_ways_to_give_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KEEPTRUSTS_API_TOKEN", raising=False)
    with pytest.raises(UnauthorizedError) as error:
        settings().require_token()
    assert "KEEPTRUSTS_API_TOKEN" in error.value.hint


@pytest.mark.parametrize("content", [b"", b"two words", b"\xff\xfe", "töken".encode()])
def test_a_file_that_holds_no_token_is_refused_without_showing_it(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(UsageError):
        settings(token_file=file)
    with pytest.raises(UsageError):
        settings(token_file=tmp_path / "missing")


def test_an_overlay_is_seen_inside_its_block_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KT_BUDGETS_JOURNAL", raising=False)
    with overlaid(KT_BUDGETS_JOURNAL="file:elsewhere"):
        assert settings().journal == "file:elsewhere"
    assert "KT_BUDGETS_JOURNAL" not in environment()


@pytest.mark.parametrize(("verbosity", "level"), [(0, logging.WARNING), (1, logging.INFO), (3, logging.DEBUG)])
def test_verbosity_sets_what_is_logged(capsys: pytest.CaptureFixture[str], verbosity: int, level: int) -> None:
    configure(verbosity=verbosity, format="json")
    assert logging.getLogger("reconciler").level == level
    logging.getLogger("reconciler.test").error("GET /v1/wallets %d", 200)
    assert '"message": "GET /v1/wallets 200"' in capsys.readouterr().err


def test_what_libraries_log_stays_off_stderr() -> None:
    script = (
        "import logging; from reconciler.logs import configure; configure(verbosity=2, format='text');"
        "logging.error('hush'); logging.getLogger('library').error('hush');"
        "logging.getLogger('reconciler.x').error('told')"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stderr == "ERROR reconciler.x: told\n"
