"""Which kt-budgets this installation is, as CI can fetch it: the commit that it was installed from, or its release."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from reconciler.git.failures import GitError
from reconciler.git.runner import run
from reconciler.version import __version__

_PUBLISHED = "keeptrusts/kt-budgets"
_ADDRESS = re.compile(r"(?:https://|ssh://)?(?:[^/@]*@)?github\.com[/:]([\w.-]+/[\w.-]+?)(?:\.git)?/?")
_SHIPPED = (".github", "reconciler", "constraints.txt", "pyproject.toml")
_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Installed:
    """`repository` is OWNER/NAME on github.com, `reference` a full commit of it, or the tag of a release."""

    repository: str
    reference: str

    @property
    def is_commit(self) -> bool:
        return not self.reference.startswith("v")


def installed() -> Installed:
    """Return what pip says that this was installed from."""
    try:
        return known_by(distribution("keeptrusts-budgets").read_text("direct_url.json"))
    except PackageNotFoundError:
        return known_by(None)


def known_by(direct_url: str | None) -> Installed:
    """Return which kt-budgets was installed from `direct_url`, the JSON that pip keeps; None for a package of an index.

    A clone counts where its commit is published and nothing of it was changed since. For all else it is the release of
    this version, from which every wheel of it is built.
    """
    said = json.loads(direct_url) if direct_url else {}
    url, commit = said.get("url", ""), said.get("vcs_info", {}).get("commit_id", "")
    folder = Path(url2pathname(urlsplit(url).path))
    if not commit and url.startswith("file://") and folder.is_dir():
        url, commit = _published(folder)
    match = _ADDRESS.fullmatch(url)
    return Installed(match[1], commit) if match and commit else Installed(_PUBLISHED, f"v{__version__}")


def _published(clone: Path) -> tuple[str, str]:
    """Return where a clone is from, and its commit; empty texts where that is on no branch there, or was changed."""
    commit = _asked(clone, "rev-parse", "HEAD")
    changed = _asked(clone, "status", "--porcelain", "--untracked-files=no", "--", *_SHIPPED)
    if not commit or changed or not _asked(clone, "branch", "--remotes", "--contains", commit):
        return "", ""
    return _asked(clone, "remote", "get-url", "origin"), commit


def _asked(folder: Path, *arguments: str) -> str:
    try:
        done = run(*arguments, folder=folder, seconds=_SECONDS)
    except GitError:
        return ""
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else ""
