"""All checks of an assignment, in order."""

from collections.abc import Iterator

import numpy as np

from grader.errors import ConfigError
from grader.problem.assignment import Assignment
from grader.sandbox.host import Sandbox
from grader.validation.derivable import check_derivation
from grader.validation.finding import FORMAT, Finding, Report
from grader.validation.hint_checks import check_hints, check_misconceptions
from grader.validation.mutation import check_mutants
from grader.validation.numbers import check_fresh_points, check_margins, check_points, check_solution, check_trivial
from grader.validation.readme_tables import check_tables
from grader.validation.sizes import check_kinks, check_sizes
from grader.validation.submissions import check_rewritings, check_sandbox, check_stubs


def validate(assignment: Assignment, sandbox: Sandbox) -> Report:
    """Check an assignment that could be loaded."""
    with np.errstate(all="ignore"):
        findings = list(_findings(assignment, sandbox))
    sound = all(found.outcome != "failed" for found in findings)
    return Report(FORMAT, assignment.config.title, sound, findings)


def _findings(assignment: Assignment, sandbox: Sandbox) -> Iterator[Finding]:
    yield check_sandbox(assignment, sandbox)
    yield check_stubs(assignment, sandbox)
    yield (points := check_points(assignment))
    try:
        solution = check_solution(assignment)
    except ConfigError as error:
        solution = Finding("solution", "failed", str(error))
    yield solution
    yield check_derivation(assignment)
    yield check_sizes(assignment)
    yield check_kinks(assignment)
    if (tables := check_tables(assignment.config, assignment.folder)) is not None:
        yield tables
    if "failed" in (points.outcome, solution.outcome):
        return  # everything else is compared with the solution at these sample points
    yield check_fresh_points(assignment)
    yield check_margins(assignment)
    yield check_trivial(assignment)
    yield from check_mutants(assignment)
    yield check_rewritings(assignment, sandbox)
    yield check_hints(assignment)
    yield check_misconceptions(assignment)
