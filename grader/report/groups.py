"""Groups of students that the page can filter by: an identifier, a label, and who belongs.  Pure."""

from typing import Any

from grader.config import CHECKS
from grader.report.charts import OUTCOMES, cost_words
from grader.report.facts import flag_words, kind_words
from grader.report.island import visible
from grader.report.summary import BINS, Students, Summary


def make_groups(summary: Summary, max_score: float) -> dict[str, tuple[str, Students]]:
    """Every group that a number or a bar of the page stands for, empty ones left out."""
    groups: dict[str, tuple[str, Students]] = {
        "not-graded": ("not graded", summary.not_graded),
        "no-file": ("no file", summary.no_file),
        "full-marks": ("full marks", summary.full_marks),
        "late": ("late", summary.late),
        "flagged": ("worth a look", sorted({k for students in summary.flags.values() for k in students})),
    }
    for k, students in enumerate(summary.bins):
        low, high = (f"{share * max_score / BINS:g}" for share in (k, k + 1))
        groups[f"scores-{k}"] = (f"{low} to {high} marks", students)
    for name, by_status in summary.outcomes.items():
        for order, (outcome, statuses) in enumerate(OUTCOMES.items()):
            members = [k for status in statuses for k in by_status[status]]
            groups[f"outcome-{name}-{order}"] = (f"{name}: {outcome}", members)
    for name, by_check in summary.checks.items():
        for check in CHECKS:
            passed = set(by_check[check])
            label = f"{name}: {check.replace('_', ' ')} not passed"
            groups[f"check-{name}-{check}"] = (label, [k for k in summary.graded if k not in passed])
    for kind, by_gradient in summary.kinds.items():
        for name, students in by_gradient.items():
            groups[f"kind-{kind}-{name}"] = (f"{kind_words(kind)} in {name}", students)
        everyone = sorted({k for students in by_gradient.values() for k in students})
        groups[f"kind-{kind}"] = (f"{kind_words(kind)} in any gradient", everyone)
    for k, cost in enumerate(summary.costs):
        groups[f"cost-{k}"] = (visible(cost_words(cost)), cost.students)
    for k, chain in enumerate(summary.chains):
        groups[f"chain-{k}"] = (f"{', '.join(chain.roots)} carried into {', '.join(chain.reached)}", chain.students)
    for k, problem in enumerate(summary.problems):
        where = f" in {problem.where}" if problem.where else ""
        groups[f"problem-{k}"] = (visible(f"{problem.name}{where}"), problem.students)
    for k, (flag, students) in enumerate(summary.flags.items()):
        groups[f"flag-{k}"] = (flag_words(flag), students)
    return {key: (label, students) for key, (label, students) in groups.items() if students}


def advice(summary: Summary, groups: dict[str, Any]) -> list[tuple[str, str, str]]:
    """What to do with this report, most useful first: the group concerned, what to do, and why."""
    todo = []
    if summary.not_graded:
        todo.append(("not-graded", "Find out why these have no marks", "they could not be graded, or not be read; that says nothing about the work"))
    dearest = [(k, cost) for k, cost in enumerate(summary.costs) if cost.kind != "missing"][:3]
    for k, cost in dearest:
        marks = f"{cost.lost:.0f} marks lost" + (f", {cost.kept:.0f} more kept only by follow-through" if cost.kept else "")
        todo.append((f"cost-{k}", f"Teach: {visible(cost_words(cost))}", marks))
    if "flagged" in groups:
        todo.append(("flagged", "Look yourself", "integrity flags: hints, not verdicts"))
    if any(len(problem.students) > 1 for problem in summary.problems):
        k = next(k for k, problem in enumerate(summary.problems) if len(problem.students) > 1)
        todo.append((f"problem-{k}", "Help with the commonest runtime problem", groups[f"problem-{k}"][0]))
    return todo
