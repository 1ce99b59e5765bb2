/** Only the filter needs it: without scripts the box stays hidden and everything else works. */
export const PAGE_SCRIPT = `
(() => {
  const box = document.getElementById("filter");
  if (!box) return;
  box.parentElement.hidden = false;
  const found = document.getElementById("found");
  const rows = [...document.querySelectorAll("main tbody tr")].map((row) => ({
    row,
    text: row.textContent.toLowerCase(),
    list: row.closest("section > details"),
  }));
  const lists = [...new Set(rows.map(({ list }) => list))].map((list) => ({ list, open: list.open }));
  let timer;
  const filter = () => {
    const wanted = box.value.trim().toLowerCase();
    const hits = new Map();
    let count = 0;
    for (const { row, text, list } of rows) {
      const hit = text.includes(wanted);
      if (row.hidden === hit) row.hidden = !hit;
      if (hit) { count += 1; hits.set(list, true); }
    }
    for (const { list, open } of lists) {
      list.open = wanted === "" ? open : hits.has(list);
      list.parentElement.classList.toggle("empty", !hits.has(list));
    }
    found.textContent = wanted === "" ? "" : count + (count === 1 ? " row" : " rows");
  };
  box.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(filter, 120); });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== box) { event.preventDefault(); box.focus(); }
  });
})();
`;
