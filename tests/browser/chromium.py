"""A real browser for tests: finds a Chromium, opens pages on a desktop and on a phone, and notes what they try to do.

Run as a program, it prints where Chromium is, or says what to install.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[2]
ARTEFACTS = ROOT / "artefacts"
MERMAID = ROOT / ".venv" / "mermaid" / "mermaid.min.js"
MISSING = "no Chromium or Chrome is on the path: install one (Debian: apt-get install chromium), or run `make browser`"
AXE = ROOT / ".venv" / "axe" / "axe.min.js"
MISSING_AXE = "axe-core is not there: run `make browser`, which needs npm"
MISSING_MERMAID = "Mermaid is not there: run `make browser`, which needs npm"

PICTURES = bool(os.environ.get("KT_BUDGETS_PICTURES"))
"""Whether pictures are asked for: no test looks at them."""

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_TALLEST = 7_000
"""A picture is cut at this many pixels of the page."""

Screen = Literal["desktop", "phone", "page", "wide", "picture"]

SCREENS: dict[Screen, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "is_mobile": True,
        "has_touch": True,
    },
    "page": {"viewport": {"width": 1000, "height": 800}},
    "wide": {"viewport": {"width": 1600, "height": 900}},
    "picture": {"viewport": {"width": 908, "height": 800}, "device_scale_factor": 1.5},
}

_DRAW = """async () => {
  mermaid.initialize({startOnLoad: false, securityLevel: "strict"});
  const blocks = [...document.querySelectorAll('pre[lang="mermaid"]')];
  for (const [index, block] of blocks.entries()) {
    const drawn = await mermaid.render(`diagram-${index}`, block.textContent);
    const picture = document.createElement("div");
    picture.className = "diagram";
    picture.innerHTML = drawn.svg;
    block.replaceWith(picture);
  }
}"""


_TURN = """page => location.hash === "#" + page ? null : new Promise(shown => {
  addEventListener("hashchange", () => requestAnimationFrame(shown), {once: true});
  location.hash = page;
})"""

_UNFOLD = """() => Promise.all([...document.querySelectorAll("details:not([open])")].map(fold => new Promise(seen => {
  fold.addEventListener("toggle", seen, {once: true});
  fold.open = true;
})))"""

_SIDEWAYS = """() => [...document.querySelectorAll("body *")]
  .filter(element => element.scrollWidth > element.clientWidth + 1
    && ["auto", "scroll"].includes(getComputedStyle(element).overflowX))
  .map(element => element.localName + [...element.classList].map(name => "." + name).join(""))"""

_TABLES = """() => [...document.querySelectorAll("table")]
  .map(table => [table.tHead.rows[0].cells.length, table.tBodies[0].rows.length])"""


def found() -> str | None:
    """Return the path of a Chromium or Chrome, None where there is none."""
    return next((path for name in (*_NAMES, *_APPLICATIONS) if (path := shutil.which(name))), None)


@dataclass
class Visit:
    """A page in the browser: what it shows, and everything that it tried to do on its own."""

    page: Page
    name: str
    screen: Screen
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    @property
    def width(self) -> int:
        return int(SCREENS[self.screen]["viewport"]["width"])

    @property
    def height(self) -> int:
        return int(SCREENS[self.screen]["viewport"]["height"])

    def turn_to(self, page: str) -> None:
        """Follow a link to a page of the report, and wait until it is shown."""
        self.page.evaluate(_TURN, page)

    def ask(self, script: str, given: object = None) -> Any:
        """Return what a script of ours, run by the browser and not by the page, says about the page."""
        return self.page.evaluate(script, given)

    def too_wide(self) -> int:
        """Return by how many pixels the page is wider than the screen: then the whole page moves sideways."""
        return max(0, int(self.ask("() => document.scrollingElement.scrollWidth")) - self.width)

    def sideways(self) -> set[str]:
        """Return the kinds of elements that hold more than they show, and can be moved sideways for it."""
        return set(self.ask(_SIDEWAYS))

    def tables(self) -> list[tuple[int, int]]:
        """Return the columns and the rows, less the heading, of each table."""
        return [(columns, rows) for columns, rows in self.ask(_TABLES)]

    def tap_folds(self) -> None:
        """Open what is folded, as a reader does."""
        for summary in self.page.locator("details > summary").all():
            summary.click()

    def unfold(self) -> None:
        """Open everything at once, and wait until the page took note of it."""
        self.ask(_UNFOLD)

    def fold(self) -> None:
        """Fold everything again."""
        self.ask("() => document.querySelectorAll('details').forEach(fold => { fold.open = false; })")

    def draw_diagrams(self) -> None:
        """Replace each Mermaid block by its picture, as GitHub does."""
        self.page.add_script_tag(path=MERMAID)
        self.ask(_DRAW)

    def picture(self, path: Path, *, height: int = _TALLEST) -> None:
        """Save what the page looks like, from its top down to `height`."""
        shown = min(height, int(self.ask("() => document.documentElement.scrollHeight")))
        self.page.screenshot(path=path, full_page=True, clip={"x": 0, "y": 0, "width": self.width, "height": shown})

    def keep(self, name: str = "") -> None:
        """Save a picture among the artefacts, where pictures are asked for."""
        if PICTURES:
            self.picture(path=ARTEFACTS / f"{name or f'{self.name}-{self.screen}'}.png")

    def close(self) -> None:
        self.page.context.close()


@contextmanager
def chromium(executable: str) -> Iterator[Browser]:
    """Start Chromium with an empty profile, and end it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(_FLAGS))
        yield browser
        browser.close()


def visit(browser: Browser, html: str, name: str, *, screen: Screen) -> Visit:
    """Save `html` among the artefacts, and open the file as a reader would, without any network."""
    ARTEFACTS.mkdir(exist_ok=True)
    file = ARTEFACTS / f"{name}.html"
    written = file.with_suffix(f".{os.getpid()}")
    written.write_text(html, encoding="utf-8")
    written.replace(file)
    context = browser.new_context(**SCREENS[screen], offline=True)
    seen = Visit(context.new_page(), name, screen)
    seen.page.on("request", lambda request: seen.requests.append(request.url))
    seen.page.on("console", lambda message: seen.complaints.append(f"{message.type}: {message.text}"))
    seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    seen.page.on("dialog", _noted(seen))
    seen.page.goto(file.as_uri())
    seen.requests.remove(file.as_uri())
    return seen


def _noted(seen: Visit) -> Callable[[Any], None]:
    def note(dialog: Any) -> None:
        seen.dialogs.append(dialog.message)
        dialog.dismiss()

    return note


def main() -> None:
    """Print where Chromium is; without one, say what to install and fail."""
    path = found()
    if path is None:
        sys.exit(MISSING)
    sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
