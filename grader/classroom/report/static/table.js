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
  const flagsOf = data.students.map((student) => [
    ...(student.late ? [student.final && student.final.days ? `late: ${student.final.days} d` : "late"] : []),
    ...(student.final && student.final.adjusted ? ["adjusted"] : []), ...Object.keys(student.flags || {})]);
  const namesakes = new Map();
  for (const { name } of data.students) namesakes.set(name, (namesakes.get(name) || 0) + 1);
  const haystack = data.students.map((student, k) =>
    [student.name, student.key || "", student.section || "", student.email || "", ...student.mistakes, ...flagsOf[k], student.message || ""].join("\n"));
  const folded = haystack.map((text) => text.toLowerCase());
  const keys = {
    name: (k) => data.students[k].name,
    score: (k) => worth(data.students[k]) ?? -1,
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
    const identity = make("th", { scope: "row" }, name);
    if (namesakes.get(student.name) > 1) identity.append(make("span", { className: "id small", textContent: student.key || student.email || "", dir: "auto" }));
    return make("tr", {},
      identity,
      make("td", { className: "marks", textContent: shownMarks(student) }),
      make("td", { className: "results" }, dots),
      make("td", { className: "mistakes", textContent: student.mistakes.join(", ") }),
      make("td", { className: "flags" }, ...flagsOf[k].map((flag) => make("span", { className: "flag", textContent: flag }))));
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

  document.getElementById("save").addEventListener("click", () => {
    const group = state.group ? data.groups[state.group][0] : "students";
    saveText(letters(data, state.order, state.group), `${group.replace(/[^A-Za-z0-9_]+/g, "-")}.csv`);
  });
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

// The mark that counts, null where there is none.
function worth(student) {
  return student.final ? student.final.value : student.score;
}

function shownMarks(student) {
  if (student.final && student.final.excused) return "excused";
  if (student.final && student.final.value === null && student.score !== null) return "to be confirmed";
  const value = worth(student);
  return value === null ? student.unmarked : marks(value);
}

// A line for each student: e-mail address, name, section, diagnosis and hint, as the student may read them.
function letters(data, order, group) {
  const wanted = /^(?:kind-.+|outcome|check)-(\w+?)(?:-\w+)?$/.exec(group || "");
  const only = wanted ? data.gradients.indexOf(wanted[1]) : -1;
  const rows = [["e-mail", "name", "section", "gradient", "diagnosis", "hint"]];
  for (const k of order) {
    const student = data.students[k];
    const all = student.details.filter(([, position]) => data.details[position].letter);
    const chosen = all.filter(([g]) => g === only).length ? all.filter(([g]) => g === only) : all;
    const column = (n) => chosen.map(([, position]) => data.details[position].letter[n]).filter(Boolean).join("\n");
    rows.push([student.email || "", student.name, student.section || "", chosen.map(([g]) => data.gradients[g]).join(", "), column(0), column(1)]);
  }
  return "\ufeff" + rows.map((row) => row.map(csvCell).join(",")).join("\r\n") + "\r\n";
}

// A text that a spreadsheet could run as a formula gets an apostrophe before it, also where a semicolon begins a cell.
function csvCell(text) {
  const start = /^\s*[=+\-@\t\r|%\uff1d\uff0b\uff0d\uff20]/;
  let safe = text.replace(/(;[\s"']*)(?=[=+\-@\t\r|%\uff1d\uff0b\uff0d\uff20])/g, "$1'").replace(/\n/g, " / ");
  if (start.test(safe)) safe = `'${safe}`;
  return `"${safe.replaceAll('"', '""')}"`;
}

function saveText(text, name) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const link = make("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

function marks(score) {
  return String(Math.round(score * 100) / 100);
}
