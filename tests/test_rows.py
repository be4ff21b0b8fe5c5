"""No mark in a wrong row: rosters of 300 students, through a real store into every export."""

import csv
import io
import random
import re
import tempfile
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from roster import SOURCES, Human, canvas_csv, fill, humans, moodle_csv

from grader.classroom.exports.feedback import moodle_zip
from grader.classroom.exports.gradebooks import fill_canvas, gradescope_csv
from grader.classroom.exports.results import grades_csv
from grader.classroom.exports.worksheet import fill_moodle
from grader.classroom.store.query import Results
from grader.classroom.store.store import Store
from grader.problem.fingerprint import fingerprint


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def check(rows: list[tuple[str, str]], graded: list[Human], certain: list[Human]) -> None:
    """`rows`: whose each is, by score, and the score in it."""
    assert [(owner, score) for owner, score in rows if score and owner != score] == []
    there = Counter(score for _, score in rows if score)
    assert set(there.values()) <= {1}
    assert set(there) <= {str(one.score) for one in graded}
    assert {str(one.score) for one in certain} <= set(there)


@pytest.fixture(scope="module")
def state(assignment):
    return fingerprint(assignment), assignment.config


@pytest.mark.parametrize("source", SOURCES)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=max(1, settings.default.max_examples // 50))
def test_no_mark_reaches_a_wrong_row(source, seed, state):
    rng = random.Random(seed)
    people = humans(rng, 300, source)
    rows = [one for one in people if one.there]
    rng.shuffle(rows)
    graded = [one for one in people if one.here and one.file]
    # Who is known on both sides by an id that nobody has touched gets their marks.
    kinds = {"gradescope": "cm", "canvas": "c", "moodle": "m", "blackboard": "cm", "autolab": "m"}.get(source, "")
    certain = [one for one in graded if one.certain and one.there]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "canvas.csv").write_text(canvas_csv(rows))
        (folder / "moodle.csv").write_text(moodle_csv(rows))
        with Store(folder / "results", create=True) as store:
            fill(store, people, state[0])
        with Results(folder / "results") as results:
            canvas = fill_canvas(results, folder / "canvas.csv", "7")
            check(
                [(row["Section"], row["HW (7)"]) for row in table(canvas.text)], graded, certain if "c" in kinds else []
            )
            moodle = fill_moodle(results, folder / "moodle.csv", lambda row: "")
            check([(row["Who"], row["Grade"]) for row in table(moodle.text)], graded, certain if "m" in kinds else [])
            for filled in (canvas, moodle):
                left = len(filled.refused) + len(filled.without_row)
                assert filled.graded + left == len(graded), "who has no row is listed"
                assert all(why for _, why in filled.refused)
            every_other_export(results, people, graded, state[1], source)


def every_other_export(results: Results, people: list[Human], graded: list[Human], config, source: str) -> None:
    scores = {f"student-{one.score}": str(one.score) for one in graded}
    rows = table(grades_csv(results).decode("utf-8-sig"))
    assert {row["student"]: row["score"] for row in rows if row["score"]} == scores
    known = {(one.here["name"], one.here.get("sid", ""), one.here.get("email", "")): [] for one in people if one.here}
    for one in people:
        if one.here:
            key = (one.here["name"], one.here.get("sid", ""), one.here.get("email", ""))
            known[key].append(str(one.score) if one.file else "")
    for row in table(gradescope_csv(results)):
        known[f"{row['First Name']} {row['Last Name']}".strip(), row["SID"], row["Email"]].remove(row["Total Score"])
    if source == "moodle":
        data, count = moodle_zip(results, config)
        assert count == len(graded)
        by_number = {one.moodle: str(one.score) for one in graded}
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                marks = re.search(r"Marks: (\d+) of", archive.read(name).decode())
                assert marks is not None
                assert marks[1] == by_number[name.split("_")[1]]
