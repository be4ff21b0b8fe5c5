"""Groups of students that the page can filter by: an identifier, a label, and who belongs.  Pure."""

from collections.abc import Iterator, Sequence

from grader.classroom.report.alike import Alike
from grader.classroom.report.decisions import Decisions
from grader.classroom.report.facts import kind_label, signal_label
from grader.classroom.report.figures import BINS, OUTCOMES, Students, Summary
from grader.classroom.report.island import visible
from grader.classroom.report.same_files import SameFiles
from grader.config.keys import CHECKS
from grader.output.wording import CHECK_LABELS

Group = tuple[str, str, Students]  # identifier, label, members


def make_groups(
    summary: Summary,
    max_score: float,
    decisions: Decisions | None = None,
    alike: Sequence[Alike] = (),
    same: Sequence[SameFiles] = (),
) -> dict[str, tuple[str, Students]]:
    """Every group that a number or a bar of the page stands for, empty ones left out."""
    found = [*_by_marks(summary, max_score), *_by_gradient(summary), *_by_mistake(summary), *_by_event(summary)]
    found += _by_decision(decisions or Decisions())
    for k, one in enumerate(alike):
        label = f"the same numbers in {', '.join(name for name, _, _ in one.gradients)}"
        found.append((f"alike-{k}", label, list(one.students)))
    for k, files in enumerate(same):
        label = f"the same file{f' but for {files.but_for}' if files.but_for else ''}"
        found.append((f"same-{k}", label, list(files.students)))
    return {identifier: (visible(label), students) for identifier, label, students in found if students}


def _by_marks(summary: Summary, max_score: float) -> Iterator[Group]:
    yield "not-graded", "not graded", summary.not_graded
    yield "no-file", "no file", summary.no_file
    yield "full-marks", "full marks", summary.full_marks
    yield "late", "late", summary.late
    for k, students in enumerate(summary.bins):
        low, high = (f"{share * max_score / BINS:g}" for share in (k, k + 1))
        yield f"scores-{k}", f"{low} to {'' if k == BINS - 1 else 'less than '}{high} marks", students


def _by_gradient(summary: Summary) -> Iterator[Group]:
    for name, by_status in summary.outcomes.items():
        for order, (outcome, statuses) in enumerate(OUTCOMES.items()):
            members = [k for status in statuses for k in by_status[status]]
            yield f"outcome-{name}-{order}", f"{name}: {outcome}", members
    for name, by_check in summary.checks.items():
        for check in CHECKS:
            passed = set(by_check[check])
            missed = [k for k in summary.graded if k not in passed]
            yield f"check-{name}-{check}", f"{name}: {CHECK_LABELS[check]} not passed", missed


def _by_mistake(summary: Summary) -> Iterator[Group]:
    for kind, by_gradient in summary.kinds.items():
        for name, students in by_gradient.items():
            yield f"kind-{kind}-{name}", f"{kind_label(kind)} in {name}", students
        everyone = sorted({k for students in by_gradient.values() for k in students})
        yield f"kind-{kind}", f"{kind_label(kind)} in any gradient", everyone
    for k, cost in enumerate(summary.costs):
        yield f"cost-{k}", cost.label, cost.students
    for k, chain in enumerate(summary.chains):
        label = f"{', '.join(chain.reached)} {'follows' if len(chain.reached) == 1 else 'follow'} from {', '.join(chain.roots)}"
        yield f"chain-{k}", label, chain.students


def _by_event(summary: Summary) -> Iterator[Group]:
    for k, problem in enumerate(summary.problems):
        where = f" in {problem.where}" if problem.where else ""
        yield f"problem-{k}", f"{problem.name}{where}", problem.students
    for k, (kind, students) in enumerate(summary.flags.items()):
        yield f"flag-{k}", signal_label(kind), students
    yield "flagged", "worth a look", sorted({k for students in summary.flags.values() for k in students})


def _by_decision(decisions: Decisions) -> Iterator[Group]:
    yield "adjusted", "adjusted by hand", decisions.adjusted
    yield "waiting", "an adjustment needs to be confirmed", decisions.waiting
    yield "excused", "excused", decisions.excused
    yield "untimed", "time of submission unknown", decisions.untimed
    for days, students in decisions.late_days.items():
        yield f"late-{days}", f"{days} day{'' if days == 1 else 's'} late", students
    for k, section in enumerate(decisions.sections):
        yield f"section-{k}", f"section {section.name}", section.students
    for k, changed in enumerate(decisions.changed):
        yield f"changed-{k}", f"{changed.gradient}: {changed.why}", changed.students
    yield "gained", "gained marks in the last grading run", decisions.gained
    yield "lost", "lost marks in the last grading run", decisions.lost


def advice(summary: Summary, decisions: Decisions | None = None) -> list[tuple[str, str, str]]:
    """What to do with this report, most useful first: the group concerned, what to do, and why."""
    todo = []
    if decisions is not None and decisions.waiting:
        reason = "the verdict under them has changed, and until then these students have no final marks"
        todo.append(("waiting", "Confirm or undo adjustments with grader adjust", reason))
    if summary.not_graded:
        reason = "they could not be read or graded, which says nothing about the work"
        todo.append(("not-graded", "Find out why these have no marks", reason))
    for k, cost in [(k, cost) for k, cost in enumerate(summary.costs) if cost.kind != "missing"][:3]:
        verb = {"runtime": "Help with", "unexplained": "Read"}.get(cost.kind, "Teach")
        saved = f"; follow-through saved another {cost.saved:.0f}" if cost.saved else ""
        todo.append((f"cost-{k}", f"{verb}: {visible(cost.label)}", f"{cost.lost:.0f} marks lost{saved}"))
    if summary.flags:
        todo.append(("flagged", "Look at these yourself", "integrity signals: reasons to look, not verdicts"))
    return todo
