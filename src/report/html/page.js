
(() => {
  "use strict";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (id) => document.getElementById(id);
  const form = one("filters"), who = one("who"), what = one("what"), verdict = one("verdict");
  form.hidden = false;

  // What lies in a closed part of the page opens when somebody goes there.
  const open = () => {
    let place = null;
    try { place = one(decodeURIComponent(location.hash.slice(1))); } catch { return; }
    if (!place) return;
    if (place.hidden || place.closest("[hidden]")) { form.reset(); filter(); }
    for (let part = place; part; part = part.parentElement)
      if (part.localName === "details") part.open = true;
    place.scrollIntoView({ block: place.offsetHeight > innerHeight / 2 ? "start" : "center" });
    if (!place.matches("a, summary")) { place.tabIndex = -1; place.focus({ preventScroll: true }); }
  };
  addEventListener("hashchange", open);

  // The matrix is one stop of the tab key; arrow keys walk it.
  const grid = one("grid");
  const rows = [...grid.rows].map((row) => [...row.cells]);
  grid.setAttribute("role", "grid");
  const target = (cell) => cell.querySelector("a") || cell;
  rows.flat().forEach((cell) => { target(cell).tabIndex = -1; });
  let here = rows[1] ? [1, 0] : [0, 0];
  const go = (row, column, focus) => {
    target(rows[here[0]][here[1]]).tabIndex = -1;
    here = [row, column];
    const place = target(rows[row][column]);
    place.tabIndex = 0;
    if (focus) { place.focus(); place.scrollIntoView({ block: "nearest", inline: "nearest" }); }
  };
  go(here[0], here[1], false);
  const shown = (row, column) => !rows[row][0].parentElement.hidden && !rows[row][column].hidden;
  const step = (down, right) => {
    let [row, column] = here;
    do { row += down; column += right; }
    while (rows[row] && rows[row][column] && !shown(row, column));
    if (rows[row] && rows[row][column]) go(row, column, true);
  };
  const keys = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  grid.addEventListener("keydown", (event) => {
    if (event.key in keys) step(...keys[event.key]);
    else if (event.key === "Home") go(here[0], 0, true);
    else if (event.key === "End") go(here[0], rows[here[0]].length - 1, true);
    else return;
    event.preventDefault();
  });
  grid.addEventListener("focusin", (event) => {
    const cell = event.target.closest("td, th");
    if (cell) go(cell.parentElement.rowIndex, cell.cellIndex, false);
  });

  // Filters.
  const runs = all("details.run"), diagrams = new Map();
  for (const run of runs) {
    const list = run.querySelector(".diagram > ol");
    diagrams.set(run, list ? list.dataset.h.split("\n").map((lane) => lane.split("\t")) : []);
  }
  const names = new Set();
  for (const lanes of diagrams.values()) for (const lane of lanes) names.add(lane[0]);
  const options = (id, values) => one(id).append(...[...values].sort().map((value) => {
    const option = document.createElement("option");
    option.value = value;
    return option;
  }));
  options("people", names);
  options("demands", all("#grid tbody tr").map((row) => row.dataset.r));

  const has = (text, part) => text.toLowerCase().includes(part);
  const filterRows = (run, person) => {
    const lanes = diagrams.get(run);
    const chosen = new Set();
    lanes.forEach((calls, lane) => {
      if (calls.some((call) => call.toLowerCase() === person)) chosen.add(String(lane));
    });
    if (!chosen.size)
      lanes.forEach((calls, lane) => { if (calls.some((call) => has(call, person))) chosen.add(String(lane)); });
    let line = null, any = false;
    for (const row of run.querySelectorAll(".diagram > ol > li")) {
      if (!("h" in row.dataset)) { line = row; row.hidden = person !== ""; continue; }
      row.hidden = person !== "" && !row.dataset.h.split(" ").some((lane) => chosen.has(lane));
      if (!row.hidden) { any = true; if (line) { line.hidden = false; line = null; } }
    }
    return person === "" || any;
  };
  const applied = new Map();
  rows[0].slice(1).forEach((_, column) => { applied.set(column, []); });
  const filter = () => {
    const person = who.value.trim().toLowerCase(), demand = what.value.trim().toLowerCase();
    const wanted = verdict.value;
    for (const row of all("#grid tbody tr, #requirements tbody tr, .findings li, p.finding"))
      row.hidden = demand !== "" && !has(row.dataset.r, demand);
    if (wanted !== "" && demand === "")
      for (const row of all("#grid tbody tr"))
        row.hidden = row.dataset.v !== wanted && !row.querySelector(`td.${wanted}`);
    const left = rows.slice(1).filter((row) => !row[0].parentElement.hidden);
    let count = 0;
    runs.forEach((run, column) => {
      const cells = left.map((row) => row[column + 1]);
      let keep = demand === "" || cells.some((cell) => cell.className && cell.className !== "unsupported");
      if (wanted !== "")
        keep = keep && (cells.some((cell) => cell.className === wanted) || run.dataset.v === wanted && demand === "");
      if (keep) keep = filterRows(run, person);
      run.hidden = !keep;
      for (const row of rows) if (row[column + 1]) row[column + 1].hidden = !keep;
      count += keep ? 1 : 0;
    });
    one("shown").value = `${count} of ${runs.length} runs`;
    one("nothing").hidden = count > 0;
  };
  let timer = 0;
  const soon = () => { clearTimeout(timer); timer = setTimeout(filter, 120); };
  form.addEventListener("input", soon);
  form.addEventListener("reset", () => setTimeout(filter));
  form.addEventListener("submit", (event) => { event.preventDefault(); filter(); });
  filter();
  open();
})();
