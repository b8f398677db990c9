"use strict";
(() => {
  // a heading becomes a button that sorts by its column; without script the order is that of the report
  const text = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.value === undefined ? cell.textContent.trim() : Number(cell.dataset.value);
  };
  const compare = (a, b) => (typeof a === "number" && typeof b === "number"
    ? (Number.isNaN(a) ? 1 : Number.isNaN(b) ? -1 : a - b) : String(a).localeCompare(String(b)));
  for (const table of document.querySelectorAll("table[data-sortable]")) {
    const headings = [...table.tHead.rows[0].cells];
    headings.forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => {
        const way = heading.getAttribute("aria-sort") === "ascending" ? -1 : 1;
        headings.forEach((each) => each.removeAttribute("aria-sort"));
        heading.setAttribute("aria-sort", way === 1 ? "ascending" : "descending");
        const body = table.tBodies[0];
        body.append(...[...body.rows].sort((a, b) => way * compare(text(a, column), text(b, column))));
      });
    });
  }

  // one stop of the tab key for each map; arrow keys go from cell to cell, and the line below says what is there
  for (const maps of document.querySelectorAll(".maps")) {
    const readout = maps.querySelector(".readout");
    readout.textContent = "Choose a cell for its values: point, tap, or Tab and the arrow keys.";
    const panels = [...maps.querySelectorAll("table.map")];
    const cellsAt = (row, column) => panels.map((panel) => panel.tBodies[0].rows[row].cells[column]);
    const show = (cell) => {
      const row = cell.parentElement.sectionRowIndex;
      for (const each of maps.querySelectorAll(".at")) each.classList.remove("at");
      for (const each of cellsAt(row, cell.cellIndex)) each.classList.add("at");
      readout.textContent = cell.dataset.said;
    };
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    for (const panel of panels) {
      panel.setAttribute("role", "grid");
      const cells = [...panel.querySelectorAll("td[data-said]")];
      cells.forEach((cell, place) => { cell.tabIndex = place ? -1 : 0; });
      panel.addEventListener("pointerover", (event) => {
        const cell = event.target.closest("td[data-said]");
        if (cell) show(cell);
      });
      panel.addEventListener("focusin", (event) => {
        const cell = event.target.closest("td[data-said]");
        if (cell) show(cell);
      });
      panel.addEventListener("keydown", (event) => {
        const move = moves[event.key], from = event.target.closest("td[data-said]");
        if (!move || !from) return;
        event.preventDefault();
        const row = panel.tBodies[0].rows[from.parentElement.sectionRowIndex + move[0]];
        const to = row && row.cells[from.cellIndex + move[1]];
        if (!to || !to.dataset.said) return;
        from.tabIndex = -1;
        to.tabIndex = 0;
        to.focus();
      });
    }
  }
})();
