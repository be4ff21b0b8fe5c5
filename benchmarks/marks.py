"""`python benchmarks/marks.py [--quick]`: the marks that one mistake costs, with and without replaced functions.

A right file gets one mistake at a time: each labelled one of set A, and a function that raises, is missing, returns another shape
or NaN, or never returns, for every gradient of the bundled assignment and of the others in tests/courses and gallery.
What is lost beyond the marks of that gradient is printed as `beyond`, and should be 0.
"""

import argparse
import os
import sys
from collections import defaultdict
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
from grader.sandbox.spawner import start_spawner  # noqa: E402

LIMITS = {"call_cpu_seconds": 0.2, "submission_cpu_seconds": 3.0}
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
WHOLE = ("raises", "never returns")  # these cost all that a function returns


def opened(folder: Path) -> Assignment:
    config = load_config(folder / "config.yaml")
    limits = msgspec.structs.replace(config.sandbox, **LIMITS)
    config = msgspec.structs.replace(config, sandbox=limits)
    return load_assignment(config, folder, with_solution=True)


def failing(assignment: Assignment, text: str, name: str, kind: str) -> str | None:
    """The right file with one mistake; None where it cannot have this one."""
    function = assignment.config.function_of(name)
    if "." in function.name:
        return None
    several = len(function.returns) > 1
    if kind == "is missing":
        return f"{text}\ndel {function.name}\n"
    of = next(one.of for one in assignment.config.gradients if one.name == name)
    place = function.returns.index(name) if several else None
    body = FAILURES[kind].format(old=f"_right_{function.name}", place=place, names=(name, of))
    return (
        f"{text}\n{HEAD}\n_right_{function.name} = {function.name}\n@_functools.wraps(_right_{function.name})\n"
        f"def {function.name}(*a, **k):\n    {body}\n"
    )


def worth(assignment: Assignment, name: str, kind: str) -> float:
    """The marks that this mistake may cost: those of the gradient or, where the function is gone, of all that it returns."""
    names = assignment.siblings[name] if kind in (*WHOLE, "is missing") else (name,)
    return sum(one.max_score for one in assignment.config.gradients if one.name in names)


def lost(assignment: Assignment, run, *, substitute: bool) -> float:
    follow_through = msgspec.structs.replace(assignment.config.follow_through, substitute=substitute)
    config = msgspec.structs.replace(assignment.config, follow_through=follow_through)
    changed = Assignment(assignment.folder, config, assignment.graph, assignment.points, assignment.reference)
    with np.errstate(all="ignore"):
        found = grade(changed, check_run(changed, run))
    return found.max_score - found.score


def cases_of(assignment: Assignment, text: str):
    """(group, label, file, marks that it may cost)"""
    for kind in (*FAILURES, "is missing"):
        for name in assignment.names:
            if (source := failing(assignment, text, name, kind)) is not None:
                yield kind, f"{name} {kind}", source.encode(), worth(assignment, name, kind)


def measured(folder: Path, assignment: Assignment, cases):
    """(group, share lost without, share lost with, marks beyond, label) of each case."""
    cases = list(cases)
    limits, most = assignment.config.sandbox, assignment.config.max_score
    with make_sandbox(assignment, lambda: start_spawner(folder / assignment.config.model, limits)) as sandbox:
        for number, run in sandbox.run_many((source for _, _, source, _ in cases), in_flight=2):
            if isinstance(run, SandboxError):
                raise run
            group, label, _, may = cases[number]
            before, now = (lost(assignment, run, substitute=on) for on in (False, True))
            yield group, before / most, now / most, max(0.0, round(now - may, 9)), label


def table(title: str, rows) -> bool:
    groups = defaultdict(list)
    for group, *rest in rows:
        groups[group].append(rest)
    print(f"\n{title}\n{'mistake':32}{'files':>7}{'before':>10}{'now':>10}{'beyond':>10}")
    for group, found in groups.items():
        before, now, beyond = (mean(one[i] for one in found) for i in range(3))
        print(f"{group:32}{len(found):7}{before:10.1%}{now:10.1%}{beyond:10.2f}")
    more = [one for found in groups.values() for one in found if one[2] > 0]
    for _, now, beyond, label in more:
        print(f"  loses more than its gradient: {label}: {beyond:g} marks beyond, {now:.0%} in all")
    return not more


def set_a(assignment: Assignment):
    from test_substitution import bodies_of_set_a, with_bodies

    for key, (name, body) in bodies_of_set_a().items():
        yield "a wrong formula (set A)", key, with_bodies(**{name: body}), worth(assignment, name, "")


def labelled(folder: Path, assignment: Assignment):
    """The labelled wrong submissions of an assignment of the gallery."""
    for case in read_cases(folder) if (folder / "cases.txt").is_file() else ():
        may = sum(one.max_score for one in assignment.config.gradients if one.name in case.accused)
        yield "a labelled wrong submission", case.id, case.source.encode(), may


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the bundled assignment only")
    quick = parser.parse_args().quick
    from right import RIGHT_FILE

    text = "import numpy as np\nfrom model import sigmoid, softmax\n" + RIGHT_FILE.read_text(encoding="utf-8")
    bundled = opened(ROOT)
    sound = table("bundled assignment", measured(ROOT, bundled, [*set_a(bundled), *cases_of(bundled, text)]))
    configs = [*ROOT.glob("tests/courses/*/config.yaml"), *ROOT.glob("gallery/*/config.yaml")]
    for folder in sorted(path.parent for path in configs) if not quick else ():
        source, *_ = [*folder.glob("right.all_passed.py"), *folder.glob("right/plain.py")]
        assignment = opened(folder)
        cases = [*labelled(folder, assignment), *cases_of(assignment, source.read_text(encoding="utf-8"))]
        sound = table(f"{folder.parent.name}/{folder.name}", measured(folder, assignment, cases)) and sound
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
