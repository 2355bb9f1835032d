"""The folder of the demo: a copy of the example organization's budgets."""

from __future__ import annotations

import shutil
from pathlib import Path

from reconciler.findings import UsageError


def example_budgets() -> Path:
    """Return the folder of the example organization: in the package, or at the top of a checkout."""
    package = Path(__file__).resolve().parent.parent
    for candidate in (package / "example" / "budgets", package.parent / "budgets"):
        if (candidate / "org.yaml").is_file():
            return candidate
    raise UsageError(
        "the example budgets are not beside this installation", hint="install keeptrusts-budgets again, or clone it"
    )


def prepare(folder: Path) -> None:
    """Fill `folder` with the example; UsageError where it holds something that is not the demo's."""
    marker = folder / ".kt-budgets-demo"
    if folder.exists() and any(folder.iterdir()) and not marker.exists():
        raise UsageError(
            f"{folder} is not empty and was not made by the demo", hint="name another folder with `--folder`"
        )
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(example_budgets(), folder / "budgets")
    marker.touch()
