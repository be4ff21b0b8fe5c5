"""The charts, as Vega-Lite specifications.  Knows colors and axes; the page draws them and answers clicks.

Colors are the page's own (CSS variables), so that charts follow light, dark and print without being drawn again.
"""

import json
from typing import Any

import altair as alt

from grader.classroom.report.figures import BINS, OUTCOMES, RootCost, Summary, bin_label

_COLORS = ["var(--right)", "var(--follows)", "var(--wrong)", "var(--runtime)", "var(--missing)"]
MAX_COSTS = 10
ROW_HEIGHT, COST_HEIGHT = 26, 42  # pixels


def scores_chart(summary: Summary, max_score: float) -> dict[str, Any]:
    """How many students have how many marks."""
    rows = [
        {
            "from": k / BINS * max_score,
            "to": (k + 1) / BINS * max_score,
            "students": len(students),
            "filter": f"scores-{k}",
            "marks": bin_label(k, max_score),
        }
        for k, students in enumerate(summary.bins)
    ]
    scale = alt.Scale(domain=[0, max_score], nice=False)
    bars = _chart(rows).mark_bar(color="var(--accent)", cursor="pointer")
    chart = bars.encode(
        x=alt.X("from:Q", bin="binned", title="marks", scale=scale, axis=alt.Axis(grid=False, tickCount=5)),
        x2="to:Q",
        y=alt.Y("students:Q", title="students", axis=alt.Axis(tickMinStep=1, format="d")),
        tooltip=["marks:N", "students:Q"],
    )
    return _finished(chart, 200)


def outcomes_chart(summary: Summary) -> dict[str, Any]:
    """What became of each gradient."""
    rows = [
        {
            "gradient": name,
            "outcome": outcome,
            "order": order,
            "students": sum(len(by_status[status]) for status in statuses),
            "filter": f"outcome-{name}-{order}",
        }
        for name, by_status in summary.outcomes.items()
        for order, (outcome, statuses) in enumerate(OUTCOMES.items())
    ]
    bars = _chart(rows).mark_bar(cursor="pointer", stroke="var(--page)", strokeWidth=1)
    chart = bars.encode(
        x=alt.X("students:Q", title="students", axis=alt.Axis(tickMinStep=1, tickCount=5, format="d")),
        y=alt.Y("gradient:N", title=None, sort=list(summary.outcomes)),
        color=_color("outcome:N", list(OUTCOMES), _COLORS),
        order="order:Q",
        tooltip=["gradient:N", "outcome:N", "students:Q"],
    )
    return _finished(chart, ROW_HEIGHT * len(summary.outcomes))


def costs_chart(costs: list[RootCost]) -> dict[str, Any]:
    """The root mistakes that cost most: the marks they lost, and those that follow-through saved."""
    rows = [
        {
            "mistake": f"{k + 1}. {cost.label}",
            "what": what,
            "marks": round(marks, 2),
            "students": len(cost.students),
            "filter": f"cost-{k}",
        }
        for k, cost in enumerate(costs[:MAX_COSTS])
        for what, marks in (("lost", cost.lost), ("saved by follow-through", cost.saved))
    ]
    # The words stand above the bar, not beside it: a phone has no room beside.
    chart = _chart(rows).encode(y=alt.Y("mistake:N", axis=None, sort=[str(row["mistake"]) for row in rows[::2]]))
    bars = chart.mark_bar(cursor="pointer", size=14, yOffset=9).encode(
        x=alt.X("marks:Q", title="marks", axis=alt.Axis(tickCount=5, grid=False)),
        color=_color("what:N", ["lost", "saved by follow-through"], ["var(--wrong)", "var(--follows)"]),
        tooltip=["mistake:N", "what:N", "marks:Q", "students:Q"],
    )
    words = chart.mark_text(align="left", yOffset=-9, fontSize=13, color="var(--text)", cursor="pointer")
    words = words.encode(x=alt.value(0), text="mistake:N").transform_filter("datum.what == 'lost'")
    return _finished(alt.layer(bars, words), COST_HEIGHT * min(len(costs), MAX_COSTS))


def _chart(rows: list[dict[str, Any]]) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=rows))


def _color(field: str, names: list[str], colors: list[str]) -> alt.Color:
    """A color for each name, with a legend below the chart."""
    scale = alt.Scale(domain=names, range=colors)
    return alt.Color(field, title=None, scale=scale, legend=alt.Legend(orient="bottom", columns=3))


def _finished(chart: Any, height: int) -> dict[str, Any]:
    """The specification with the page's colors and type; as wide as its frame."""
    label, line = "var(--text)", "var(--line)"
    chart = chart.properties(width="container", height=height, background="transparent").configure(
        font="system-ui, sans-serif",
        axis=alt.AxisConfig(
            labelColor=label, titleColor=label, gridColor=line, domainColor=line, tickColor=line,
            labelFontSize=12, titleFontSize=12, titleFontWeight="normal",
        ),
        legend=alt.LegendConfig(labelColor=label, labelFontSize=12),
        view=alt.ViewConfig(stroke=None),
    )  # fmt: skip
    specification: dict[str, Any] = json.loads(chart.to_json())
    return specification
