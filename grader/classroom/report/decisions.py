"""What people and the late policy did to the marks, and what the last grading run changed: figures by student.  Pure."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from statistics import median

from grader.classroom.report.data import Class
from grader.classroom.report.facts import kind_label, root_mistakes

Students = list[int]  # positions in the list of records


@dataclass(frozen=True)
class Section:
    """A section or group of the class.

    Attributes:
        median: of the final marks; None where nobody has any.
        commonest: the mistake that most of its students made, in words; "" where nobody made one.
    """

    name: str
    students: Students
    marked: int
    median: float | None
    full_marks: int
    commonest: str
    with_commonest: int


@dataclass(frozen=True)
class Changed:
    """What the last grading run changed on one gradient, for one reason."""

    gradient: str
    why: str
    students: Students
    difference: float


@dataclass(frozen=True)
class Decisions:
    """All of it.

    Attributes:
        late_days: days late, then students; those in time are not there.
        untimed: students with a file and no time, where there is a late policy.
        gained, lost: students whose marks the last grading run raised or lowered.
    """

    adjusted: Students = field(default_factory=list)
    waiting: Students = field(default_factory=list)
    excused: Students = field(default_factory=list)
    late_days: dict[int, Students] = field(default_factory=dict)
    untimed: Students = field(default_factory=list)
    subtracted: float = 0.0
    sections: list[Section] = field(default_factory=list)
    changed: list[Changed] = field(default_factory=list)
    gained: Students = field(default_factory=list)
    lost: Students = field(default_factory=list)


def decide(graded: Class) -> Decisions:
    """The figures of a class."""
    finals = {k: record.final for k, record in enumerate(graded.records) if record.final is not None}
    late: dict[int, Students] = defaultdict(list)
    for k, final in finals.items():
        if final.late_days:
            late[final.late_days].append(k)
    sums: dict[str, float] = defaultdict(float)
    for change in graded.changes:
        sums[change.student] += change.difference
    return Decisions(
        adjusted=[k for k, final in finals.items() if final.adjustment is not None],
        waiting=[k for k, final in finals.items() if final.review],
        excused=[k for k, final in finals.items() if final.excused],
        late_days=dict(sorted(late.items())),
        untimed=[k for k, final in finals.items() if final.late_penalty is not None and final.late_days is None],
        subtracted=sum(final.late_penalty or 0.0 for final in finals.values()),
        sections=_sections(graded),
        changed=_changed(graded),
        gained=[k for k, record in enumerate(graded.records) if sums.get(record.key, 0.0) > 0],
        lost=[k for k, record in enumerate(graded.records) if sums.get(record.key, 0.0) < 0],
    )


def _sections(graded: Class) -> list[Section]:
    """Every section, by name; none where nobody is in one."""
    members: dict[str, Students] = defaultdict(list)
    for k, record in enumerate(graded.records):
        members[record.section].append(k)
    if set(members) <= {""}:
        return []
    return [_section(graded, name or "(none)", students) for name, students in sorted(members.items())]


def _section(graded: Class, name: str, students: Students) -> Section:
    records = [graded.records[k] for k in students]
    finals = [one.final for one in records if one.final is not None and one.final.value is not None]
    made = Counter(
        label
        for one in records
        for label in {f"{kind_label(root.mistake.kind)} in {root.gradient}" for root in root_mistakes(one.grade)}
    )
    commonest, count = min(made.items(), key=lambda item: (-item[1], item[0]), default=("", 0))
    values = [final.value for final in finals if final.value is not None]
    full = sum(final.value is not None and final.value >= final.max_score - 1e-9 for final in finals)
    return Section(name, students, len(values), median(values) if values else None, full, commonest, count)


def _changed(graded: Class) -> list[Changed]:
    """By gradient and reason, those that concern most students first."""
    position = {record.key: k for k, record in enumerate(graded.records)}
    found: dict[tuple[str, str], Changed] = {}
    for one in graded.changes:
        before = found.get((one.gradient, one.why), Changed(one.gradient, one.why, [], 0.0))
        students = [*before.students, position[one.student]] if one.student in position else before.students
        found[one.gradient, one.why] = Changed(one.gradient, one.why, students, before.difference + one.difference)
    return sorted(found.values(), key=lambda one: (-len(one.students), one.gradient, one.why))
