"""The figures of a class: counts, and which students are behind each.  Pure; knows no HTML."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from grader.classroom.report.data import Record
from grader.classroom.report.facts import (
    KIND_LABELS,
    NOT_LOADED,
    RUNTIME,
    kind_label,
    not_loaded,
    problem_name,
    root_mistakes,
)
from grader.config.keys import CHECKS, Config
from grader.diagnosis.hypothesis import by_itself
from grader.output.wording import STATUS_LABELS
from grader.records.result import Grade, GradientResult, GradientStatus

Students = list[int]  # positions in the list of records
Grades = dict[int, Grade]  # those of the records that are graded
BINS = 20
OUTCOMES: dict[str, tuple[GradientStatus, ...]] = {
    STATUS_LABELS["passed"]: ("passed",),
    "follows": ("followed_through",),
    STATUS_LABELS["failed"]: ("failed",),
    "runtime problem": RUNTIME,
    STATUS_LABELS["missing"]: ("missing",),
}


@dataclass
class RootCost:
    """One root mistake of the class and what it costs.

    Attributes:
        statements: the sentences of the diagnosis, with the number of students that each is about.
        lost: marks lost because of it, all students together.
        propagated: how many later gradients were wrong, or did not run, only because of it.
        saved: the marks that follow-through gave those gradients.
    """

    gradient: str
    kind: str
    where: str
    statements: Counter[str] = field(default_factory=Counter)
    students: Students = field(default_factory=list)
    lost: float = 0.0
    propagated: int = 0
    saved: float = 0.0

    @property
    def label(self) -> str:
        """A few words, such as `flipped sign (result) in dJ_db2`."""
        where = f" ({self.where})" if self.where else ""
        return f"{kind_label(self.kind)}{where} in {self.gradient}" if self.gradient else NOT_LOADED

    @property
    def statement(self) -> str:
        """What the diagnosis says of all of them; where it says different things, the commonest, and of how many."""
        text, count = self.statements.most_common(1)[0]
        return text if len(self.statements) == 1 else f"varies; in {count} of {self.statements.total()} cases: {text}"

    @property
    def weight(self) -> float:
        """Marks that it would have cost without follow-through."""
        return self.lost + self.saved


@dataclass(frozen=True)
class Chain:
    """Root mistakes, and the later gradients that follow from them."""

    roots: tuple[str, ...]
    reached: tuple[str, ...]
    students: Students


@dataclass(frozen=True)
class Problem:
    """A runtime problem: what, in which gradient (or the whole file), and its commonest message."""

    name: str
    where: str
    example: str
    students: Students


@dataclass(frozen=True)
class Summary:
    """Everything that the report shows of the class as a whole.

    Attributes:
        bins: students by share of the marks; bin k holds k/20 <= share < (k+1)/20, the last one full marks too.
        outcomes: gradient, then status, then students.
        checks: gradient, then check, then the students that passed it; the share is of those graded.
        kinds: kind of mistake, then gradient, then students.
    """

    graded: Students
    not_graded: Students
    no_file: Students
    full_marks: Students
    late: Students
    median_share: float | None
    bins: list[Students]
    outcomes: dict[str, dict[GradientStatus, Students]]
    checks: dict[str, dict[str, Students]]
    kinds: dict[str, dict[str, Students]]
    costs: list[RootCost]
    chains: list[Chain]
    problems: list[Problem]
    flags: dict[str, Students]


def summarize(config: Config, records: Sequence[Record]) -> Summary:
    """The figures of these records."""
    graded = {k: record.grade for k, record in enumerate(records) if record.grade and record.status == "graded"}
    shares = {k: grade.score / (grade.max_score or 1) for k, grade in graded.items()}
    names = [gradient.name for gradient in config.gradients]
    results = {
        name: [(k, g) for k, grade in graded.items() for g in grade.gradients if g.name == name] for name in names
    }
    return Summary(
        graded=list(graded),
        not_graded=[k for k, record in enumerate(records) if record.status not in ("graded", "missing")],
        no_file=[k for k, record in enumerate(records) if record.status == "missing"],
        full_marks=[k for k in graded if shares[k] >= 1 - 1e-9],
        late=[k for k, record in enumerate(records) if record.late],
        median_share=median(shares.values()) if shares else None,
        bins=[[k for k in graded if _bin(shares[k]) == number] for number in range(BINS)],
        outcomes={
            name: {status: [k for k, gradient in found if gradient.status == status] for status in STATUS_LABELS}
            for name, found in results.items()
        },
        checks={
            name: {check: [k for k, gradient in found if _passed(gradient, check)] for check in CHECKS}
            for name, found in results.items()
        },
        kinds=_kinds(names, graded),
        costs=_costs(graded),
        chains=_chains(graded),
        problems=_problems(graded),
        flags=_by_flag(records),
    )


def _bin(share: float) -> int:
    return max(0, min(BINS - 1, int(share * BINS + 1e-9)))


def _passed(gradient: GradientResult, check: str) -> bool:
    return any(one.name == check and one.outcome == "passed" for one in gradient.checks)


def _kinds(names: Sequence[str], graded: Grades) -> dict[str, dict[str, Students]]:
    """In the order of KIND_LABELS, kinds that nobody made left out."""
    found: dict[str, dict[str, dict[int, None]]] = defaultdict(lambda: defaultdict(dict))
    for k, grade in graded.items():
        for root in root_mistakes(grade):
            found[root.mistake.kind][root.gradient][k] = None
    order = [*(kind for kind in KIND_LABELS if kind in found), *sorted(set(found) - set(KIND_LABELS))]
    return {kind: {name: list(found[kind][name]) for name in names} for kind in order}


def _costs(graded: Grades) -> list[RootCost]:
    """The mistakes that would cost most without follow-through first; a file that does not load is one mistake."""
    costs: dict[tuple[str, str, str], RootCost] = {}
    for k, grade in graded.items():
        if not_loaded(grade):
            cost = costs.setdefault(("", "runtime", ""), RootCost("", "runtime", ""))
            cost.statements["the file could not be loaded"] += 1
            cost.students.append(k)
            cost.lost += grade.max_score - grade.score
        else:
            _add_costs(costs, k, grade)
    return sorted(costs.values(), key=lambda cost: (-cost.weight, cost.gradient, cost.kind, cost.where))


def _add_costs(costs: dict[tuple[str, str, str], RootCost], student: int, grade: Grade) -> None:
    """Add the mistakes of one student.  Those in one gradient share what follows from it, and so do several roots."""
    roots = list(root_mistakes(grade))
    siblings = Counter(root.gradient for root in roots)
    for root in roots:
        key = (root.gradient, root.mistake.kind, root.mistake.where)
        cost = costs.setdefault(key, RootCost(*key))
        cost.statements[by_itself(root.mistake.statement)] += 1
        if student not in cost.students[-1:]:
            cost.students.append(student)
        cost.lost += root.lost
        cost.propagated += len(root.affected)
        for gradient in grade.gradients:
            follows = gradient.follow_through
            if follows is not None and root.gradient in follows.roots:
                share = 1 / (siblings[root.gradient] * len(follows.roots))
                cost.saved += follows.score * share
                cost.lost += (gradient.max_score - gradient.score) * share
                cost.propagated += 1


def _chains(graded: Grades) -> list[Chain]:
    found: dict[tuple[tuple[str, ...], tuple[str, ...]], Students] = defaultdict(list)
    for k, grade in graded.items():
        reached: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for gradient in grade.gradients:
            if gradient.follow_through is not None:
                reached[tuple(gradient.follow_through.roots)].append(gradient.name)
        for roots, names in reached.items():
            found[roots, tuple(names)].append(k)
    chains = [Chain(roots, names, students) for (roots, names), students in found.items()]
    return sorted(chains, key=lambda chain: (-len(chain.students), chain.roots, chain.reached))


def _problems(graded: Grades) -> list[Problem]:
    found: dict[tuple[str, str], Students] = defaultdict(list)
    messages: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for k, grade in graded.items():
        for name, where, message in _problems_of(grade):
            found[name, where].append(k)
            messages[name, where][message] += 1
    problems = [Problem(*key, _commonest(messages[key]), students) for key, students in found.items()]
    return sorted(problems, key=lambda problem: (-len(problem.students), problem.name, problem.where))


def _problems_of(grade: Grade) -> Iterable[tuple[str, str, str]]:
    if not_loaded(grade):
        return [(NOT_LOADED, "", grade.message)]
    roots = {root.gradient for root in root_mistakes(grade)}
    return [(problem_name(g), g.name, g.message) for g in grade.gradients if g.status in RUNTIME and g.name in roots]


def _commonest(counts: Counter[str]) -> str:
    return counts.most_common(1)[0][0]


def _by_flag(records: Sequence[Record]) -> dict[str, Students]:
    found: dict[str, Students] = defaultdict(list)
    for k, record in enumerate(records):
        for kind in dict.fromkeys(flag.kind for flag in record.flags):
            found[kind].append(k)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))
