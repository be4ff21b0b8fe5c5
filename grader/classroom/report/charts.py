"""The charts, as Vega-Lite specifications.  Knows colours and axes; the page draws them and answers clicks.

Colours are the page's own (CSS variables), so that charts follow light, dark and print without being drawn again.
"""

import json
from typing import Any

import altair as alt

from grader.classroom.report.facts import RUNTIME, kind_words
from grader.classroom.report.figures import BINS, RootCost, Summary
from grader.records.result import GradientStatus

OUTCOMES: dict[str, tuple[GradientStatus, ...]] = {
    "right": ("passed",),
    "follows": ("followed_through",),
    "wrong": ("failed",),
    "runtime problem": RUNTIME,
    "not written": ("missing",),
}
_COLOURS = ["var(--right)", "var(--follows)", "var(--wrong)", "var(--runtime)", "var(--missing)"]
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
            "marks": _bin_words(k, max_score),
        }
        for k, students in enumerate(summary.bins)
    ]
    chart = (
        _chart(rows)
        .mark_bar(color="var(--accent)", cursor="pointer")
        .encode(
            x=alt.X(
                "from:Q", bin="binned", title="marks", scale=_whole(max_score), axis=alt.Axis(grid=False, tickCount=5)
            ),
            x2="to:Q",
            y=alt.Y("students:Q", title="students", axis=alt.Axis(tickMinStep=1, format="d")),
            tooltip=["marks:N", "students:Q"],
        )
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
    chart = (
        _chart(rows)
        .mark_bar(cursor="pointer", stroke="var(--page)", strokeWidth=1)
        .encode(
            x=alt.X("students:Q", title="students", axis=alt.Axis(tickMinStep=1, tickCount=5, format="d")),
            y=alt.Y("gradient:N", title=None, sort=list(summary.outcomes)),
            color=alt.Color(
                "outcome:N",
                title=None,
                scale=alt.Scale(domain=list(OUTCOMES), range=_COLOURS),
                legend=alt.Legend(orient="bottom", columns=3),
            ),
            order="order:Q",
            tooltip=["gradient:N", "outcome:N", "students:Q"],
        )
    )
    return _finished(chart, ROW_HEIGHT * len(summary.outcomes))


def costs_chart(costs: list[RootCost]) -> dict[str, Any]:
    """The dearest root mistakes: what they cost, and what follow-through saved."""
    rows = [
        {
            "mistake": f"{k + 1}. {cost_words(cost)}",
            "what": what,
            "marks": round(marks, 2),
            "students": len(cost.students),
            "filter": f"cost-{k}",
        }
        for k, cost in enumerate(costs[:MAX_COSTS])
        for what, marks in (("lost", cost.lost), ("kept by follow-through", cost.kept))
    ]
    # The words stand above the bar, not beside it: a phone has no room beside.
    y = alt.Y("mistake:N", axis=None, sort=[str(row["mistake"]) for row in rows[::2]])
    chart = _chart(rows).encode(y=y)
    bars = chart.mark_bar(cursor="pointer", size=14, yOffset=9).encode(
        x=alt.X("marks:Q", title="marks", axis=alt.Axis(tickCount=5, grid=False)),
        color=alt.Color(
            "what:N",
            title=None,
            scale=alt.Scale(domain=["lost", "kept by follow-through"], range=["var(--wrong)", "var(--follows)"]),
            legend=alt.Legend(orient="bottom"),
        ),
        tooltip=["mistake:N", "what:N", "marks:Q", "students:Q"],
    )
    words = chart.mark_text(align="left", yOffset=-9, fontSize=13, color="var(--text)", cursor="pointer")
    words = words.encode(x=alt.value(0), text="mistake:N").transform_filter("datum.what == 'lost'")
    return _finished(alt.layer(bars, words), COST_HEIGHT * min(len(costs), MAX_COSTS))


def cost_words(cost: RootCost) -> str:
    """A root mistake in a few words: `flipped sign (result) in dJ_db2`."""
    if not cost.gradient:
        return "the file does not load"
    where = f" ({cost.where})" if cost.where else ""
    return f"{kind_words(cost.kind)}{where} in {cost.gradient}"


def _bin_words(k: int, max_score: float) -> str:
    low, high = (f"{share * max_score / BINS:g}" for share in (k, k + 1))
    return f"{low} to {high}" if k == BINS - 1 else f"{low} to less than {high}"


def _chart(rows: list[dict[str, Any]]) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=rows))


def _whole(max_score: float) -> alt.Scale:
    return alt.Scale(domain=[0, max_score], nice=False)


def _finished(chart: Any, height: int) -> dict[str, Any]:
    """The specification with the page's colours and type; wide as its frame."""
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
