"""What batch and regrade have in common: the store, the workers, the files written at the end."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from grader.classroom.batch.protocol import Hello
from grader.classroom.store.store import Store
from grader.config.keys import Config
from grader.errors import UsageError
from grader.problem.fingerprint import Fingerprint


def fingerprint_of(hello: Hello) -> Fingerprint:
    if hello.fingerprint is None:
        raise AssertionError("a worker that did not refuse says what it grades")
    return hello.fingerprint


def check_state(store: Store, state: Fingerprint) -> None:
    """The gradings in force must be of the present state of the assignment: a table of marks is of one rubric.

    Raises:
        UsageError: they are not.
    """
    now = (state.spec, state.solution)
    found = store.current_states()
    older = [one for one in found if one != now]
    if older:
        what = "config.yaml or the model" if older[0][0] != state.spec else "the solution, or a file beside it,"
        whose = "some of these results" if len(found) > 1 else "these results"
        raise UsageError(
            f"{store.folder}: {what} changed since {whose} were graded. `grader regrade {store.folder}` brings them up to"
            " date first, with --rerun where it leaves some as they are; or choose another --out"
        )


def refuser(config: Path) -> Callable[[str, str], bytes]:
    """Makes grades that say only that the grader failed; loads the assignment when the first is asked for."""

    def not_graded_json(name: str, reason: str) -> bytes:
        from grader.config.load import load_config
        from grader.grading.grade import not_graded
        from grader.problem.assignment import load_assignment

        assignment = load_assignment(load_config(config), config.resolve().parent, with_solution=False)
        return msgspec.json.encode(not_graded(assignment, name, reason))

    return not_graded_json


def source_limit(config: Config) -> int:
    return config.sandbox.source_kb * 1024
