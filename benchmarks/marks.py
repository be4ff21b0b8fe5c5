"""`python benchmarks/marks.py [--quick]`: the marks that one mistake costs, with and without replaced functions.

A right file gets one mistake at a time: each labelled one of set A and of the gallery, and a function that raises, is missing,
returns another shape or NaN, or never returns, for every gradient of the bundled assignment, of gallery/ and of tests/courses.
(Of those that never return one for each assignment, except for the bundled one: each takes all the time there is.)

The last columns count the files that lose more than the marks of the wrong gradient, and more than those of all that its
function returns.  The latter should be 0; the former can't be where one function returns several gradients: if it raises they
are all gone, and what they have in common within it no other output shows.
"""

import argparse
import os
import sys
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path
from statistics import mean

import msgspec
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
os.environ.setdefault("GRADER_SEED", "5eed5eed5eed5eed5eed5eed5eed5eed")

from grader.checks.checked import check_run  # noqa: E402
from grader.config.load import load_config  # noqa: E402
from grader.errors import SandboxError  # noqa: E402
from grader.grading.grade import grade  # noqa: E402
from grader.grading.running import make_sandbox  # noqa: E402
from grader.newassignment.gallery.labelled import read_cases  # noqa: E402
from grader.problem.assignment import Assignment, load_assignment  # noqa: E402
from grader.sandbox.zygotes import start_spawner  # noqa: E402

# Short, and on the clock so generous that a busy machine changes nothing.
LIMITS = {"call_cpu_seconds": 0.2, "submission_cpu_seconds": 3.0, "wall_factor": 200.0}
HEAD = """
import functools as _functools, numpy as _np
def _entry(value, place, names, change):
    if place is None:
        return change(value)
    if isinstance(value, dict):
        key = next(name for name in names if name in value)
        return {**value, key: change(value[key])}
    return tuple(change(one) if k == place else one for k, one in enumerate(value))
"""
# What stands in the place of a right function, or of one of its results; {old} is the right one.
FAILURES = {
    "raises": "raise ValueError('no')",
    "returns 1-D": "return _entry({old}(*a, **k), {place}, {names}, _np.ravel)",
    "returns another shape": "return _entry({old}(*a, **k), {place}, {names}, lambda v: _np.asarray(v)[None, None])",
    "returns NaN": "return _entry({old}(*a, **k), {place}, {names}, lambda v: v * _np.nan)",
    "returns None": "return _entry({old}(*a, **k), {place}, {names}, lambda v: None)",
    "never returns": "\n    while True: pass",
}
SLOW = "never returns"


def opened(folder: Path) -> Assignment:
    config = load_config(folder / "config.yaml")
    limits = msgspec.structs.replace(config.sandbox, **LIMITS)
    config = msgspec.structs.replace(config, sandbox=limits)
    return load_assignment(config, folder, with_solution=True)


def failing(assignment: Assignment, text: str, name: str, kind: str) -> str:
    """The right file with one mistake."""
    function = assignment.config.function_of(name)
    owner, _, method = function.name.rpartition(".")
    if kind == "is missing":
        return f"{text}\ndel {function.name}\n"
    of = next(one.of for one in assignment.config.gradients if one.name == name)
    place = function.returns.index(name) if len(function.returns) > 1 else None
    body = FAILURES[kind].format(old="_right", place=place, names=(name, of))
    return (
        f"{text}\n{HEAD}\n_right = {function.name}\n@_functools.wraps(_right)\n"
        f"def {method}(*a, **k):\n    {body}\n" + (f"{function.name} = {method}\n" if owner else "")
    )


def worth(assignment: Assignment, names: Collection[str]) -> tuple[float, float]:
    """The marks of these gradients, and of all that their functions return."""
    siblings = {other for name in names for other in assignment.siblings[name]}
    marks = {one.name: one.max_score for one in assignment.config.gradients}
    return sum(marks[name] for name in names), sum(marks[name] for name in siblings)


def lost(assignment: Assignment, run, *, substitute: bool) -> float:
    follow_through = msgspec.structs.replace(assignment.config.follow_through, substitute=substitute)
    config = msgspec.structs.replace(assignment.config, follow_through=follow_through)
    changed = Assignment(assignment.folder, config, assignment.graph, assignment.points, assignment.reference)
    with np.errstate(all="ignore"):
        found = grade(changed, check_run(changed, run))
    return found.max_score - found.score


def cases_of(assignment: Assignment, text: str, *, every: bool):
    """(group, label, file, marks of the gradient, marks of its function)"""
    for kind in (*FAILURES, "is missing"):
        for name in assignment.names if every or kind != SLOW else assignment.names[:1]:
            source = failing(assignment, text, name, kind)
            yield kind, f"{name} {kind}", source.encode(), *worth(assignment, [name])


def set_a(assignment: Assignment):
    from test_substitution import bodies_of_set_a, with_bodies

    for key, (name, body) in bodies_of_set_a().items():
        yield "a wrong formula (set A)", key, with_bodies(**{name: body}), *worth(assignment, [name])


def labelled(folder: Path, assignment: Assignment):
    """The labelled wrong submissions of an assignment of the gallery."""
    for case in read_cases(folder) if (folder / "cases.txt").is_file() else ():
        yield "a labelled wrong submission", case.id, case.source.encode(), *worth(assignment, case.accused)


def measured(folder: Path, assignment: Assignment, cases):
    """Each case: its group; the share of the marks lost without, and with replaced functions; the marks beyond those of the
    gradient, and beyond those of its function; the label."""
    cases = list(cases)
    limits, most = assignment.config.sandbox, assignment.config.max_score
    with make_sandbox(assignment, lambda: start_spawner(folder / assignment.config.model, limits)) as sandbox:
        for number, run in sandbox.run_many((source for _, _, source, *_ in cases), in_flight=2):
            if isinstance(run, SandboxError):
                raise run
            group, label, _, gradient, function = cases[number]
            before, now = (lost(assignment, run, substitute=on) for on in (False, True))
            yield group, before / most, now / most, round(now - gradient, 9), round(now - function, 9), label


def table(title: str, rows) -> list[tuple]:
    """Print a table, and those that lose more than the marks of the function."""
    rows = list(rows)
    groups = defaultdict(list)
    for group, *rest in rows:
        groups[group].append(rest)
    print(f"\n{title}\n{'mistake':32}{'files':>7}{'before':>10}{'now':>10}{'> gradient':>12}{'> function':>12}")
    for group, found in groups.items():
        before, now = (mean(one[i] for one in found) for i in (0, 1))
        beyond = [sum(one[i] > 0 for one in found) for i in (2, 3)]
        print(f"{group:32}{len(found):7}{before:10.1%}{now:10.1%}{beyond[0]:12}{beyond[1]:12}")
    for _, _, now, _, function, label in rows:
        if function > 0:
            print(f"  loses more than its function: {label}: {function:g} marks beyond, {now:.0%} in all")
    sys.stdout.flush()
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the bundled assignment only")
    quick = parser.parse_args().quick
    from right import RIGHT_FILE

    text = "import numpy as np\nfrom model import sigmoid, softmax\n" + RIGHT_FILE.read_text(encoding="utf-8")
    bundled = opened(ROOT)
    cases = [*set_a(bundled), *cases_of(bundled, text, every=True)]
    found = {"bundled": table("bundled assignment", measured(ROOT, bundled, cases))}
    for place in () if quick else ("gallery", "tests/courses"):
        found[place] = []
        for folder in sorted(path.parent for path in ROOT.glob(f"{place}/*/config.yaml")):
            source, *_ = [*folder.glob("right.all_passed.py"), *folder.glob("right/plain.py")]
            assignment = opened(folder)
            text = source.read_text(encoding="utf-8")
            cases = [*labelled(folder, assignment), *cases_of(assignment, text, every=False)]
            found[place] += table(f"{place}/{folder.name}", measured(folder, assignment, cases))
        table(f"all of {place}", found[place])
    return int(any(row[4] > 0 for rows in found.values() for row in rows))


if __name__ == "__main__":
    sys.exit(main())
