"""A class for tests of the report: wrong answers from tests/diagnosis and files from tests/submissions, really run and graded.

`python tests/report_class.py RESULTS COUNT` writes the store of such a class, to look at.
"""

import random
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
from contextlib import closing
from pathlib import Path

import warm
import yaml

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


def source_of(wrong: dict[str, str], comment: str = "", mark: int = 0) -> bytes:
    """A student's file in which the gradients in `wrong` have that code: an expression, or a body with `return`."""
    parts = [f"# {comment}\n{HEAD}\nMINE = {mark}\n"]
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
        if k % 50 == 8:  # copied from the one before
            sources.append(sources[-1])
            continue
        if kind < 0.12:
            name = choose.choice(FILES)
            sources.append((ROOT / "tests/submissions" / f"{name}.py").read_bytes())
            continue
        entries = choose.choices(known, weights, k=0 if kind < 0.4 else 1 if kind < 0.8 else 2)
        sources.append(source_of({entry["gradient"]: entry["code"] for entry in entries}, mark=k))
    for k, text in enumerate(HOSTILE[:count]):
        sources[k] = source_of({"dJ_db2": f"raise ValueError({text!r})  # {text}; return"}, text, k)
    return sources


def write_class(results: Path, count: int) -> None:
    """Write such a class, one folder a student, and grade it with `grader batch`."""
    with tempfile.TemporaryDirectory() as place:
        for k, source in enumerate(make_sources(count)):
            folder = Path(place) / f"s{k:05}"
            folder.mkdir()
            (folder / "gradients.py").write_bytes(source)
        (Path(place) / f"s{count:05}").mkdir()  # one who submitted nothing
        config = ROOT / "config.yaml"
        subprocess.run(
            [warm.GRADER, "batch", place, "--out", results, "--config", config], check=True, capture_output=True
        )
    with closing(sqlite3.connect(results / "grades.db")) as connection:
        for k in range(count):  # names as a learning platform gives them, which no folder could have
            name = HOSTILE[k] if k < len(HOSTILE) else f"{NAMES[k % len(NAMES)]} {k}"
            update = "UPDATE students SET name = ?, late = ? WHERE key = ?"
            connection.execute(update, (name, int(k % 17 == 0), f"s{k:05}"))
        connection.commit()


if __name__ == "__main__":
    write_class(Path(sys.argv[1]), int(sys.argv[2]))
