// The charts, as Vega-Lite specifications.  Bars are shortcuts for the mouse; the tables below them have the same numbers as buttons.
// Colors are the page's own (CSS variables), so that charts follow light, dark and print without being drawn again.

const STYLE = {
  font: "system-ui, sans-serif",
  axis: { labelColor: "var(--text)", titleColor: "var(--text)", gridColor: "var(--line)", domainColor: "var(--line)",
    tickColor: "var(--line)", labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal" },
  legend: { labelColor: "var(--text)", labelFontSize: 12 },
  view: { stroke: null },
};

function quantity(field, title, options = {}) {
  return { field, type: "quantitative", title, ...options };
}

function named(field, options = {}) {
  return { field, type: "nominal", title: null, ...options };
}

// A color for each name, with a legend below the chart.
function colored(field, domain, range) {
  return named(field, { scale: { domain, range }, legend: { orient: "bottom", columns: 2 } });
}

function tooltip(...fields) {
  return fields.map((field) => ({ field, title: field }));
}

// How many students have how many marks.
function scoresChart(data, count) {
  const bound = (k) => k / data.bins * data.max_score;
  const rows = Array.from({ length: data.bins }, (_, k) => {
    const group = `scores-${k}`;
    return { group, from: bound(k), to: bound(k + 1), students: count(group), marks: (data.groups[group] || [""])[0] };
  });
  return { rows, height: 200, mark: { type: "bar", color: "var(--accent)", cursor: "pointer" }, encoding: {
    x: quantity("from", "marks", { bin: "binned", scale: { domain: [0, data.max_score], nice: false }, axis: { grid: false, tickCount: 5 } }),
    x2: { field: "to" },
    y: quantity("students", "students", { axis: { tickMinStep: 1, format: "d" } }),
    tooltip: tooltip("marks", "students"),
  } };
}

// What became of each gradient.
function outcomesChart(data, count) {
  const rows = data.gradients.flatMap((gradient) => data.outcomes.map((outcome, order) => {
    const group = `outcome-${gradient}-${order}`;
    return { group, gradient, outcome, order, students: count(group) };
  }));
  const colors = ["right", "follows", "wrong", "runtime", "missing"].map((name) => `var(--${name})`);
  return { rows, height: 26 * data.gradients.length, mark: { type: "bar", cursor: "pointer", stroke: "var(--page)", strokeWidth: 1 }, encoding: {
    x: quantity("students", "students", { axis: { tickMinStep: 1, tickCount: 5, format: "d" } }),
    y: named("gradient", { sort: data.gradients }),
    color: colored("outcome", data.outcomes, colors),
    order: quantity("order"),
    tooltip: tooltip("gradient", "outcome", "students"),
  } };
}

// The root mistakes that cost most: the marks they lost, and those that follow-through saved.
function costsChart(data, count) {
  const kinds = ["lost", "saved by follow-through"];
  const rows = data.costs.flatMap((marks, k) => kinds.map((what, i) => {
    const group = `cost-${k}`;
    return { group, mistake: `${k + 1}. ${data.groups[group][0]}`, what, marks: marks[i], students: count(group) };
  }));
  // The words stand above the bar, not beside it: a phone has no room beside.
  const y = named("mistake", { axis: null, sort: rows.map((row) => row.mistake) });
  const bars = { mark: { type: "bar", cursor: "pointer", size: 14, yOffset: 9 }, encoding: {
    x: quantity("marks", "marks", { axis: { tickCount: 5, grid: false } }), y,
    color: colored("what", kinds, ["var(--wrong)", "var(--follows)"]),
    tooltip: tooltip("mistake", "what", "marks", "students"),
  } };
  const words = { mark: { type: "text", align: "left", yOffset: -9, fontSize: 13, color: "var(--text)", cursor: "pointer" },
    transform: [{ filter: "datum.what == 'lost'" }], encoding: { x: { value: 0 }, y, text: { field: "mistake" } } };
  return { rows, height: 42 * data.costs.length, layer: [bars, words] };
}

async function drawCharts(data, pick) {
  const count = (group) => group in data.groups ? data.groups[group][1].length : 0;
  for (const [name, chart] of Object.entries({ scores: scoresChart, outcomes: outcomesChart, costs: costsChart })) {
    const place = document.getElementById(`chart-${name}`);
    if (!place) continue;
    const { rows, ...specification } = chart(data, count);
    const { view } = await vegaEmbed(place, { ...specification, data: { values: rows }, width: "container", background: "transparent", config: STYLE }, {
      mode: "vega-lite", renderer: "svg", actions: false, ast: true, defaultStyle: false, logLevel: 1, tooltip: { disableDefaultStyle: true } });
    view.addEventListener("click", (_, item) => {
      if (item && item.datum && item.datum.group) pick(item.datum.group);
    });
    const drawing = place.querySelector("svg");
    drawing.setAttribute("role", "img");
    drawing.setAttribute("aria-label", place.dataset.name);
  }
}
