"""A journal that was deleted, rewound, cut or edited: said, and brought back by a command that is recorded."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from cli.conftest import Result
from cli.journal_desk import AS_OF, Desk, git

REF = "refs/kt-budgets/journal"
WHY = ("--reason", "it was deleted by mistake")


def resumed(desk: Desk, *arguments: str, folder: Path | None = None) -> Result:
    desk.chdir(folder or desk.clone)
    return desk.kt("resume", *AS_OF, "--settle", "0", *arguments)


def in_git(desk: Desk) -> None:
    desk.write("500", org="journal: git:origin\n")
    git(desk.clone, "push", "--quiet", "origin", "main")
    assert desk.applied().code == 0
    desk.write("600", org="journal: git:origin\n")
    git(desk.clone, "push", "--quiet", "origin", "main")
    assert desk.applied().code == 0


def goes_on(desk: Desk, *, funded: int) -> None:
    """Check that money moves again, once, and that the trail is whole and says who repaired it."""
    desk.write(str(funded), org=(desk.clone / "budgets" / "org.yaml").read_text().partition("[prod]\n")[2])
    git(desk.clone, "push", "--quiet", "origin", "main")
    assert desk.applied().code == 0
    assert desk.funded == funded
    audited = desk.kt("audit", *AS_OF, "--verify")
    assert audited.code == 0, audited
    assert f"({WHY[1]})" in audited.out


@pytest.mark.parametrize("how", [("update-ref", "-d", REF), ("update-ref", REF, f"{REF}~2")])
def test_a_journal_that_was_deleted_or_rewound_is_put_back_from_a_clone_that_saw_it(
    desk: Desk, how: tuple[str, ...]
) -> None:
    in_git(desk)
    before = git(desk.remote, "rev-parse", REF)
    git(desk.remote, *how)
    refused = desk.plan()
    assert refused.code == 4
    assert "resume --repair-journal" in refused.err
    assert resumed(desk, "--repair-journal").code == 2
    repaired = resumed(desk, "--repair-journal", *WHY)
    assert repaired.code == 0, repaired
    assert git(desk.remote, "rev-parse", f"{REF}~1") == before
    goes_on(desk, funded=700)


def test_a_journal_that_went_on_elsewhere_after_it_was_rewound_is_joined_for_every_clone(desk: Desk) -> None:
    in_git(desk)
    old = git(desk.remote, "rev-parse", REF)
    git(desk.remote, "update-ref", REF, f"{REF}~2")
    git(desk.another_clone("fresh"), "commit", "--quiet", "--allow-empty", "--message", "x")
    fresh = desk.remote.parent / "fresh"
    desk.chdir(fresh)
    desk.kt("resume", *AS_OF, "--settle", "0")
    assert git(desk.remote, "rev-parse", REF) != old
    assert "was rewritten" in desk.plan().err
    assert resumed(desk, "--repair-journal", *WHY).code in (0, 7)
    assert desk.kt("audit").code == 0
    desk.chdir(fresh)
    assert desk.kt("audit").code == 0
    assert old in git(desk.remote, "rev-list", REF).splitlines()


def test_an_edited_git_journal_goes_on_from_what_is_whole(desk: Desk) -> None:
    in_git(desk)
    lines = git(desk.remote, "show", f"{REF}:000001.jsonl").splitlines()
    lines[-1] = lines[-1].replace("finished", "finishes")
    blob = desk.remote.parent / "edited"
    blob.write_text("\n".join(lines) + "\n")
    tree = desk.remote.parent / "tree"
    tree.write_text(f"100644 blob {git(desk.remote, 'hash-object', '-w', str(blob))}\t000001.jsonl\n")
    subject = git(desk.remote, "log", "-1", "--format=%s", REF)
    made = git(desk.remote, "-c", "alias.tree=!git mktree <" + str(tree), "tree")
    git(desk.remote, "update-ref", REF, git(desk.remote, "commit-tree", made, "-p", REF, "-m", subject))
    assert desk.plan().code == 4
    assert resumed(desk, "--repair-journal", *WHY).code == 0
    goes_on(desk, funded=700)


@pytest.mark.parametrize("damage", ["edited", "shortened", "gone", "head", "twice"])
def test_a_damaged_file_goes_on_from_what_is_whole_and_keeps_the_rest_aside(desk: Desk, damage: str) -> None:
    assert desk.applied().code == 0
    desk.write("600")
    git(desk.clone, "push", "--quiet", "origin", "main")
    assert desk.applied().code == 0
    journal = desk.clone / ".kt-budgets" / "journal"
    text = journal.read_text()
    match damage:
        case "edited":
            journal.write_text(text.replace('"finished"', '"finishes"'))
        case "shortened":
            journal.write_text("".join(text.splitlines(keepends=True)[:-2]))
        case "gone":
            journal.unlink()
        case "head":
            journal.with_name("journal.head").write_text("nonsense " * 30)
        case _:
            (desk.clone / "copy").hardlink_to(journal)
    held = journal.read_text() if journal.exists() else ""
    desk.chdir(desk.clone)
    assert desk.kt("audit").code == 4
    repaired = resumed(desk, "--repair-journal", *WHY)
    assert repaired.code in (0, 7), repaired
    (aside,) = journal.parent.glob("journal.distrusted-*")
    assert aside.read_text() == held
    assert desk.kt("audit").code == 0
    last = [json.loads(line) for line in journal.read_text().splitlines() if '"recovered"' in line]
    assert last[-1]["facts"]["reason"] == WHY[1]
    assert last[-1]["facts"]["who"]
    assert desk.funded == Decimal(600)


def test_a_whole_journal_and_one_of_another_organization_are_not_repaired(desk: Desk) -> None:
    assert desk.applied().code == 0
    assert "nothing was repaired" in resumed(desk, "--repair-journal", *WHY).err
    journal = desk.clone / ".kt-budgets" / "journal"
    before = journal.read_bytes()
    org = desk.clone / "budgets" / "org.yaml"
    org.write_text(org.read_text().replace("org_acme", "org_other"))
    refused = resumed(desk, "--repair-journal", *WHY, "--journal", f"file:{journal}")
    assert refused.code == 4
    assert "belongs to org_acme" in refused.err
    assert journal.read_bytes() == before


def test_a_torn_last_line_is_not_called_whole(desk: Desk) -> None:
    assert desk.applied().code == 0
    journal = desk.clone / ".kt-budgets" / "journal"
    with journal.open("a") as file:
        file.write('{"format": "kt-')
    desk.chdir(desk.clone)
    audited = desk.kt("audit", *AS_OF, "--verify")
    assert audited.code == 11
    assert "Every record is whole" not in audited.out
    assert "the last line is incomplete (15 bytes)" in audited.out
    assert any("incomplete" in note for note in json.loads(desk.kt("audit", "--format", "json").out)["notes"])
    assert resumed(desk).code == 0
    assert "Every record is whole and in order" in desk.kt("audit", *AS_OF, "--verify").out
