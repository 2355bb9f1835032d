"""Proxies and certificates of the environment count for every client alike, and a bad address is no bug."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tls import proxy, tls_server

from reconciler.findings import UnreachableError, UsageError
from reconciler.forge.github.channel import Channel
from reconciler.forge.github.channel import Connection as GitHub
from reconciler.http.clients import certificates
from reconciler.keeptrusts.connection import Connection
from reconciler.keeptrusts.exports import ExportJob, ExportJobs
from reconciler.keeptrusts.reader import Reader
from reconciler.keeptrusts.writer import Writer
from reconciler.model.money import Money
from reconciler.model.wallet_ref import WalletRef
from reconciler.model.write import NotSent
from reconciler.usage.read import read_usage

ANSWER = b'{"id": "x", "status": "completed", "organization": {"id": "org_acme"}, "transaction": {"id": "t"}}'
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*VARIABLES, "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def ask_github(url: str) -> None:
    with Channel(GitHub(api_url=url, token="ghs_secret", retries=0, timeout=10)) as channel:
        channel.get("/repos/acme/ai-budgets")


def ask_keeptrusts(url: str) -> None:
    with Reader(Connection(base_url=url, token="kt_secret", retries=0)) as reader:
        reader.identity()


def ask_exports(url: str) -> None:
    with ExportJobs(Connection(base_url=url, token="kt_secret", retries=0)) as jobs:
        jobs.wait(ExportJob("x", "queued", "csv"))


CLIENTS = pytest.mark.parametrize("ask", [ask_github, ask_keeptrusts, ask_exports])


@CLIENTS
@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_an_authority_that_the_environment_names_is_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Callable[[str], None], variable: str
) -> None:
    with tls_server(tmp_path, ANSWER) as server:
        with pytest.raises(UnreachableError, match="certificate") as caught:
            ask(server.url)
        assert "SSL_CERT_FILE" in caught.value.hint
        monkeypatch.setenv(variable, str(server.authority))
        ask(server.url)
    assert len(server.asked) == 1


@CLIENTS
def test_a_proxy_of_the_environment_is_used_unless_the_host_is_excepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Callable[[str], None]
) -> None:
    with tls_server(tmp_path, ANSWER) as server, proxy(urlsplit(server.url).port or 0) as between:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.authority))
        monkeypatch.setenv("HTTPS_PROXY", between.url)
        ask("https://api.private.test")
        assert between.asked == ["api.private.test:443"]
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        ask(server.url)
    assert between.asked == ["api.private.test:443"]
    assert len(server.asked) == 2


def test_a_write_goes_by_the_proxy_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tls_server(tmp_path, ANSWER) as server, proxy(urlsplit(server.url).port or 0) as between:
        monkeypatch.setenv("HTTPS_PROXY", between.url)
        with Writer(Connection(base_url="https://api.private.test", token="kt_secret")) as writer:
            result = writer.allocate(WalletRef.team("t"), Money(Decimal(1), "USD"), description="d", operation="o")
    assert isinstance(result, NotSent)
    assert "certificate" in result.reason
    assert between.asked == ["api.private.test:443"]


@CLIENTS
@pytest.mark.parametrize(
    ("variable", "value"),
    [("HTTPS_PROXY", "nonsense://u:secret@h:1"), ("SSL_CERT_FILE", "/gone.pem"), ("REQUESTS_CA_BUNDLE", "/gone.pem")],
)
def test_settings_of_the_environment_that_cannot_be_used_are_named_without_secrets(
    monkeypatch: pytest.MonkeyPatch, ask: Callable[[str], None], variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(UsageError) as caught:
        ask("https://127.0.0.1:1")
    assert variable in caught.value.hint
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    "url", ["https://[half", "https://host:port", "ftp://host", "https://u:hunter2@host", "https://", "https://h/#x"]
)
@pytest.mark.parametrize(
    "make", [lambda url: GitHub(api_url=url, token="t" * 9), lambda url: Connection(base_url=url, token="t")]
)
def test_an_address_that_is_none_is_refused_with_how_to_write_it(make: Any, url: str) -> None:
    with pytest.raises(UsageError) as caught:
        make(url)
    assert "https://" in caught.value.hint
    assert "hunter2" not in caught.value.message + caught.value.hint


def test_an_export_behind_an_address_is_fetched_by_the_proxy_and_believes_the_authority(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "certificates").mkdir()
    rows = b'[{"id": "e1", "timestamp": "2026-06-02T10:00:00Z", "team_id": "t-alpha", "model": "m", "cost": 1.25}]'
    with tls_server(tmp_path / "certificates", rows) as server, proxy(urlsplit(server.url).port or 0) as between:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.authority))
        monkeypatch.setenv("HTTPS_PROXY", between.url)
        usage = read_usage(
            ["https://api.private.test/events.json"], first=date(2026, 5, 1), end=date(2026, 7, 1), folder=tmp_path
        )
    assert usage.source.rows == 1
    assert set(between.asked) == {"api.private.test:443"}


def test_certificates_are_read_once_and_again_when_their_file_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tls_server(tmp_path, ANSWER) as server:
        bundle = tmp_path / "bundle.pem"
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
        bundle.write_bytes(server.authority.read_bytes())
        first = certificates(trust_environment=True)
        assert certificates(trust_environment=True) is first
        assert certificates(trust_environment=False).get_ca_certs() == []
        bundle.write_bytes(b"nothing" * 1000)
        with pytest.raises(UsageError):
            certificates(trust_environment=True)
