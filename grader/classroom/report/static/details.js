// The details of one student, drawn when they are asked for.

// The buckets of a heat map (details.py): the class of its color, a sign, words.
const BUCKETS = {
  a: ["h0", "·", "right"], b: ["h1", "", "below 1%"], c: ["h2", "", "1 to 10%"], d: ["h3", "", "10 to 50%"],
  e: ["h4", "", "50 to 100%"], f: ["h5", "−", "opposite sign"], o: ["h4", "0", "zero, but should not be"], z: ["hz", "∞", "not a finite number"] };

function quoted(tag, text, className = "") {
  return make(tag, { className: `quoted ${className}`, textContent: text, dir: "auto" });
}

function details(data, k) {
  const student = data.students[k];
  const parts = [];
  const score = student.score === null ? student.unmarked : `${marks(student.score)} of ${marks(data.max_score)} marks`;
  const facts = [score, ...(student.late ? ["late"] : []), ...(student.key ? [`ID: ${student.key}`] : []),
    ...(student.section ? [`section ${student.section}`] : []), ...(student.email ? [student.email] : [])];
  parts.push(make("p", { textContent: facts.join(", ") }));
  if (student.final && student.final.lines.length) {
    parts.push(make("h3", { textContent: `Final mark: ${shownMarks(student)}` }), make("ul", {}, ...student.final.lines.map((line) => quoted("li", line))));
  }
  if (student.message) parts.push(quoted("p", student.message, "why"));
  if (student.place) parts.push(code(data.code[student.place[1]], student.place[0]));
  for (const [kind, texts] of Object.entries(student.flags || {})) {
    parts.push(make("h3", { textContent: `Worth a look: ${kind}` }), make("ul", {}, ...texts.map((text) => quoted("li", text))));
  }
  const shown = new Set(student.details.map(([g]) => g));
  const right = data.gradients.filter((_, g) => !shown.has(g) && student.statuses[g] === "passed");
  if (right.length) parts.push(make("p", { textContent: `Right: ${right.join(", ")}` }));
  const [brief, rest] = inBrief(data, student);
  parts.push(...brief);
  for (const [g, position] of rest) {
    parts.push(gradient(data, student, g, data.details[position]));
  }
  if (student.printed) parts.push(make("h3", { textContent: "Printed while loading" }), make("pre", {}, quoted("code", student.printed)));
  return parts;
}

// What takes a line for several gradients: those that are right given an earlier mistake and lost no marks, and stubs.  And the others.
function inBrief(data, student) {
  const lines = new Map();
  const rest = student.details.filter(([g, position]) => {
    const detail = data.details[position];
    const text = briefly(student.statuses[g], detail);
    if (text) lines.set(text, [...(lines.get(text) || []), data.gradients[g]]);
    return !text;
  });
  return [[...lines].map(([text, names]) => make("p", { textContent: text.replace("…", names.join(", ")) })), rest];
}

function briefly(status, detail) {
  if (detail.notes || detail.printed || detail.message) return "";
  if (status === "missing") return "Not written yet: …";
  if (status !== "followed_through" || detail.score < detail.max_score) return "";
  return `Right given ${earlier(detail)}: …`;
}

// The student's own gradients that have to be fixed.
function earlier(detail) {
  const [sources, roots] = detail.follows;
  return (roots.length ? roots : sources).join(" and ");
}

function gradient(data, student, g, detail) {
  const status = student.statuses[g];
  const part = make("article", {}, make("h3", {},
    make("span", { className: `dot ${status}`, textContent: SIGNS[status] || "!", ariaHidden: "true" }),
    `${data.gradients[g]}: ${data.status_labels[status]}`,
    make("span", { className: "small", textContent: `${marks(detail.score)} of ${marks(detail.max_score)} marks` })));
  if (detail.follows) {
    part.append(make("p", { textContent: `Right, given the student’s own ${earlier(detail)}. Once that is fixed, this is right, too.` }));
  }
  if (detail.message) part.append(quoted("p", (detail.place ? `${detail.place}: ` : "") + detail.message, "why"));
  part.append(...diagnosis(detail));
  for (const [check, outcome, message] of detail.checks || []) {
    if (message) part.append(quoted("p", `${check} ${outcome}: ${message}`, "small"));
  }
  part.append(...(detail.pictures || []).map(drawing));
  if (detail.heat) part.append(...heatMap(data.gradients[g], detail.heat));
  if (g in student.code) part.append(make("h4", { textContent: "The student’s code" }), code(data.code[student.code[g]], detail.line));
  if (detail.hints) {
    part.append(make("h4", { textContent: "Hints for the student, from vague to specific" }),
      make("ol", {}, ...detail.hints.map(worded)));
  }
  if (detail.notes) part.append(make("ul", {}, ...detail.notes.map((note) => quoted("li", note, "small"))));
  if (detail.printed) part.append(make("h4", { textContent: "Printed" }), make("pre", {}, quoted("code", detail.printed)));
  return part;
}

// A hint, in which `code` is marked.
function worded(hint) {
  return make("li", { className: "quoted", dir: "auto" },
    ...hint.split(/`([^`\n]+)`/).map((text, k) => (k % 2 ? make("code", { textContent: text }) : text)));
}

function drawing(svg) {
  const drawn = document.importNode(new DOMParser().parseFromString(svg, "image/svg+xml").documentElement, true);
  return make("div", {}, drawn);
}

function diagnosis(detail) {
  const lead = { tie: "Several explanations fit the numbers equally well:", observation: "The answer equals this, which does not explain the mistake:" };
  const parts = [];
  if (detail.mistakes) {
    const list = detail.mistakes.map(([kind, where, statement]) => {
      const head = where ? `${kind} (${where}): ` : `${kind}: `;
      return make("div", { className: "why" }, make("p", {}, make("strong", { textContent: head }), quoted("span", statement)));
    });
    if (lead[detail.certainty]) parts.push(make("p", { textContent: lead[detail.certainty] }));
    parts.push(...list);
  }
  if (detail.properties) {
    parts.push(make("p", { textContent: "No known mistake gives these numbers, but:" }),
      make("ul", {}, ...detail.properties.map((text) => quoted("li", text))));
  }
  return parts;
}

function heatMap(name, heat) {
  const [rows, columns] = heat.shape;
  const [rowAxis, columnAxis] = heat.axes;
  const width = Math.min(columns, 40), height = Math.min(rows, 40);
  const error = heat.error === null ? "some entries are not finite" : `relative error ${heat.error.toPrecision(2)}`;
  const cut = width * height < rows * columns ? ` Only the first ${height} × ${width} are shown.` : "";
  const caption = `Where ${name} is off, at sample point ${heat.point}. Shape (${rowAxis}, ${columnAxis}), here (${rows}, ${columns}). ` +
    `${heat.differ} of ${rows * columns} entries differ; ${error}.${cut}`;
  const head = make("tr", {}, make("th", { textContent: rowAxis === "1" ? `${columnAxis} →` : `${rowAxis} ↓ ${columnAxis} →` }));
  for (let j = 0; j < width; j++) head.append(make("th", { scope: "col", textContent: j }));
  const body = make("tbody");
  for (let i = 0; i < height; i++) {
    const row = make("tr", {}, make("th", { scope: "row", textContent: i }));
    for (let j = 0; j < width; j++) row.append(cell(heat.cells[i * width + j], i, j));
    body.append(row);
  }
  const table = make("table", { className: "heat" }, make("thead", {}, head), body);
  table.setAttribute("aria-label", caption);
  return [make("p", { className: "small", textContent: caption }),
    make("div", { className: "scroll", tabIndex: 0, role: "group", ariaLabel: `Errors of ${name} by entry` }, table), heatKey(heat.cells)];
}

function cell(bucket, i, j) {
  const [className, sign, words] = BUCKETS[bucket];
  return make("td", { className, title: `[${i}, ${j}]: ${words}` },
    make("span", { ariaHidden: "true", textContent: sign }), make("span", { className: "hidden", textContent: words }));
}

function heatKey(cells) {
  const key = make("p", { className: "key" }, "Relative error of each entry:");
  for (const [bucket, [className, sign, words]] of Object.entries(BUCKETS)) {
    if (cells.includes(bucket)) key.append(make("span", {}, make("span", { className: `heat-cell ${className}`, textContent: sign }), words));
  }
  return key;
}

function code(excerpt, line) {
  const block = make("pre", { tabIndex: 0, ariaLabel: "The student’s code", role: "group" });
  excerpt.lines.forEach((text, k) => {
    const number = excerpt.first + k;
    block.append(make("span", { className: number === line ? "row here" : "row" },
      make("span", { className: "number", textContent: `${String(number).padStart(4)}  ` }), text || " "));
  });
  return block;
}
