"""How often git is started: each commit is read once in a run, and what belongs together is asked for together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from forge.budget_repository import BudgetRepository
from git.started import started

from reconciler.app.budget_files import files_of
from reconciler.app.checkout import all_parents, is_older, parents, prefix, tree_at
from reconciler.app.committed import place
from reconciler.git.failures import GitError
from reconciler.source.load import load, load_files
from reconciler.source.tree import read_tree


@pytest.fixture
def repository(tmp_path: Path) -> BudgetRepository:
    return BudgetRepository.small(tmp_path)


def as_written(repository: BudgetRepository, commit: str) -> tuple[dict[str, bytes], set[str]]:
    """Return the budget files of a checkout, and those that must not be read."""
    with tree_at(repository.budgets, commit) as root:
        if root is None:
            return {}, set()
        tree = read_tree(root)
    refused = {each.position.path for each in tree.findings if each.code in ("link-outside", "too-large")}
    return {file.relative: file.data for file in tree.files}, {path.removeprefix("budgets/") for path in refused}


def _links(repository: BudgetRepository) -> None:
    (repository.budgets / "teams" / "other.yaml").symlink_to("support.yaml")
    (repository.budgets / "teams" / "out.yaml").symlink_to("../../../outside.yaml")


def _odd(repository: BudgetRepository) -> None:
    names = ("teams/.hidden.yaml", "teams/x.yml", "teams/-odd.yaml", "README.md", "more/org.yaml", "teams/sub/y.yaml")
    repository.write({f"budgets/{name}": f"# {name}\n" for name in names})
    repository.write({"budgets/teams/ünï.yaml": "a: b\r\n", "budgets/teams/large.yaml": "#" * (1024 * 1024 + 1)})
    (repository.budgets / "org.yaml").chmod(0o700)


def _nothing(repository: BudgetRepository) -> None:
    repository.git("rm", "--quiet", "-r", "budgets")
    repository.write({"other": ""})
    repository.budgets.mkdir()


@pytest.mark.parametrize("change", [_links, _odd, _nothing], ids=["links", "odd names", "no budgets"])
def test_files_from_git_s_objects_are_those_of_a_checkout(
    repository: BudgetRepository, change: Callable[[BudgetRepository], None]
) -> None:
    known = {file.relative: file.data for file in read_tree(repository.budgets).files}
    change(repository)
    commit = repository.commit("Change")
    for name in (commit, "HEAD", repository.git("rev-parse", "HEAD^{tree}")):
        files = files_of(repository.budgets, name).files
        assert files_of(repository.budgets, name, beside=known).files == files
        written, refused = as_written(repository, name)
        assert {path: files[path] for path in written} == written
        assert files.keys() - written.keys() == refused
        in_memory = load_files("budgets", files).findings
        assert refused <= {finding.position.path.removeprefix("budgets/") for finding in in_memory if finding.is_error}


def test_files_in_memory_declare_what_a_folder_with_them_declares(tmp_path: Path) -> None:
    for number, files in enumerate(
        (
            {"org.yaml": b"version: 1\n", "teams/a.yaml": b"team: b\n"},
            {"teams/-odd.yaml": b"version: 1\n"},
            {"org.yaml": b"version: 1\n", "teams/a.yaml": b"#" * (1024 * 1024 + 1)},
            {},
        )
    ):
        root = tmp_path / str(number) / "budgets"
        (root / "teams").mkdir(parents=True)
        for path, data in files.items():
            (root / path).write_bytes(data)
        assert load_files("budgets", files) == load(root), number


def test_a_commit_is_read_once_and_a_name_that_moves_each_time(repository: BudgetRepository) -> None:
    first = repository.head
    files_of(repository.budgets, first)
    with started() as begun:
        files_of(repository.budgets, first)
        assert begun == []
        before = files_of(repository.budgets, "HEAD")
        repository.edit("budgets/teams/support.yaml", "10500.00", "11000.00")
        repository.commit("Raise")
        assert files_of(repository.budgets, "HEAD") != before


@pytest.mark.parametrize("hashes", ["sha1", "sha256"])
def test_git_is_asked_only_for_files_that_are_not_the_same_beside_a_commit(tmp_path: Path, hashes: str) -> None:
    repository = BudgetRepository(tmp_path, tmp_path)
    repository.git("init", "--quiet", f"--object-format={hashes}", ".")
    known = {f"teams/{name}.yaml": f"# {name}, by {hashes}\n".encode() for name in "ab"}
    repository.write({f"budgets/{path}": data.decode() for path, data in known.items()})
    commit = repository.commit("Begin")
    place(repository.budgets)
    with started() as begun:
        assert files_of(repository.budgets, commit, beside=known).files == known
        assert begun == ["ls-tree"]
        other = {**known, "teams/b.yaml": b"team: B\n", "teams/c.yaml": b""}
        assert files_of(repository.budgets, commit, beside=other).files == known
        assert begun == ["ls-tree", "cat-file"]


def test_ancestry_is_asked_once_and_a_commit_that_comes_later_is_found(repository: BudgetRepository) -> None:
    first = repository.head
    with pytest.raises(GitError):
        parents(repository.budgets, "f" * 40)
    assert not is_older(repository.budgets, first, "f" * 40)
    (repository.budgets / "org.yaml").write_text("a", encoding="utf-8")
    second = repository.commit("Second")
    with started() as begun:
        assert all_parents(repository.budgets, [first, second]) == {first: (), second: (first,)}
        assert begun == ["rev-list"]
        assert parents(repository.budgets, second) == (first,)
        assert parents(repository.budgets, "HEAD") == (first,)
        assert is_older(repository.budgets, first, second)
        assert not is_older(repository.budgets, second, first)
        assert is_older(repository.budgets, first, second)
        assert begun == ["rev-list", "rev-list", "merge-base", "merge-base"]


def test_a_shallow_clone_that_is_deepened_has_more_history(repository: BudgetRepository, tmp_path: Path) -> None:
    first = repository.head
    second = repository.commit("Second")
    repository.git("push", "--quiet", "origin", "main")
    repository.git("clone", "--quiet", "--depth=1", f"file://{repository.remote}", str(tmp_path / "shallow"))
    shallow = BudgetRepository(tmp_path / "shallow", repository.remote)
    assert parents(shallow.budgets, second) == ()
    shallow.git("fetch", "--quiet", "--unshallow")
    assert parents(shallow.budgets, second) == (first,)


def test_where_a_folder_is_in_its_repository_follows_a_repository_that_is_made_around_it(tmp_path: Path) -> None:
    repository = BudgetRepository.small(tmp_path)
    assert str(prefix(repository.budgets)) == "budgets"
    BudgetRepository(repository.budgets, repository.remote).git("init", "--quiet")
    assert str(prefix(repository.budgets)) == "."
