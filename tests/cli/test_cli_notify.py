"""`kt-budgets notify`: the digest of what a command wrote, to a chat on this machine that takes it or does not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from cli.conftest import Result, Run
from cli.journal_desk import AS_OF, Desk
from loopback import serving

from reconciler.app.notify import service_of
from reconciler.findings import ExitCode
from reconciler.redaction import without_secrets

SECRET = "/services/T000/B000/geheim-geheim"
JSON = ("--format", "json")


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """Serve a webhook whose address is in $HOOK; one whose path ends in `gone` is no more."""
    came: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path.endswith("gone"):
                self.send_error(410)
                return
            came.append(body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as url:
        monkeypatch.setenv("HOOK", f"{url}{SECRET}\n")
        monkeypatch.setenv("GONE", f"{url}{SECRET}/gone")
        yield came


@pytest.fixture
def notified(desk: Desk, chat: list[bytes]) -> Callable[..., Result]:
    desk.plan("--format", "json")

    def run(*arguments: object) -> Result:
        return desk.kt("notify", "plan.json", *arguments)

    return run


def test_the_digest_of_a_plan_is_sent_and_the_address_is_nowhere(
    notified: Callable[..., Result], chat: list[bytes]
) -> None:
    done = notified("--to", "env:HOOK", *JSON)
    assert (done.code, done.err) == (ExitCode.DONE, "")
    assert json.loads(done.out) == {
        "about": "plan",
        "body": None,
        "format": "kt-budgets.notified/1",
        "reason": "",
        "sent": True,
        "service": "json",
    }
    message = json.loads(chat[0])
    assert "USD 500 for alpha / prod in June" in message["title"]
    assert message["text"].endswith("alpha / prod: allocate 500.00, 0.00 -> 500.00")
    assert "geheim" not in done.out
    assert without_secrets(f"http://x{SECRET} failed") == "http://x*** failed"


def test_where_all_is_well_nothing_is_sent_if_that_is_asked(
    notified: Callable[..., Result], desk: Desk, chat: list[bytes]
) -> None:
    assert notified("--to", "env:HOOK", "--if-needed").out.startswith("sent to")
    (calm := desk.remote.parent / "drift.json").write_text(
        json.dumps(json.loads((desk.kt("drift", *JSON)).out) | {"items": [], "waiting": []}), encoding="utf-8"
    )
    assert desk.kt("notify", calm, "--to", "env:HOOK", "--if-needed").out.startswith("nothing was sent: No drift")
    assert len(chat) == 1
    done = desk.kt("notify", calm, "--to", "env:HOOK", *JSON)
    assert (json.loads(done.out)["sent"], len(chat)) == (True, 2)


def test_each_document_that_has_a_digest_is_read_as_its_command_wrote_it(desk: Desk, chat: list[bytes]) -> None:
    usage = desk.remote.parent / "usage.csv"
    rows = [
        f"e{day},2026-{month:02}-{day:02}T12:00:00Z,t-alpha,openai,gpt-4o,40.25"
        for month in (4, 5)
        for day in range(1, 31)
    ]
    rows += [f"f{day},2026-06-{day:02}T12:00:00Z,t-alpha,openai,gpt-4o,40.25" for day in range(1, 18)]
    usage.write_text("\n".join(["id,timestamp,team_id,provider,model,cost", *rows, ""]), encoding="utf-8")
    desk.applied()
    desk.world.enter("t-alpha", "allocate", Decimal(7))
    commands: dict[str, tuple[object, ...]] = {
        "forecast": ("--usage", usage),
        "review": ("--usage", usage, "--digest"),
        "drift": (),
    }
    for name, arguments in commands.items():
        (desk.clone / f"{name}.json").write_text(desk.kt(name, *AS_OF, *JSON, *arguments).out, encoding="utf-8")
        done = desk.kt("notify", f"{name}.json", "--to", "env:HOOK", "--as", "slack")
        assert done.code == ExitCode.DONE, done.err
        assert done.out.startswith("sent to 127.0.0.1:")
    forecast, review, drift = (json.loads(body)["text"] for body in chat)
    assert forecast == "1 of 1 wallet may run out before June 2026 is over"
    assert review.startswith("org_acme, ")
    assert drift == "Drift: 1 difference"


def test_a_message_that_is_not_taken_fails_nothing_unless_that_is_asked_for(notified: Callable[..., Result]) -> None:
    done = notified("--to", "env:GONE")
    assert done.code == ExitCode.DONE
    assert done.out == "nothing was sent\n"
    assert "the message was not sent: 127.0.0.1:" in done.err
    assert "make a new one and put its address into $GONE" in done.err
    strict = notified("--to", "env:GONE", "--strict")
    assert strict.code == ExitCode.REMOTE
    assert "geheim" not in done.err + strict.err


def test_a_dry_run_prints_the_body_and_sends_nothing(notified: Callable[..., Result], chat: list[bytes]) -> None:
    done = notified("--to", "env:HOOK", "--as", "teams", "--dry-run")
    assert json.loads(done.out)["type"] == "message"
    body = json.loads(notified("--to", "env:HOOK", "--as", "slack", "--dry-run", *JSON).out)["body"]
    assert json.loads(body)["blocks"][0]["type"] == "header"
    assert chat == []


def test_the_address_may_be_in_a_file(notified: Callable[..., Result], tmp_path: Path, chat: list[bytes]) -> None:
    (tmp_path / "hook").write_text(f"https://hooks.slack.com{SECRET}\n", encoding="utf-8")
    done = notified("--to", f"file:{tmp_path / 'hook'}", "--dry-run", *JSON)
    assert json.loads(done.out)["service"] == "slack"
    assert "geheim" not in done.out


@pytest.mark.parametrize(
    ("to", "said"),
    [
        (f"https://hooks.slack.com{SECRET}", "`--to` names where the address of the webhook is, and not the address"),
        ("env:NOBODY", "$NOBODY is empty"),
        ("env:", "`--to` names where"),
        ("file:nowhere", "nowhere cannot be read: No such file"),
        ("file:plan.json", "plan.json holds no address of a webhook"),
    ],
)
def test_what_is_no_place_of_an_address_is_refused(to: str, said: str, notified: Callable[..., Result]) -> None:
    done = notified("--to", to)
    assert done.code == ExitCode.USAGE
    assert said in done.err
    assert "geheim" not in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no document of kt-budgets"),
        ("[]", "is no document of kt-budgets"),
        ('{"format": 1}', "is a document of another kind"),
        ('{"format": "kt-budgets.run/1"}', "is a document of another kind"),
        ('{"format": "kt-budgets.drift/1", "items": 5}', "cannot be read as drift: items is not as it should be"),
        ('{"format": "kt-budgets.plan/1"}', "doc.json"),
    ],
)
def test_what_is_no_document_with_a_digest_is_refused(
    text: str, said: str, kt: Run, chat: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "doc.json").write_text(text, encoding="utf-8")
    done = kt("notify", "doc.json", "--to", "env:HOOK")
    assert done.code == ExitCode.USAGE
    assert said in done.err


@pytest.mark.parametrize(
    ("host", "service"),
    [
        ("hooks.slack.com", "slack"),
        ("HOOKS.slack.com:443", "slack"),
        ("prod-12.westeurope.logic.azure.com:443", "teams"),
        ("acme.webhook.office.com", "teams"),
        ("default1.2.environment.api.powerplatform.com", "teams"),
        ("hooks.slack.com.evil.example", "json"),
        ("logic.azure.com.evil.example", "json"),
        ("chat.example", "json"),
    ],
)
def test_the_host_tells_the_service(host: str, service: str) -> None:
    assert service_of(host) == service
