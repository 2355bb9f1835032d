"""The picture at the top of the README: the comment on a plan of budgets/, down to the first planning table."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from browser.acme import acme_plan, run
from browser.chromium import MISSING, ROOT, chromium, found, visit
from browser.github_page import github_page

_FIRST_HEADING = "() => document.querySelector('h4').getBoundingClientRect().top"


def main() -> None:
    """Rewrite the picture."""
    executable = found()
    if executable is None:
        sys.exit(MISSING)
    with TemporaryDirectory() as folder:
        acme_plan(Path(folder))
        comment = run(Path(folder), "show", "plan.json", "--format", "markdown")
    with chromium(executable) as browser:
        seen = visit(browser, github_page(comment), "comment-readme", screen="picture")
        seen.picture(ROOT / ".github" / "comment.png", height=int(seen.ask(_FIRST_HEADING)) - 8)


if __name__ == "__main__":
    main()
