"""A packet that was made in one place proves itself in another, and whatever was changed in it is named."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cli.conftest import Run
from cli.journal_desk import AS_OF, ORG, team
from memory_over_http import TOKEN, World, over_http

from reconciler.app.evidence.archive import write_archive
from reconciler.app.evidence.packet import packet
from reconciler.app.evidence.store import ExportStore, digest_of_file
from reconciler.app.evidence.verify import verify
from reconciler.app.session import settings
from reconciler.cli.boundary import run
from reconciler.cli.main import cli
from reconciler.findings import ExitCode
from reconciler.model.exports import KeptExport
from reconciler.model.json_text import json_text
from reconciler.settings import overlaid

DAY = date(2026, 6, 18)


class Place(NamedTuple):
    """A folder with budgets, kept exports and a journal, and the packet that was made there, signed."""

    folder: Path
    packet: Path
    key: Path
    public: Path


def keep(folder: Path) -> None:
    """Keep an export of the spring, as it is fetched."""
    days = [date(2026, 3, 1) + timedelta(days=number) for number in range(109)]
    rows = "".join(
        f"e{number},{day}T12:00:00Z,t-alpha,openai,gpt-4o,{10 + number % 5}.25\n" for number, day in enumerate(days)
    )
    (folder / "exports").mkdir(parents=True)
    file = folder / "exports" / "events-2026-03-01-to-2026-06-17.csv"
    file.write_text(f"id,timestamp,team_id,provider,model,cost\n{rows}", encoding="utf-8")
    store = ExportStore(folder, organization="org_acme", currency="USD")
    cost = sum((Decimal(10 + number % 5) + Decimal("0.25") for number in range(109)), Decimal(0))
    store.save(
        store.manifest.keeping(
            KeptExport(
                file=file.name,
                first_day=days[0],
                last_day=days[-1],
                digest=digest_of_file(file),
                size=file.stat().st_size,
                job="job_1",
                rows=len(days),
                cost=cost,
            )
        )
    )


def keys(folder: Path, name: str = "key") -> tuple[Path, Path]:
    """Make a pair of keys as `openssl genpkey` does."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate()
    secret, public = folder / f"{name}.pem", folder / f"{name}.pub.pem"
    pem = form.Encoding.PEM
    secret.write_bytes(private.private_bytes(pem, form.PrivateFormat.PKCS8, form.NoEncryption()))
    public.write_bytes(private.public_key().public_bytes(pem, form.PublicFormat.SubjectPublicKeyInfo))
    return secret, public


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("made")
    (folder / "budgets" / "teams").mkdir(parents=True)
    (folder / "budgets" / "org.yaml").write_text(ORG)
    (folder / "budgets" / "teams" / "alpha.yaml").write_text(team("500"))
    keep(folder / "evidence")
    key, public = keys(folder)
    before = Path.cwd()
    os.chdir(folder)
    try:
        with over_http(World()) as url, overlaid(KEEPTRUSTS_API_URL=url, KEEPTRUSTS_API_TOKEN=TOKEN):
            for command in (
                ("plan", *AS_OF, "--usage", "evidence/exports"),
                ("apply", *AS_OF, "--plan", "plan.json", "--settle", "0"),
            ):
                assert run(cli, list(command)) == ExitCode.DONE
            made = packet(settings(as_of=DAY), Path("evidence"), Path("one.zip"), reviewed=Path("plan.json"), key=key)
            again = packet(settings(as_of=DAY), Path("evidence"), Path("two.zip"), reviewed=Path("plan.json"), key=key)
        assert made.facts.digest == again.facts.digest, "the same facts are the same bytes"
        yield Place(folder, folder / "one.zip", key, public)
    finally:
        os.chdir(before)


def contents(archive: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as found:
        return {name: found.read(name) for name in found.namelist()}


def test_a_packet_holds_what_was_planned_done_and_why(place: Place) -> None:
    files = contents(place.packet)
    assert {
        "README.txt",
        "answers.json",
        "audit.json",
        "budgets/org.yaml",
        "forecast.json",
        "journal.jsonl",
        "review.json",
    } <= files.keys()
    (applied,) = json.loads(files["audit.json"])["runs"][0]["operations"]
    assert (applied["step"], applied["amount"], len(applied["transactions"])) == ("confirmed", "500.00", 1)
    assert json.loads(files["plan.json"])["changes"] == [], "what was reviewed is applied"
    assert json.loads(files["reviewed/plan.json"])["changes"][0]["amount"] == "500.00"
    statement = json.loads(files["statement.json"])
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert {one["name"]: one["digest"]["sha256"] for one in statement["subject"]} == {
        name: sha256(data).hexdigest() for name, data in files.items() if not name.startswith("statement.")
    }
    assert TOKEN.encode() not in place.packet.read_bytes()


@pytest.mark.slow
def test_a_packet_is_verified_in_another_folder_time_zone_and_language(place: Place, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    moved = tmp_path / "elsewhere" / "Päckchen (1).zip"
    moved.write_bytes(place.packet.read_bytes())
    command = [sys.executable, "-m", "reconciler", "evidence", "verify", str(moved), "--key", str(place.public)]
    elsewhere = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "HOME": str(tmp_path), "PYTHONHASHSEED": "7", "PATH": ""}
    done = subprocess.run(
        [*command, "--format", "json"],
        cwd=tmp_path,
        env=elsewhere,
        capture_output=True,
        text=True,
        check=False,
        umask=0o077,
        timeout=300,
    )
    assert done.returncode == ExitCode.DONE, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert (found["sound"], found["recomputed"]) == (True, ["audit.json", "forecast.json", "plan.json", "review.json"])
    assert found["signed_by"].startswith("sha256:")


Tamper = Callable[[dict[str, bytes], Path, Place], str]
"""Changes what the archive holds, or writes another one to the path; returns the member that is to be named."""


def restated(files: dict[str, bytes], **facts: Any) -> None:
    """Make the statement say what the files are now, as one who knows the format would."""
    statement = json.loads(files["statement.json"])
    statement["predicate"] |= facts
    statement["subject"] = [subject for subject in statement["subject"] if subject["name"] in files]
    for subject in statement["subject"]:
        data = files[subject["name"]]
        subject |= {"digest": {"sha256": sha256(data).hexdigest()}, "annotations": {"size": len(data)}}
    files["statement.json"] = json_text(statement).encode()
    files.pop("statement.dsse.json")


def edited(name: str, old: bytes, new: bytes) -> Tamper:
    def tamper(files: dict[str, bytes], path: Path, place: Place) -> str:
        assert old in files[name]
        files[name] = files[name].replace(old, new, 1)
        return name

    return tamper


def covered_up(name: str, old: bytes, new: bytes, named: str | None = None) -> Tamper:
    def tamper(files: dict[str, bytes], path: Path, place: Place) -> str:
        edited(name, old, new)(files, path, place)
        restated(files)
        return name if named is None else named

    return tamper


def missing(name: str) -> Tamper:
    def tamper(files: dict[str, bytes], path: Path, place: Place) -> str:
        del files[name]
        return name

    return tamper


def left_out(name: str) -> Tamper:
    def tamper(files: dict[str, bytes], path: Path, place: Place) -> str:
        del files[name]
        restated(files)
        return name

    return tamper


def extra(files: dict[str, bytes], path: Path, place: Place) -> str:
    files["budgets/teams/beta.yaml"] = b"version: 1\n"
    return "budgets/teams/beta.yaml"


def of_another_key(files: dict[str, bytes], path: Path, place: Place) -> str:
    from reconciler.app.evidence.statement import signed

    other, _ = keys(path.parent, "other")
    files["statement.dsse.json"], _ = signed(files["statement.json"], other)
    return "statement.dsse.json"


def of_another_statement(files: dict[str, bytes], path: Path, place: Place) -> str:
    from reconciler.app.evidence.statement import signed

    files["statement.dsse.json"], _ = signed(b"{}", place.key)
    return "statement.dsse.json"


def under_the_same_name(files: dict[str, bytes], path: Path, place: Place) -> str:
    envelope = json.loads(files["statement.dsse.json"])
    signature = envelope["signatures"][0]["sig"]
    envelope["signatures"][0]["sig"] = ("B" if signature[0] == "A" else "A") + signature[1:]
    files["statement.dsse.json"] = json_text(envelope).encode()
    return "statement.dsse.json"


def reordered(files: dict[str, bytes], path: Path, place: Place) -> str:
    statement = json.loads(files["statement.json"])
    statement["subject"].reverse()
    files["statement.json"] = json_text(statement).encode()
    return "statement.json"


def other_version(files: dict[str, bytes], path: Path, place: Place) -> str:
    edited("statement.json", b"packet-facts:1", b"packet-facts:2")(files, path, place)
    return "statement.json"


def other_digest(files: dict[str, bytes], path: Path, place: Place) -> str:
    statement = json.loads(files["statement.json"])
    statement["subject"][0]["digest"]["sha256"] = "0" * 64
    files["statement.json"] = json_text(statement).encode()
    return str(statement["subject"][0]["name"])


def raw(*entries: tuple[zipfile.ZipInfo, bytes], replacing: str = "") -> Tamper:
    """Write an archive by hand with `entries` besides its files."""

    def tamper(files: dict[str, bytes], path: Path, place: Place) -> str:
        with warnings.catch_warnings(), zipfile.ZipFile(path, "w") as archive:
            warnings.simplefilter("ignore")
            for name, data in files.items():
                if name != replacing:
                    archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
            for entry, data in entries:
                archive.writestr(entry, data)
        return entries[0][0].filename

    return tamper


def entry(name: str, *, mode: int = stat.S_IFREG | 0o644, compressed: bool = False) -> zipfile.ZipInfo:
    found = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    found.external_attr = mode << 16
    found.compress_type = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    return found


def cut(files: dict[str, bytes], path: Path, place: Place) -> str:
    path.write_bytes(place.packet.read_bytes()[:-700])
    return ""


def appended(files: dict[str, bytes], path: Path, place: Place) -> str:
    path.write_bytes(b"#!/bin/sh\n" + place.packet.read_bytes())
    return ""


def flipped(files: dict[str, bytes], path: Path, place: Place) -> str:
    data = bytearray(place.packet.read_bytes())
    data[data.index(b"t-alpha,openai")] ^= 1
    path.write_bytes(data)
    return "exports/events-2026-03-01-to-2026-06-17.csv"


EXPORT = "exports/events-2026-03-01-to-2026-06-17.csv"
TAMPERED: list[tuple[str, str, Tamper]] = [
    ("a missing member", "missing-member", missing("forecast.json")),
    ("a missing statement", "missing-member", missing("statement.json")),
    ("an extra member", "extra-member", extra),
    ("a changed budget", "digest-differs", edited("budgets/teams/alpha.yaml", b"500", b"900")),
    ("a changed plan", "digest-differs", edited("plan.json", b"org_acme", b"org_acne")),
    ("a changed digest", "digest-differs", other_digest),
    ("a flipped byte in the archive", "broken-member", flipped),
    ("a truncated archive", "no-archive", cut),
    ("bytes before the archive", "strange-layout", appended),
    ("a path that leads out", "unsafe-name", raw((entry("../../etc/cron.d/evil"), b"* * * * *"))),
    ("an absolute path", "unsafe-name", raw((entry("/etc/passwd"), b"root"))),
    ("a backslash", "unsafe-name", raw((entry("exports\\..\\evil.csv"), b"x"))),
    ("a symbolic link", "link", raw((entry("exports/link.csv", mode=stat.S_IFLNK | 0o777), b"/etc/passwd"))),
    ("two members of one name", "duplicate-member", raw((entry("plan.json"), b"{}"))),
    ("a zip bomb", "compressed", raw((entry("exports/bomb.csv", compressed=True), bytes(20_000_000)))),
    ("a folder", "no-file", raw((entry("exports/", mode=stat.S_IFDIR | 0o755), b""))),
    ("another version", "wrong-version", other_version),
    ("a reordered statement", "rewritten-statement", reordered),
    ("a key that comes twice", "unreadable-statement", edited("statement.json", b'"_type"', b'"_type": 1, "_type"')),
    ("a signature of another key", "other-key", of_another_key),
    ("a signature of another statement", "other-statement", of_another_statement),
    ("a signature with another byte", "wrong-signature", under_the_same_name),
    ("no signature where one is asked for", "missing-signature", missing("statement.dsse.json")),
]
COVERED_UP: list[tuple[str, str, Tamper]] = [
    (
        "a changed plan",
        "not-reproduced",
        covered_up("plan.json", b'"complete": true', b'"complete": true '),
    ),
    ("a changed forecast", "not-reproduced", covered_up("forecast.json", b'"0.5": "', b'"0.5": "1')),
    ("a changed review", "not-reproduced", covered_up("review.json", b'"difference": "', b'"difference": "1')),
    ("a review that was left out", "not-reproduced", left_out("review.json")),
    ("another budget", "not-reproduced", covered_up("budgets/teams/alpha.yaml", b"500", b"900", "plan.json")),
    ("an event less", "other-exports", covered_up(EXPORT, b"e7,", b"e8,")),
    (
        "a sum to the billionth",
        "other-exports",
        covered_up("exports/manifest.json", b'"exact_cost": null', b'"exact_cost": "1"', EXPORT),
    ),
    ("another record", "broken-journal", covered_up("journal.jsonl", b"500.00", b"400.00")),
    ("another reviewed plan", "edited-plan", covered_up("reviewed/plan.json", b"500.00", b"400.00")),
]


def judged(
    place: Place, tamper: Tamper, folder: Path, *, key: Path | None
) -> tuple[list[tuple[str, str]], tuple[str, str]]:
    files, path = contents(place.packet), folder / "tampered.zip"
    named = tamper(files, path, place)
    if not path.exists():
        write_archive(path, files)
    found = verify(path, key=key)
    assert found.exit_code == ExitCode.REFUSED
    return [(problem.code, problem.member) for problem in found.facts.problems], ("", named)


@pytest.mark.parametrize(("code", "tamper"), [one[1:] for one in TAMPERED], ids=[one[0] for one in TAMPERED])
def test_what_was_tampered_with_is_named(code: str, tamper: Tamper, place: Place, tmp_path: Path) -> None:
    found, (_, member) = judged(place, tamper, tmp_path, key=place.public)
    assert (code, member) in found


@pytest.mark.parametrize(("code", "tamper"), [one[1:] for one in COVERED_UP], ids=[one[0] for one in COVERED_UP])
def test_who_writes_all_digests_again_is_found_out_by_what_follows(
    code: str, tamper: Tamper, place: Place, tmp_path: Path
) -> None:
    found, (_, member) = judged(place, tamper, tmp_path, key=None)
    assert (code, member) in found


def test_nothing_is_written_outside_and_all_problems_are_named_at_once(place: Place, kt: Run, tmp_path: Path) -> None:
    raw((entry("../evil"), b"x"), (entry("/evil"), b"x"), (entry("plan.json"), b"{}"))(
        contents(place.packet), tmp_path / "bad.zip", place
    )
    done = kt("evidence", "verify", tmp_path / "bad.zip", "--digest", "sha256:00", "--format", "json")
    assert done.code == ExitCode.REFUSED
    found = {(problem["code"], problem["member"]) for problem in json.loads(done.out)["problems"]}
    assert {
        ("unsafe-name", "../evil"),
        ("unsafe-name", "/evil"),
        ("duplicate-member", "plan.json"),
        ("other-packet", ""),
    } <= found
    assert [path.name for path in tmp_path.iterdir()] == ["bad.zip"]
    assert not (tmp_path.parent / "evil").exists()
