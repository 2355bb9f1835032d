"""One organization, one journal: whatever folder, clone, link or option a command is started with."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import pytest
from cli.journal_desk import AS_OF, ORG, Desk, git


def test_a_run_from_a_subfolder_goes_on_with_the_journal_of_the_repository(desk: Desk) -> None:
    assert desk.applied().code == 0
    below = desk.clone / "docs"
    below.mkdir()
    assert desk.applied("--budgets", "../budgets", folder=below).code == 0
    assert desk.funded == 500
    assert (desk.clone / ".kt-budgets" / "journal").exists()
    assert not (below / ".kt-budgets").exists()
    assert git(desk.clone, "status", "--porcelain").splitlines() == ["?? docs/", "?? plan.json"]


def test_every_work_tree_of_a_repository_has_the_same_journal(desk: Desk, tmp_path: Path) -> None:
    assert desk.applied().code == 0
    git(desk.clone, "worktree", "add", "--quiet", str(tmp_path / "linked"))
    audited = desk.kt("audit", "--budgets", tmp_path / "linked" / "budgets", "--format", "json")
    assert json.loads(audited.out)["journal"] == f"file:{desk.clone / '.kt-budgets' / 'journal'}"


def test_an_audit_of_a_folder_that_is_not_there_is_refused_unless_its_journal_is(desk: Desk) -> None:
    refused = desk.kt("audit", "--budgets", desk.clone / "nosuch")
    assert refused.code == 3
    assert "the budgets folder does not exist" in refused.err
    assert "name the folder that holds org.yaml with `--budgets`" in refused.err
    assert refused.out == ""
    assert desk.kt("audit").code == 0
    assert desk.applied().code == 0
    told = json.loads(desk.kt("audit", "--budgets", desk.clone / "nosuch", "--format", "json").out)
    assert len(told["runs"]) == 1


@pytest.mark.parametrize("named", ["--journal", "the environment"])
def test_an_audit_of_a_file_that_is_not_there_is_refused_with_the_one_there_would_be(
    named: str, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.chdir(desk.clone)
    by = ("--journal", "file:NOSUCH") if named == "--journal" else ()
    if not by:
        monkeypatch.setenv("KT_BUDGETS_JOURNAL", "file:NOSUCH")
    refused = desk.kt("audit", "--verify", *by)
    assert refused.code == 2
    assert f"there is no journal at file:{desk.clone / 'NOSUCH'}" in refused.err
    assert f"then it is file:{desk.clone / '.kt-budgets' / 'journal'}" in refused.err
    assert refused.out == ""
    (desk.clone / "NOSUCH").touch()
    assert desk.kt("audit", *by).code == 0
    monkeypatch.delenv("KT_BUDGETS_JOURNAL", raising=False)
    assert "0 records" in desk.kt("audit").out


def test_a_journal_that_org_yaml_names_may_not_be_begun_yet(desk: Desk) -> None:
    desk.chdir(desk.clone)
    desk.write("300", org="journal: file:state/books\n")
    assert "state/books: 0 records" in desk.kt("audit").out


def test_without_a_repository_the_journal_is_beside_the_budgets(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    (desk.clone / "budgets").rename(tmp_path / "plain" / "budgets")
    (tmp_path / "link").symlink_to(tmp_path / "plain" / "budgets")
    assert desk.applied("--budgets", tmp_path / "link", folder=tmp_path).code == 0
    assert (tmp_path / "plain" / ".kt-budgets" / "journal").exists()


def test_a_journal_that_an_earlier_version_left_below_stops_and_can_be_moved(desk: Desk) -> None:
    below = desk.clone / "docs"
    below.mkdir()
    assert desk.applied("--budgets", "../budgets", "--journal", "file:.kt-budgets/journal", folder=below).code == 0
    refused = desk.plan("--budgets", "../budgets", folder=below)
    assert refused.code == 4
    assert "would be a second one" in refused.err
    cure = refused.err.rpartition("the one there is: ")[2].strip()
    subprocess.run(["sh", "-c", cure], check=True)
    assert desk.applied("--budgets", "../budgets", folder=below).code == 0
    assert desk.funded == 500


def test_a_new_journal_is_not_begun_beside_the_one_of_the_repository(desk: Desk, tmp_path: Path) -> None:
    assert desk.applied().code == 0
    refused = desk.applied("--journal", f"file:{tmp_path / 'other'}")
    assert refused.code == 4
    assert "would be a second one" in refused.err


def test_org_yaml_says_where_the_journal_is_and_what_contradicts_it_is_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write("500", org="journal: git:origin\n")
    assert desk.applied().code == 0
    kept = git(desk.remote, "for-each-ref", "--format=%(refname)", "refs/kt-budgets").split()
    assert kept == ["refs/kt-budgets/applied", "refs/kt-budgets/journal"]
    assert not (desk.clone / ".kt-budgets" / "journal").exists()
    assert desk.applied("--journal", "git:origin").code == 0
    assert desk.applied("--journal", f"git:{desk.remote}").code == 0
    refused = desk.applied("--journal", "file:mine")
    assert refused.code == 4
    assert "org.yaml says that the journal is git:origin, and --journal names file:" in refused.err
    monkeypatch.setenv("KT_BUDGETS_JOURNAL", "file:mine")
    assert "KT_BUDGETS_JOURNAL names" in desk.plan().err
    assert desk.funded == 500


def test_a_journal_in_a_file_is_not_begun_where_the_remote_keeps_one(desk: Desk) -> None:
    assert desk.applied("--journal", "git:origin").code == 0
    other = desk.another_clone("laptop")
    for command in (desk.plan, desk.applied):
        refused = command(folder=other)
        assert refused.code == 4
        assert "the remote origin keeps this organization's journal" in refused.err
        assert "journal: git:origin" in refused.err
    assert not (other / ".kt-budgets" / "journal").exists()


ASKED = ["plan", "apply --period 2026-06", "drift", "resume", "adopt", "pr apply", "pr approval --last-applied"]


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("kept", ["in git", "in a file"])
def test_a_folder_that_is_not_there_is_named_before_its_journal(asked: str, kept: str, desk: Desk) -> None:
    if kept == "in git":
        git(desk.clone, "push", "--quiet", "origin", "HEAD:refs/kt-budgets/journal")
    else:
        assert desk.applied().code == 0
    refused = desk.kt(*asked.split(), "--budgets", desk.clone / "nosuch", "--as-of", "2026-06-18")
    assert refused.code == 3
    assert "the budgets folder does not exist" in refused.err
    assert "name the folder that holds org.yaml with `--budgets`" in refused.err
    assert "second" not in refused.err


def test_a_journal_in_a_file_does_not_go_on_once_the_remote_keeps_one(desk: Desk) -> None:
    other = desk.another_clone("laptop")
    assert desk.applied(folder=other).code == 0
    desk.write("900")
    git(desk.remote, "update-ref", "refs/kt-budgets/journal", "main")
    refused = desk.applied(folder=other)
    assert refused.code == 4
    assert "would be a second one" in refused.err


def test_a_remote_that_does_not_answer_is_said_and_does_not_stop(desk: Desk) -> None:
    desk.remote.rename(desk.remote.with_name("away.git"))
    planned = desk.plan()
    assert planned.code == 0
    assert "did not say whether it keeps a journal" in planned.err


@pytest.mark.parametrize(
    ("journal", "words"),
    [("s3:bucket", "git: and a remote"), ("git:https://bot:s3cret@host/x.git", "holds a password")],
)
def test_a_journal_that_org_yaml_gets_wrong_is_a_finding(desk: Desk, journal: str, words: str) -> None:
    desk.write("500", org=f"journal: {journal}\n")
    for command in ("validate", "plan"):
        desk.chdir(desk.clone)
        refused = desk.kt(command, *(("--journal", "file:x") if command == "plan" else ()))
        assert refused.code in (3, 4)
        assert "s3cret" not in refused.err.replace("s3cret@host/x.git`", "")
    assert words in desk.kt("validate").out


@pytest.mark.parametrize("address", ["https://u:T0KEN@host/x.git", "http://u:T0KEN@host/x"])
def test_a_mistyped_journal_shows_no_token(desk: Desk, address: str) -> None:
    refused = desk.plan("--journal", address)
    assert refused.code == 2
    assert "T0KEN" not in refused.err + refused.out


# clones that were left behind


def left_behind(desk: Desk) -> Path:
    """Apply 500, then 900 from another clone; return the clone that still says 500."""
    desk.write("500", org="journal: git:origin\n")
    git(desk.clone, "push", "--quiet", "origin", "main")
    assert desk.applied().code == 0
    newer = desk.another_clone("newer")
    desk.write("900", org="journal: git:origin\n", clone=newer)
    git(newer, "push", "--quiet", "origin", "main")
    assert desk.applied(folder=newer).code == 0
    assert desk.funded == 900
    return desk.clone


def test_a_clone_left_behind_plans_nothing_backwards(desk: Desk) -> None:
    old = left_behind(desk)
    for command in ("plan", "drift"):
        desk.chdir(old)
        refused = desk.kt(command, *AS_OF)
        assert refused.code == 4
        assert "which was applied after it" in refused.err
        assert "git pull" in refused.err
    git(old, "pull", "--quiet", "origin", "main")
    assert desk.plan("--detailed-exit-code").code == 0


def test_a_clone_left_behind_applies_nothing_backwards(desk: Desk) -> None:
    desk.write("500", org="journal: git:origin\n")
    git(desk.clone, "push", "--quiet", "origin", "main")
    assert desk.applied().code == 0
    desk.write("300", org="journal: git:origin\n")
    git(desk.clone, "push", "--quiet", "origin", "main")
    assert desk.plan().code == 0
    newer = desk.another_clone("newer")
    desk.write("900", org="journal: git:origin\n", clone=newer)
    git(newer, "push", "--quiet", "origin", "main")
    assert desk.applied(folder=newer).code == 0
    desk.chdir(desk.clone)
    refused = desk.kt("apply", *AS_OF, "--plan", "plan.json")
    assert refused.code == 4
    assert "git pull" in refused.err
    opened = desk.kt("apply", *AS_OF, "--period", "2026-06")
    assert opened.code == 0
    assert "is older than what was applied last" in opened.err
    assert "git pull" in opened.err
    assert desk.funded == 900


def test_an_applied_commit_that_nobody_has_any_more_is_said(desk: Desk) -> None:
    old = left_behind(desk)
    git(desk.remote, "update-ref", "refs/heads/main", git(old, "rev-parse", "HEAD"))
    git(desk.remote, "update-ref", "-d", "refs/kt-budgets/applied")
    git(desk.remote, "-c", "gc.pruneExpire=now", "prune")
    assert "neither this clone nor a remote of it has that commit" in desk.plan(folder=old).err


def test_a_remote_that_does_not_tell_about_the_applied_commit_stops(desk: Desk, tmp_path: Path) -> None:
    old = left_behind(desk)
    git(old, "remote", "add", "books", str(desk.remote))
    (old / "budgets" / "org.yaml").write_text(ORG + "journal: git:books\n")
    git(old, "remote", "set-url", "origin", "http://127.0.0.1:1/budgets.git")
    git(old, "commit", "--quiet", "--all", "--message", "elsewhere")
    git(desk.remote, "config", "uploadpack.hideRefs", "refs/heads")
    git(desk.remote, "update-ref", "refs/heads/main", git(desk.remote, "rev-parse", "main^"))
    git(desk.remote, "update-ref", "-d", "refs/kt-budgets/applied")
    git(desk.remote, "-c", "gc.pruneExpire=now", "prune")
    refused = desk.plan(folder=old)
    assert refused.code == 4
    assert "its remote did not say" in refused.err


def test_a_branch_left_behind_is_told_so(desk: Desk) -> None:
    old = left_behind(desk)
    desk.write("700", org="journal: git:origin\n", clone=old)
    planned = desk.plan(folder=old)
    assert planned.code == 0
    assert "does not contain" in planned.err


def test_budgets_in_a_submodule_are_planned_as_a_whole_in_a_pull_request(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    around = tmp_path / "around"
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(around))
    git(around, "submodule", "--quiet", "add", str(desk.remote), "finance")
    git(around, "commit", "--quiet", "--message", "Start")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_EVENT_NAME", "pull_request")
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    desk.chdir(around)
    planned = desk.kt("plan", *AS_OF, "--usage", tmp_path / "usage.csv", "--budgets", "finance/budgets")
    assert planned.code == 0
    assert "every team is planned: the budgets are a submodule" in planned.err
    assert len(json.loads((around / "plan.json").read_text())["changes"]) == 1


# from a file to git


@pytest.mark.parametrize("org", ["", "journal: git:origin\n"], ids=["named", "declared"])
def test_a_journal_in_git_is_not_begun_beside_a_file_with_records_and_the_file_can_be_moved(
    desk: Desk, org: str
) -> None:
    assert desk.applied().code == 0
    desk.write("300", org=org)
    named = () if org else ("--journal", "git:origin")
    for command in (desk.plan, desk.applied):
        refused = command(*named)
        assert refused.code == 4
        assert "would be a second one" in refused.err
    assert desk.kt("resume", *AS_OF, *named).code == 4
    assert git(desk.remote, "for-each-ref", "refs/kt-budgets") == ""
    file = desk.clone / ".kt-budgets" / "journal"
    kept = file.read_text()
    arguments = shlex.split(refused.err.rpartition("kt-budgets ")[2].strip())
    moved = desk.kt(*arguments, *AS_OF)
    assert moved.code == 0
    assert "records were moved" in moved.err
    assert git(desk.remote, "show", "refs/kt-budgets/journal:000001.jsonl").startswith(kept.strip())
    assert not file.exists()
    assert [path.read_text() for path in file.parent.glob("journal.moved-*Z")] == [kept]
    assert desk.applied(*named).code == 0
    assert desk.funded == 300
    audited = desk.kt("audit", "--verify", *(named or ("--format", "text")))
    assert audited.code == 0
    assert "moved from" in audited.out


MOVE = ("resume", *AS_OF, "--journal", "git:origin", "--move-journal", "--reason", "CI applies from now on")


def test_a_move_that_was_broken_off_is_finished(desk: Desk) -> None:
    assert desk.applied().code == 0
    file = desk.clone / ".kt-budgets" / "journal"
    kept = file.read_bytes()
    assert desk.kt(*MOVE).code == 0
    file.write_bytes(kept)
    assert desk.kt(*MOVE).code == 0
    assert not file.exists()
    again = desk.kt(*MOVE)
    assert again.code == 2
    assert "there is no journal in a file to move" in again.err


def test_a_journal_is_not_moved_onto_other_records(desk: Desk, tmp_path: Path) -> None:
    assert desk.applied().code == 0
    file = desk.clone / ".kt-budgets" / "journal"
    file.rename(tmp_path / "aside")
    file.with_name("journal.head").rename(tmp_path / "aside.head")
    desk.write("900")
    desk.applied("--journal", "git:origin")
    (tmp_path / "aside").rename(file)
    refused = desk.kt(*MOVE)
    assert refused.code == 4
    assert "has records that are not those of" in refused.err
    assert file.exists()


def test_a_declared_file_is_not_begun_beside_one_with_records(desk: Desk) -> None:
    assert desk.applied().code == 0
    desk.write("300", org="journal: file:state/books\n")
    refused = desk.plan()
    assert refused.code == 4
    subprocess.run(["sh", "-c", refused.err.rpartition("the one there is: ")[2].strip()], check=True)
    assert desk.applied().code == 0
    assert desk.funded == 300


@pytest.mark.parametrize("command", [("plan",), ("drift",), ("apply", "--period", "2026-06"), ("audit",), ("resume",)])
def test_of_a_folder_that_is_not_there_its_remote_is_not_looked_for(
    desk: Desk, tmp_path: Path, command: tuple[str, ...]
) -> None:
    missing = desk.kt(*command, "--budgets", tmp_path / "plain" / "nosuch", "--journal", "git:origin")
    assert missing.code == 3
    assert "the budgets folder does not exist" in missing.err
    assert "remote" not in missing.err
    inside = desk.kt("pr", "apply", "--budgets", "nosuch", "--journal", "git:origin")
    assert inside.code == 3
    assert "nosuch:1:1: error missing-folder: the budgets folder does not exist" in inside.err
    assert "hint: name the folder that holds org.yaml with `--budgets`" in inside.err


def test_what_begins_budgets_or_looks_for_faults_goes_on_without_their_folder(desk: Desk, tmp_path: Path) -> None:
    there = ("--budgets", tmp_path / "plain" / "nosuch", "--journal", "git:origin")
    assert "no remote called origin" in desk.kt("import", *there).err
    looked = desk.kt("doctor", "--no-probe", *there)
    assert "nosuch:1:1: the budgets folder does not exist" in looked.out
    assert "no remote called origin" in looked.out
