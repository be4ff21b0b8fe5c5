// Ties the page together: buttons to groups of students, students to their details, the address to what is open.

(function start() {
  const data = JSON.parse(document.getElementById("data").textContent);
  const dialog = document.getElementById("details");
  const title = document.getElementById("details-title");
  let current = -1;

  function show(k) {
    if (!data.students[k]) return;
    current = k;
    title.textContent = data.students[k].name || "(no name)";
    document.getElementById("details-body").replaceChildren(...details(data, k));
    const order = table.order(), at = order.indexOf(k);
    document.getElementById("previous").disabled = at <= 0;
    document.getElementById("next").disabled = at < 0 || at === order.length - 1;
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
    title.focus();
  }

  function open(k) {
    const address = `#student-${k + 1}`;
    if (location.hash === address) show(k);
    else location.hash = address;
  }

  function step(by) {
    const order = table.order();
    const k = order[order.indexOf(current) + by];
    if (k !== undefined) { history.replaceState(null, "", `#student-${k + 1}`); show(k); }
  }

  function follow() {
    const found = /^#student-(\d+)$/.exec(location.hash);
    if (found) show(Number(found[1]) - 1);
    else if (dialog.open) dialog.close();
  }

  // A table that is wider than its frame must be reachable by keyboard, to be scrolled.
  for (const frame of document.querySelectorAll("main .scroll")) {
    if (frame.scrollWidth > frame.clientWidth) frame.tabIndex = 0;
  }

  const table = makeTable(data, open);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-group]");
    if (button) table.pick(button.dataset.group);
  });
  dialog.addEventListener("close", () => {
    if (location.hash.startsWith("#student-")) history.replaceState(null, "", "#students");
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft" && !event.target.closest("pre, .scroll")) step(-1);
    if (event.key === "ArrowRight" && !event.target.closest("pre, .scroll")) step(1);
  });
  document.getElementById("close").addEventListener("click", () => dialog.close());
  document.getElementById("previous").addEventListener("click", () => step(-1));
  document.getElementById("next").addEventListener("click", () => step(1));
  window.addEventListener("hashchange", follow);
  follow();
  // The charts come last: their library is long, and the rest of the page can be used before it has been read.
  document.addEventListener("DOMContentLoaded", async () => {
    await drawCharts(data, table.pick);
    window.drawnAfter = performance.now();
    document.documentElement.setAttribute("data-charts", "drawn");
  });
  window.usableAfter = performance.now();
})();
