"""All checks of an assignment, in order.  Ties the parts together."""

from collections.abc import Iterator

from grader.assignment import Assignment
from grader.errors import ConfigError
from grader.sandbox.host import Sandbox
from grader.validation.finding import Finding, Report, report
from grader.validation.mutation import check_mutants
from grader.validation.numbers import check_margins, check_solution, check_trivial
from grader.validation.runs import check_rewritings, check_sandbox, check_stubs
from grader.validation.texts import check_derivation, check_hints, check_misconceptions


def validate(assignment: Assignment, sandbox: Sandbox) -> Report:
    """Check an assignment that could be loaded."""
    return report(assignment.config.title, list(_findings(assignment, sandbox)))


def _findings(assignment: Assignment, sandbox: Sandbox) -> Iterator[Finding]:
    try:
        yield check_solution(assignment)
    except ConfigError as error:
        yield Finding("solution", "failed", str(error))
        return
    yield check_margins(assignment)
    yield check_trivial(assignment)
    yield from check_mutants(assignment)
    yield check_rewritings(assignment, sandbox)
    yield check_stubs(assignment, sandbox)
    yield check_hints(assignment)
    yield check_misconceptions(assignment)
    yield check_derivation(assignment)
    yield check_sandbox(assignment, sandbox)
