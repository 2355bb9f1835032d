"""Plans that were saved to a file."""

from __future__ import annotations

from pathlib import Path

from reconciler.app.listening import say
from reconciler.findings import UsageError
from reconciler.heap import gc_paused
from reconciler.model.plan import Plan, read_plan
from reconciler.version import __version__

LARGEST = 4 * 10**9
"""Bytes of a file that is read. A plan of 100,000 wallets, which takes 5 GB of memory, has a quarter of that."""


def load_plan(path: Path) -> Plan:
    """Return the plan in the file at `path`.

    Raises:
        UsageError: it cannot be read, or is no plan of this version; every place that is wrong is named.
        StalePlanError: it was edited after it was made.
    """
    with gc_paused():
        plan = read_plan(
            text_of(path, "a plan", "run `kt-budgets plan` to make one, or name another file"), name=str(path)
        )
    _say_other_version(plan, path)
    return plan


def text_of(path: Path, what: str, hint: str) -> str:
    """Return the text of a file that should be `what`; raises UsageError with `hint` where it cannot be read."""
    try:
        if (size := path.stat().st_size) > LARGEST:
            raise UsageError(f"{path} has {size:,} bytes, which is too large to be {what}", hint=hint)
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not text in UTF-8, so not {what}", hint=hint) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such file"
        raise UsageError(f"{path} cannot be read: {reason}", hint=hint) from None


def _say_other_version(plan: Plan, path: Path) -> None:
    """Say that another version made a plan: what it holds is judged all the same, by what the changes are now."""
    if plan.tool.version != __version__:
        say(
            f"{path} was made by version {plan.tool.version}, and this is {__version__}; let plan and apply run the"
            " same"
        )
