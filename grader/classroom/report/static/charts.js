// The charts.  Bars are shortcuts for the mouse; the tables below them have the same numbers as buttons.

async function drawCharts(data, pick) {
  for (const [name, specification] of Object.entries(data.charts)) {
    const place = document.getElementById(`chart-${name}`);
    if (!place) continue;
    const { view } = await vegaEmbed(place, specification, {
      renderer: "svg", actions: false, ast: true, defaultStyle: false, logLevel: 1, tooltip: { disableDefaultStyle: true } });
    view.addEventListener("click", (_, item) => {
      if (item && item.datum && item.datum.filter) pick(item.datum.filter);
    });
    const drawing = place.querySelector("svg");
    drawing.setAttribute("role", "img");
    drawing.setAttribute("aria-label", place.dataset.name);
  }
}
