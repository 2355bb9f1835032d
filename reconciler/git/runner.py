"""Running git: away from the terminal, without the repository that an environment points to, always in English."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from itertools import chain
from pathlib import Path

from reconciler.git.failures import GitError, Trouble, failure
from reconciler.settings import environment

SECONDS = 120
Done = subprocess.CompletedProcess[bytes]
_SETTINGS = (
    *("core.fsmonitor=false", "core.hooksPath=/dev/null"),
    *("log.showSignature=false", "log.follow=false", "diff.relative=false"),
    *("i18n.logOutputEncoding=UTF-8", "i18n.commitEncoding=UTF-8"),
    *("push.followTags=false", "push.recurseSubmodules=no", "submodule.recurse=false"),
)
"""What people set for themselves that would run programs, or change what git answers or sends (decision 0123)."""
_ALWAYS = ("--no-optional-locks", *chain.from_iterable(("-c", each) for each in _SETTINGS))
_KEPT = (
    *("GIT_CONFIG_", "GIT_SSH", "GIT_ASKPASS", "GIT_SSL_", "GIT_HTTP_", "GIT_PROXY_", "GIT_PROTOCOL"),
    *("GIT_ALLOW_PROTOCOL", "GIT_EXEC_PATH", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM", "GIT_TEST_"),
)
"""What of git's own variables says how to reach a remote, and not which repository is meant."""
_NEVER = frozenset({"KEEPTRUSTS_API_TOKEN", "KT_BUDGETS_MEMBERS_TOKEN"})


def variables(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment for git.

    A hook, or a command that git runs, has GIT_DIR, GIT_INDEX_FILE and others of the repository it was started in:
    they would take the place of the folder that is asked about. Tracing would print headers (decision 0020).
    """
    kept = {
        name: value
        for name, value in environment().items()
        if name not in _NEVER and (not name.startswith("GIT_") or name.startswith(_KEPT))
    }
    return {**kept, "LC_ALL": "C", "LANGUAGE": "", "GIT_TERMINAL_PROMPT": "0", **(extra or {})}


def run(
    *arguments: str,
    folder: Path | None = None,
    given: bytes = b"",
    seconds: float = SECONDS,
    extra: Mapping[str, str] | None = None,
) -> Done:
    """Run git in `folder`, `given` something on stdin, with `extra` variables; it may fail.

    No hook or program of the repository runs, nothing is asked on a terminal, and Ctrl-C reaches this program alone.
    Raises GitError when git is not there or does not finish.
    """
    place = ("-C", str(folder)) if folder is not None else ()
    doing = next((word for word in arguments if not word.startswith("-") and "=" not in word), "git")
    try:
        return subprocess.run(
            ["git", *_ALWAYS, *place, *arguments],
            input=given,
            capture_output=True,
            timeout=seconds,
            check=False,
            start_new_session=True,
            env=variables(extra),
        )
    except FileNotFoundError:
        raise GitError("git is not installed", hint="install git", trouble=Trouble.NOT_INSTALLED) from None
    except (OSError, subprocess.TimeoutExpired) as error:
        slow = isinstance(error, subprocess.TimeoutExpired)
        what = f"did not finish within {seconds:g} s" if slow else f"could not be run: {error}"
        trouble = Trouble.SLOW if slow else Trouble.OTHER
        raise GitError(f"git {doing} {what}", hint="run it again", trouble=trouble) from None


def ask(
    *arguments: str, folder: Path | None = None, given: bytes = b"", extra: Mapping[str, str] | None = None
) -> bytes:
    """Return what git prints; GitError with its own words, its kind and a cure when it fails."""
    done = run(*arguments, folder=folder, given=given, extra=extra)
    if done.returncode and folder is not None and not folder.is_dir():
        raise GitError(
            f"the folder {folder} does not exist", hint="name the folder that holds org.yaml with `--budgets`"
        )
    if done.returncode:
        doing = next((word for word in arguments if not word.startswith("-") and "=" not in word), "git")
        raise failure(doing, done.stderr)
    return done.stdout
