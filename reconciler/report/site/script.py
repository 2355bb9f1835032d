"""What the report does by itself: it shows one page at a time, draws a page when it is first looked at, sorts, filters.

The content of a page that is not drawn yet is in a `noscript` element: a browser that runs scripts takes it as text,
which costs nothing, and one that runs none shows all pages, one below the other. The script asks nothing of anybody and
changes nothing but this document; the page names its digest, so that the browser runs no other. Decision 0107.
"""

from __future__ import annotations

SCRIPT = """(() => {
  "use strict";
  const pages = [...document.querySelectorAll("main > section")];
  const links = [...document.querySelectorAll("nav a")];
  const menu = document.querySelector("nav details");
  const title = document.title;

  const value = cell => cell.dataset.sort ?? cell.textContent;
  const compare = (one, other) => {
    const [a, b] = [Number(one), Number(other)];
    return one !== "" && other !== "" && !isNaN(a) && !isNaN(b) ? a - b : one.localeCompare(other);
  };
  const label = (table, rows) => {
    const headings = [...table.tHead.rows[0].cells].map(heading => heading.textContent);
    for (const row of rows) [...row.cells].forEach((cell, index) => { cell.dataset.heading = headings[index]; });
    table.classList.add("labelled");
  };
  const complete = box => {
    const rest = box?.querySelector(":scope > noscript"), table = box?.querySelector("table");
    if (!rest) return;
    const read = document.createElement("div");
    read.innerHTML = rest.textContent;
    const rows = [...read.querySelectorAll("tbody > tr")];
    label(table, rows);
    table.tBodies[0].append(...rows);
    rest.remove();
    box.querySelector("button").parentElement.remove();
    box.dispatchEvent(new Event("completed"));
  };

  const sort = (heading, index) => {
    complete(heading.closest("[data-total]"));
    const rising = heading.getAttribute("aria-sort") !== "ascending";
    for (const other of heading.parentElement.cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", rising ? "ascending" : "descending");
    const body = heading.closest("table").tBodies[0];
    const rows = [...body.rows].map(row => [value(row.cells[index]), row]);
    rows.sort(([one], [other]) => rising ? compare(one, other) : compare(other, one));
    body.append(...rows.map(([, row]) => row));
  };
  const sortable = table => [...table.tHead.rows[0].cells].forEach((heading, index) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    button.addEventListener("click", () => sort(heading, index));
    heading.append(button);
  });

  const filter = tools => {
    const text = tools.querySelector("input"), kind = tools.querySelector("select");
    const box = document.getElementById(tools.dataset.of), count = tools.querySelector("output");
    const tell = () => {
      const items = [...box.querySelectorAll("[data-name]")];
      const shown = items.filter(item => !item.hidden).length, all = Number(box.dataset.total ?? items.length);
      count.textContent = `${shown.toLocaleString("en")} of ${all.toLocaleString("en")} shown`;
    };
    const apply = () => {
      complete(box);
      const wanted = text.value.trim().toLowerCase();
      for (const item of box.querySelectorAll("[data-name]")) {
        item.hidden = !(item.dataset.name.includes(wanted)
          && (!kind?.value || item.dataset.kinds.split(" ").includes(kind.value)));
      }
      tell();
    };
    text.addEventListener("input", apply);
    kind?.addEventListener("change", apply);
    box.addEventListener("completed", tell);
    tools.hidden = false;
    tell();
  };

  const scrolls = parts => {
    // For a folded box, and after a change, the browser would lay the whole document out again to measure one.
    const boxes = parts.flatMap(part => [...part.querySelectorAll(".wide")])
      .filter(box => !box.closest("details:not([open])"));
    const wider = boxes.map(box => box.scrollWidth > box.clientWidth);
    boxes.forEach((box, index) => { if (wider[index]) box.tabIndex = 0; else box.removeAttribute("tabindex"); });
  };
  const draw = part => {
    part.querySelectorAll(":scope > noscript").forEach(kept => { kept.outerHTML = kept.textContent; });
    if (part.dataset.drawn) return;
    part.dataset.drawn = "yes";
    part.querySelectorAll("table.stack").forEach(table => label(table, table.tBodies[0].rows));
    part.querySelectorAll("table.sortable").forEach(sortable);
    part.querySelectorAll(".tools").forEach(filter);
    part.querySelectorAll("[data-total] button").forEach(button => {
      button.addEventListener("click", () => complete(button.closest("[data-total]")));
    });
    part.querySelectorAll("[data-more]").forEach(more => {
      more.querySelector("summary").addEventListener("click", () => draw(more), {once: true});
      more.addEventListener("toggle", () => draw(more), {once: true});
    });
  };

  const show = moved => {
    const wanted = decodeURIComponent(location.hash.slice(1));
    const found = document.getElementById(wanted);
    const page = found?.closest("main > section") ?? pages[0];
    for (const other of pages) {
      const shown = wanted === "all" || other === page;
      other.hidden = !shown;
      if (shown) draw(other);
      if (wanted === "all") other.querySelectorAll("[data-total]").forEach(complete);
    }
    scrolls(pages.filter(other => !other.hidden));
    for (const link of links) {
      if (link.hash.slice(1) === (wanted === "all" ? "all" : page.id)) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    const heading = page.querySelector("h1");
    document.title = page === pages[0] || wanted === "all" ? title : `${heading.textContent}, ${title}`;
    if (menu) menu.open = false;
    if (moved && wanted !== "content") { heading.focus({preventScroll: true}); scrollTo(0, 0); }
  };

  document.querySelectorAll("nav .tools").forEach(filter);
  menu?.querySelector("summary").addEventListener("click", event => {
    event.preventDefault();
    menu.open = !menu.open;
    if (menu.open) menu.querySelector("input").focus();
  });
  addEventListener("keydown", event => {
    if (event.key === "Escape" && menu?.open) { menu.open = false; menu.querySelector("summary").focus(); }
  });
  addEventListener("hashchange", () => show(true));
  addEventListener("toggle", event => scrolls([event.target]), true);
  addEventListener("resize", () => scrolls(pages.filter(page => !page.hidden)));
  document.querySelectorAll("[data-script]").forEach(part => { part.hidden = false; });
  show(false);
})();
"""
