"""The figures of a class: counts, and which students stand behind each.  Pure; knows no HTML."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from grader.classroom.report.data import Record
from grader.classroom.report.facts import KIND_WORDS, RUNTIME, not_loaded, problem_name, root_mistakes
from grader.config.keys import CHECKS, Config
from grader.output.wording import STATUS_LABELS
from grader.records.result import Grade, GradientStatus

Students = list[int]  # positions in the list of records
Grades = dict[int, Grade]  # those of the records that are graded
BINS = 20


@dataclass
class RootCost:
    """One root mistake of the class and what it costs.

    Attributes:
        statements: what the diagnosis says of it, with how many students it says that to.
        lost: marks lost in the gradient itself, all students together.
        carried: how many later gradients were wrong, or did not run, only because of it.
        kept: the marks which those kept by follow-through, and would have lost without.
    """

    gradient: str
    kind: str
    where: str
    statements: Counter[str] = field(default_factory=Counter)
    students: Students = field(default_factory=list)
    lost: float = 0.0
    propagated: int = 0
    kept: float = 0.0

    @property
    def statement(self) -> str:
        return self.statements.most_common(1)[0][0]

    @property
    def weight(self) -> float:
        """Marks that it would have cost without follow-through."""
        return self.lost + self.kept


@dataclass(frozen=True)
class Chain:
    """A mistake and the later gradients into which it was carried."""

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
    """Everything that the report says of the class as a whole.

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


def summarise(config: Config, records: Sequence[Record]) -> Summary:
    """The figures of these records."""
    graded = {k: record.grade for k, record in enumerate(records) if record.grade and record.status == "graded"}
    shares = {k: grade.score / (grade.max_score or 1) for k, grade in graded.items()}
    names = [gradient.name for gradient in config.gradients]
    return Summary(
        graded=list(graded),
        not_graded=[k for k, record in enumerate(records) if record.status not in ("graded", "missing")],
        no_file=[k for k, record in enumerate(records) if record.status == "missing"],
        full_marks=[k for k in graded if shares[k] >= 1 - 1e-9],
        late=[k for k, record in enumerate(records) if record.late],
        median_share=median(shares.values()) if shares else None,
        bins=[[k for k in graded if _bin(shares[k]) == number] for number in range(BINS)],
        outcomes=_outcomes(names, graded),
        checks=_checks(names, graded),
        kinds=_kinds(names, graded),
        costs=_costs(graded),
        chains=_chains(graded),
        problems=_problems(graded),
        flags=_by_flag(records),
    )


def _bin(share: float) -> int:
    return max(0, min(BINS - 1, int(share * BINS + 1e-9)))


def _outcomes(names: Sequence[str], graded: Grades) -> dict[str, dict[GradientStatus, Students]]:
    table: dict[str, dict[GradientStatus, Students]] = {
        name: {status: [] for status in STATUS_LABELS} for name in names
    }
    for k, grade in graded.items():
        for gradient in grade.gradients:
            if gradient.name in table:
                table[gradient.name][gradient.status].append(k)
    return table


def _checks(names: Sequence[str], graded: Grades) -> dict[str, dict[str, Students]]:
    table: dict[str, dict[str, Students]] = {name: {check: [] for check in CHECKS} for name in names}
    for k, grade in graded.items():
        for gradient in grade.gradients:
            for check in gradient.checks:
                if check.outcome == "passed" and check.name in table.get(gradient.name, {}):
                    table[gradient.name][check.name].append(k)
    return table


def _kinds(names: Sequence[str], graded: Grades) -> dict[str, dict[str, Students]]:
    """In the order of KIND_WORDS, kinds that nobody made left out."""
    found: dict[str, dict[str, dict[int, None]]] = defaultdict(lambda: defaultdict(dict))
    for k, grade in graded.items():
        for root in root_mistakes(grade):
            found[root.mistake.kind][root.gradient][k] = None
    order = [*(kind for kind in KIND_WORDS if kind in found), *sorted(set(found) - set(KIND_WORDS))]
    return {kind: {name: list(found[kind][name]) for name in names} for kind in order}


def _costs(graded: Grades) -> list[RootCost]:
    """The dearest first, as they would be without follow-through; a file that does not load is one mistake of the whole file."""
    costs: dict[tuple[str, str, str], RootCost] = {}
    for k, grade in graded.items():
        if not_loaded(grade):
            cost = costs.setdefault(("", "runtime", ""), RootCost("", "runtime", ""))
            cost.statements["the file could not be loaded"] += 1
            cost.students.append(k)
            cost.lost += grade.max_score - grade.score
        roots = list(root_mistakes(grade))
        for root in roots:
            key = (root.gradient, root.mistake.kind, root.mistake.where)
            cost = costs.setdefault(key, RootCost(*key))
            cost.statements[root.mistake.statement] += 1
            if k not in cost.students[-1:]:
                cost.students.append(k)
            cost.lost += root.lost
            cost.propagated += len(root.stopped)
            siblings = sum(other.gradient == root.gradient for other in roots)
            for gradient in grade.gradients:
                follows = gradient.follow_through
                if follows is not None and root.gradient in follows.roots:
                    share = 1 / (siblings * len(follows.roots))
                    cost.kept += follows.score * share
                    cost.lost += (gradient.max_score - gradient.score) * share
                    cost.propagated += 1
    return sorted(costs.values(), key=lambda cost: (-cost.weight, cost.gradient, cost.kind, cost.where))


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
    problems = [
        Problem(name, where, messages[name, where].most_common(1)[0][0], students)
        for (name, where), students in found.items()
    ]
    return sorted(problems, key=lambda problem: (-len(problem.students), problem.name, problem.where))


def _problems_of(grade: Grade) -> Iterable[tuple[str, str, str]]:
    if not_loaded(grade):
        return [("the file does not load", "", grade.message)]
    roots = {root.gradient for root in root_mistakes(grade)}
    return [(problem_name(g), g.name, g.message) for g in grade.gradients if g.status in RUNTIME and g.name in roots]


def _by_flag(records: Sequence[Record]) -> dict[str, Students]:
    found: dict[str, Students] = defaultdict(list)
    for k, record in enumerate(records):
        for kind in dict.fromkeys(flag.kind for flag in record.flags):
            found[kind].append(k)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))
