"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // Dark and light.
  const theme = document.getElementById("theme");
  const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const name = () => { theme.textContent = dark() ? "Light colours" : "Dark colours"; };
  theme.hidden = false;
  name();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", name);
  theme.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    try { localStorage.setItem("skimgrec-theme", root.dataset.theme); } catch { /* no storage */ }
    name();
  });

  // Tables that are sorted by a click on a heading. What has no value stays last.
  const valueOf = (row, column) => {
    const cell = row.cells[column];
    if ("value" in cell.dataset) return Number(cell.dataset.value);
    const text = cell.textContent.trim();
    return text === "" || text === "-" || text === "failed" ? null : Number.isNaN(Number(text)) ? text : Number(text);
  };
  const compared = (first, second) => typeof first === "number" && typeof second === "number"
    ? first - second : String(first).localeCompare(String(second), undefined, { numeric: true });
  for (const table of all("table[data-sortable]")) {
    const headings = [...table.tHead.rows[0].cells];
    headings.forEach((heading, column) => {
      if ("unsorted" in heading.dataset) return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => {
        const first = heading.dataset.first || "ascending";
        const other = first === "ascending" ? "descending" : "ascending";
        const order = heading.getAttribute("aria-sort") === first ? other : first;
        for (const each of headings) each.removeAttribute("aria-sort");
        heading.setAttribute("aria-sort", order);
        const sign = order === "ascending" ? 1 : -1;
        const body = table.tBodies[0];
        const rows = [...body.rows].map((row) => [valueOf(row, column), row]);
        rows.sort(([a], [b]) => a === null ? (b === null ? 0 : 1) : b === null ? -1 : sign * compared(a, b));
        body.append(...rows.map(([, row]) => row));
      });
    });
  }

  // Tables of buttons are one stop of the Tab key; arrows, Home and End move within them.
  for (const table of all("table[data-grid]")) {
    const buttons = all("button", table);
    if (!buttons.length) continue;
    const place = (button) => { const cell = button.closest("td, th"); return [cell.parentElement.rowIndex, cell.cellIndex]; };
    const at = new Map(buttons.map((button) => [place(button).join(), button]));
    const enter = (button) => {
      for (const each of buttons) each.tabIndex = -1;
      button.tabIndex = 0;
    };
    enter(buttons[0]);
    table.addEventListener("focusin", (event) => { if (buttons.includes(event.target)) enter(event.target); });
    table.addEventListener("keydown", (event) => {
      const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
      if (!buttons.includes(event.target)) return;
      let next = null;
      if (event.key in steps) {
        const [down, right] = steps[event.key];
        let [row, column] = place(event.target);
        // Cells without a button, such as the diagonal, are passed over.
        for (let n = 0; n < table.rows.length + table.rows[0].cells.length && !next; n += 1) {
          row += down;
          column += right;
          next = at.get([row, column].join());
        }
      } else if (event.key === "Home" || event.key === "End") {
        const own = all("button", event.target.closest("tr"));
        next = event.key === "Home" ? own[0] : own[own.length - 1];
      }
      if (next) {
        event.preventDefault();
        next.focus();
      }
    });
  }

  // What a cell says in words stands below its table.
  for (const says of all(".says")) {
    const table = says.closest("section").querySelector("table[data-grid]");
    const buttons = all("button[data-says]", table);
    for (const button of buttons) {
      button.setAttribute("aria-pressed", "false");
      button.addEventListener("click", () => {
        for (const each of buttons) each.setAttribute("aria-pressed", String(each === button));
        says.textContent = button.dataset.says;
        says.dataset.said = "";
      });
    }
  }

  // The section that is being read, in the list of sections.
  const links = new Map(all(".contents a").map((link) => [link.hash.slice(1), link]));
  const list = document.querySelector(".contents ul");
  const here = (id) => {
    for (const [key, link] of links) {
      if (key === id) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
    }
    const link = links.get(id);
    if (link && list) list.scrollLeft = link.offsetLeft - list.offsetLeft - (list.clientWidth - link.clientWidth) / 2;
  };
  const sections = all("main > section");
  let waiting = false;
  const look = () => {
    waiting = false;
    const passed = sections.filter((section) => section.getBoundingClientRect().top < innerHeight / 3);
    here((passed[passed.length - 1] || sections[0]).id);
  };
  addEventListener("scroll", () => { if (!waiting) { waiting = true; requestAnimationFrame(look); } }, { passive: true });
  look();

  // Copying, where the browser lets a page do it.
  for (const button of all("button[data-copies]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(button.dataset.copies);
        button.textContent = "Copied";
      } catch {
        button.textContent = "Not allowed here";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
  }

  // On paper everything is open but long lists of numbers.
  addEventListener("beforeprint", () => {
    for (const details of all("details.more:not([open])")) { details.open = true; details.dataset.opened = ""; }
  });
  addEventListener("afterprint", () => {
    for (const details of all("details[data-opened]")) { details.open = false; delete details.dataset.opened; }
  });
})();
