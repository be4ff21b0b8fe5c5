"""A class for tests of the report: wrong answers from tests/diagnosis and files from tests/submissions, really run and graded.

`python tests/report_class.py RESULTS COUNT` writes the store of such a class, to look at.
"""

import hashlib
import random
import sqlite3
import sys
import textwrap
from contextlib import closing
from pathlib import Path

import msgspec
import yaml

from grader.answers import Run
from grader.assignment import Assignment
from grader.fingerprint import fingerprint
from grader.grade import grade
from grader.result import Grade
from grader.sandbox.host import Sandbox
from grader.store.rows import flags_of
from grader.store.schema import create_or_migrate

ROOT = Path(__file__).parents[1]
HEAD = """import numpy as np

def sigmoid(a):
    return 1 / (1 + np.exp(-a))

def softmax(a):
    exp_a = np.exp(a - np.max(a))
    return exp_a / np.sum(exp_a)
"""
RIGHT = {
    "dJ_db2": "s.y_hat - s.y",
    "dJ_dU": "s.h.T @ dJ_db2(s)",
    "dJ_dh": "dJ_db2(s) @ s.U.T",
    "dJ_db1": "dJ_dh(s) * s.h * (1 - s.h)",
    "dJ_dL_x": "dJ_db1(s) @ s.I.T",
    "dJ_dI": "s.e.T @ dJ_db1(s)",
    "dJ_dH": "s.h_prev.T @ dJ_db1(s)",
    "dJ_dh_prev": "dJ_db1(s) @ s.H.T",
}
# Files that end quickly: the report is not about time limits.
FILES = (
    "seed.followed_through", "seed_1d.failed", "numeric_central.failed", "numeric_db2_only.followed_through", "abort.died",
    "asks_for_input.raised", "syntax_error.raised", "stubs.missing", "one_missing.missing", "wrong_shapes.failed", "nan.failed",
    "zeros.failed", "reads_solution.failed", "forged_reply.died", "forgotten_transposes.raised", "python2.raised",
    "prints_verdicts.passed", "chatty.passed", "warns.passed", "exception_texts.raised", "network.failed",
)  # fmt: skip
NAMES = (
    "Abel, Niels Henrik", "Noether, Emmy", "Ramanujan, S.", "Ковалевская, Софья", "王 貞儀", "محمد الخوارزمي", "O'Neil, Cathy",
    "Erdős, Paul", "Kwan, Michelle", "Lovelace, Ada", "Turing, Alan", "Mirzakhani, Maryam", "Tao, Terence", "Hopper, Grace",
)  # fmt: skip
HOSTILE = (
    '<script>window.hacked = 1</script>',
    '"><img src=x onerror="window.hacked = 2">',
    "</script><script>window.hacked = 3</script>",
    "=HYPERLINK(\"http://example.invalid\";\"x\")",
    "\u202egnp.exe \u2066left\u2069 <b>bold</b> & 'quotes' {{ 7 * 7 }} ${window.hacked = 4}",
)  # fmt: skip


def source_of(wrong: dict[str, str], comment: str = "") -> bytes:
    """A student's file in which the gradients in `wrong` have that code: an expression, or a body with `return`."""
    parts = [f"# {comment}\n{HEAD}"]
    for name, right in RIGHT.items():
        code = wrong.get(name, right)
        body = code if "return" in code else f"return {code.strip()}"
        parts.append(f"\ndef {name}(s):\n{textwrap.indent(body.rstrip(), '    ')}\n")
    return "\n".join(parts).encode()


def make_sources(count: int) -> list[bytes]:
    """Files of a class: a third right, most others with one mistake or two, some from the corpus, all a little different."""
    choose = random.Random(5)
    known = yaml.safe_load((ROOT / "tests/diagnosis/set_a.yaml").read_text())
    # The first of each gradient are the mistakes that students really make most: they come most often here too.
    weights = [
        1 / (1 + sum(other["gradient"] == entry["gradient"] for other in known[:k])) for k, entry in enumerate(known)
    ]
    sources = []
    for k in range(count):
        kind = choose.random()
        if kind < 0.12:
            name = choose.choice(FILES)
            sources.append((ROOT / "tests/submissions" / f"{name}.py").read_bytes())
            continue
        entries = choose.choices(known, weights, k=0 if kind < 0.4 else 1 if kind < 0.8 else 2)
        sources.append(source_of({entry["gradient"]: entry["code"] for entry in entries}, f"version {k % 97}"))
    for k, text in enumerate(HOSTILE[:count]):
        sources[k] = source_of({"dJ_db2": f"raise ValueError({text!r})  # {text}; return"}, text)
    return sources


def write_class(results: Path, assignment: Assignment, sandbox: Sandbox, count: int) -> None:
    """Run and grade such a class, and store it."""
    sources = make_sources(count)
    distinct = list(dict.fromkeys(sources))
    runs = {distinct[k]: run for k, run in sandbox.run_many(distinct)}
    sandbox_line = str(sandbox.report)
    graded: dict[bytes, tuple[Run, Grade]] = {}
    for source, run in runs.items():
        assert isinstance(run, Run), run
        graded[source] = run, grade(assignment, run, "gradients.py", sandbox_line)
    results.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(results / "grades.db")) as connection:
        create_or_migrate(connection)
        print_of = fingerprint(assignment)
        connection.execute(
            "INSERT INTO rounds VALUES (1, 'batch', ?, ?, ?, '', '2025-11-03T09:00:00Z', '2025-11-03T09:05:00Z')",
            (print_of.spec, print_of.solution, print_of.version),
        )
        for k, source in enumerate(sources):
            _insert(connection, k, source, *graded[source], print_of.steps, sandbox_line)
        _insert_without_marks(connection, count)
        connection.commit()


def _insert(
    connection: sqlite3.Connection, k: int, source: bytes, run: Run, result: Grade, steps: str, sandbox_line: str
) -> None:
    name = HOSTILE[k] if k < len(HOSTILE) else f"{NAMES[k % len(NAMES)]} {k}"
    digest = hashlib.sha256(source).hexdigest()
    identity = k + 1
    connection.execute(
        "INSERT INTO submissions (id, key, name, source_hash, text_hash, source, grading_id, received_at)"
        " VALUES (?, ?, 'gradients.py', ?, ?, ?, ?, '')",
        (identity, f"s{k:05}", digest, digest, source, identity),
    )
    connection.execute(
        "INSERT INTO students (id, key, name, late, submission_id) VALUES (?, ?, ?, ?, ?)",
        (identity, f"s{k:05}", name, int(k % 17 == 0), identity),
    )
    connection.execute(
        "INSERT INTO runs VALUES (?, ?, 1, ?, '{}', ?, ?, '', ?, ?, '')",
        (identity, identity, steps, sandbox_line, msgspec.msgpack.encode(run), run.cpu_seconds, run.attempts),
    )
    connection.execute(
        "INSERT INTO gradings VALUES (?, ?, ?, 1, ?, ?, ?, ?, '2025-11-03T09:05:00Z')",
        (
            identity,
            identity,
            identity,
            result.status,
            result.score,
            result.max_score,
            msgspec.json.encode(result).decode(),
        ),
    )
    for kind, gradient, detail in flags_of(result, run):
        connection.execute(
            "INSERT INTO flags (submission_id, grading_id, kind, gradient, detail) VALUES (?, ?, ?, ?, ?)",
            (identity, identity, kind, gradient, detail),
        )
    if k % 50 == 7:
        connection.execute(
            "INSERT INTO flags (submission_id, kind, detail) VALUES (?, 'identical', ?)",
            (identity, f"the same file as s{k - 1:05}"),
        )


def _insert_without_marks(connection: sqlite3.Connection, count: int) -> None:
    """One student who handed in nothing, one whose zip is broken."""
    for offset, (kind, problem) in enumerate(
        (("missing", "no file handed in"), ("unreadable", "this zip cannot be read"))
    ):
        identity = count + 1 + offset
        connection.execute(
            "INSERT INTO submissions (id, key, name, source_hash, text_hash, problem, problem_kind, received_at)"
            " VALUES (?, ?, '', '', '', ?, ?, '')",
            (identity, f"u{offset}", problem, kind),
        )
        connection.execute(
            "INSERT INTO students (id, key, name, submission_id) VALUES (?, ?, ?, ?)",
            (identity, f"u{offset}", f"Nobody {offset}", identity),
        )


def main() -> None:
    from grader.assignment import load_assignment
    from grader.configfile import load_config
    from grader.pipeline import make_sandbox
    from grader.sandbox.spawner import start_spawner

    assignment = load_assignment(load_config(ROOT / "config.yaml"), ROOT, with_solution=True)
    start = lambda: start_spawner(ROOT / assignment.config.model, assignment.config.sandbox)  # noqa: E731
    with make_sandbox(assignment, start) as sandbox:
        write_class(Path(sys.argv[1]), assignment, sandbox, int(sys.argv[2]))


if __name__ == "__main__":
    main()
