"use strict";
// The table of students: which are shown, in what order.  All text is set as text, never as HTML.

const SIGNS = { passed: "✓", followed_through: "↳", failed: "✗", missing: "–", not_graded: "?" };
const FIRST_ROWS = 100;

function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function makeTable(data, openStudent) {
  const body = document.querySelector("#table tbody");
  const search = document.getElementById("search");
  const more = document.getElementById("more");
  const state = { words: [], group: null, sort: "name", down: false, all: false, order: [] };
  const compare = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" }).compare;
  const right = data.students.map((student) => student.statuses.filter((status) => status === "passed").length);
  const flagsOf = data.students.map((student) => [...(student.late ? ["late"] : []), ...Object.keys(student.flags || {})]);
  const haystack = data.students.map((student, k) =>
    [student.name, student.key || "", ...student.mistakes, ...flagsOf[k], student.message || ""].join("\n"));
  const folded = haystack.map((text) => text.toLowerCase());
  const keys = {
    name: (k) => data.students[k].name,
    score: (k) => data.students[k].score ?? -1,
    right: (k) => right[k],
    mistakes: (k) => data.students[k].mistakes.join(", "),
    flags: (k) => flagsOf[k].length,
  };

  // dJ_dh and dJ_dH are two gradients: case matters, unless that finds nothing.
  function having(word, order) {
    const exactly = order.filter((k) => haystack[k].includes(word));
    return exactly.length ? exactly : order.filter((k) => folded[k].includes(word.toLowerCase()));
  }

  function row(k) {
    const student = data.students[k];
    const words = data.gradients.map((name, g) => `${name} ${data.status_labels[student.statuses[g]]}`).join(", ");
    const dots = make("span", { className: "dots", role: "img", "aria-label": words });
    student.statuses.forEach((status, g) => dots.append(make("span", {
      className: `dot ${status}`, title: `${data.gradients[g]}: ${data.status_labels[status]}`, textContent: SIGNS[status] || "!" })));
    const name = make("button", { type: "button", className: "pick", textContent: student.name || "(no name)", dir: "auto" });
    name.addEventListener("click", () => openStudent(k));
    return make("tr", {},
      make("th", { scope: "row" }, name),
      make("td", { className: "marks", textContent: student.score === null ? student.unmarked : marks(student.score) }),
      make("td", {}, dots),
      make("td", { textContent: student.mistakes.join(", ") }),
      make("td", {}, ...flagsOf[k].map((flag) => make("span", { className: "flag", textContent: flag }))));
  }

  function update() {
    let order = state.group ? [...data.groups[state.group][1]] : data.students.map((_, k) => k);
    for (const word of state.words) order = having(word, order);
    const key = keys[state.sort];
    order.sort((a, b) => {
      const [x, y] = [key(a), key(b)];
      const difference = typeof x === "number" ? x - y : compare(x, y);
      return (state.down ? -difference : difference) || compare(data.students[a].name, data.students[b].name);
    });
    state.order = order;
    const count = state.all ? order.length : Math.min(order.length, FIRST_ROWS);
    body.replaceChildren(...order.slice(0, count).map(row));
    more.hidden = count === order.length;
    more.textContent = `Show all ${order.length}`;
    const whole = data.students.length;
    document.getElementById("shown").textContent = order.length === whole ? `${whole} students` : `${order.length} of ${whole} students`;
    showChips();
    for (const heading of document.querySelectorAll("#table th[data-sort]")) {
      if (heading.dataset.sort === state.sort) heading.setAttribute("aria-sort", state.down ? "descending" : "ascending");
      else heading.removeAttribute("aria-sort");
    }
  }

  function showChips() {
    const chips = document.getElementById("chips");
    if (!state.group) return chips.replaceChildren();
    const label = data.groups[state.group][0];
    const chip = make("button", { type: "button", className: "chip", textContent: `${label} ✕`, "aria-label": `Remove the filter: ${label}` });
    chip.addEventListener("click", () => { state.group = null; update(); search.focus(); });
    chips.replaceChildren(chip);
  }

  function pick(group) {
    if (!(group in data.groups)) return;
    Object.assign(state, { group, words: [], all: false });
    search.value = "";
    update();
    const heading = document.getElementById("students-title");
    heading.focus({ preventScroll: true });
    heading.scrollIntoView();
  }

  search.addEventListener("input", () => {
    state.words = search.value.split(/\s+/).filter(Boolean);
    update();
  });
  document.getElementById("filters").addEventListener("submit", (event) => event.preventDefault());
  more.addEventListener("click", () => { state.all = true; update(); });
  window.addEventListener("beforeprint", () => { state.all = true; update(); });
  for (const heading of document.querySelectorAll("#table th[data-sort]")) {
    heading.querySelector("button").addEventListener("click", () => {
      const again = state.sort === heading.dataset.sort;
      state.down = again ? !state.down : heading.dataset.sort === "flags";
      state.sort = heading.dataset.sort;
      update();
    });
  }
  update();
  return { pick, order: () => state.order };
}

function marks(score) {
  return String(Math.round(score * 100) / 100);
}
