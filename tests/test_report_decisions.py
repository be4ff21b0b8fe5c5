"""What the report says about sections, adjustments, late days, changes, and numbers that students have in common."""

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

pytest.importorskip("vl_convert", reason="needs the extra: pip install 'gradient-grader[report]'")
from report_class import RIGHT as RIGHT_CODE
from report_class import source_of
from test_ledger import about, add, regrade
from test_results_folder import RIGHT, WRONG, fill, grade_of, result

from grader.classroom.report.alike import find_alike
from grader.classroom.report.data import Record, read_class
from grader.classroom.report.decisions import decide
from grader.classroom.report.page import make_report
from grader.classroom.report.same_files import find_same_files
from grader.classroom.store.copies import identical_files
from grader.classroom.store.store import Store
from grader.classroom.store.structure import structure_of
from grader.config.keys import Late
from grader.errors import UsageError
from grader.problem.assignment import Assignment
from grader.records.result import Diagnosis, Mistake
from grader.records.run import Answer, ArrayData, Run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return fill(tmp_path / "results", {"ann": WRONG, "bob": RIGHT, "cy": WRONG}, names={"ann": "Wei", "cy": "Wei"})


def test_adjusted_excused_and_waiting_students_are_counted(folder: Path) -> None:
    entry = add(folder, "ann", gradient="dJ_db2", score=7)
    add(folder, "bob", excuse=True)
    found = decide(read_class(folder))
    assert (found.adjusted, found.excused, found.waiting) == ([0], [1], [])
    regrade(folder, ann=RIGHT)
    found = decide(read_class(folder))
    assert (found.waiting, found.gained, found.lost) == ([0], [0], [])
    assert [(one.gradient, one.students, one.difference) for one in found.changed] == [("dJ_db2", [0], 6.0)]
    about(folder, "undo", entry.id)
    assert decide(read_class(folder)).waiting == []


@pytest.mark.parametrize(
    ("roster", "column", "sections"),
    [
        ("student,Section\nann,A\nbob,B\ncy,A\n", "section", {"A": [0, 2], "B": [1]}),
        ("Name;Email;Tutorial\nZoe;z@x;Mon\nbob;c@x;Tue\n", "Tutorial", {"(none)": [0, 2], "Tue": [1]}),
    ],
)
def test_sections_come_from_a_column_of_a_roster(
    folder: Path, tmp_path: Path, roster: str, column: str, sections: dict[str, list[int]]
) -> None:
    path = tmp_path / "roster.csv"
    path.write_text(roster)
    found = decide(read_class(folder, path, column))
    assert {one.name: one.students for one in found.sections} == sections
    with pytest.raises(UsageError, match="no column Sektion"):
        read_class(folder, path, "Sektion")


def test_a_section_has_its_median_of_final_marks_and_its_commonest_mistake(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    path.write_text("student,Section\nann,A\nbob,B\ncy,A\n")
    add(folder, "cy", add=2)
    [first, second] = decide(read_class(folder, path, "Section")).sections
    assert (first.median, first.marked, first.full_marks) == (15, 2, 0)
    assert (first.commonest, first.with_commonest) == ("wrong, not explained in dJ_db2", 2)
    assert (second.median, second.full_marks, second.commonest) == (20, 1, "")


# --- numbers in common --------------------------------------------------------------------------------------------------


def record(key: str, values: dict[str, float], known: str = "none", status: str = "failed") -> Record:
    """A student who gives for each gradient in `values` numbers that depend on that number alone."""
    answers, results = {}, []
    for name in ("dJ_dU", "dJ_dH"):
        seed = values.get(name)
        data = np.arange(6.0) + 1 if seed is None else np.random.default_rng(int(seed)).normal(size=6)
        answers[name] = [Answer("returned", value=ArrayData("<f8", (2, 3), data.tobytes()))]
        diagnosis = Diagnosis(known, [Mistake("sign", "", "s")] if known == "exact" else [])  # type: ignore[arg-type]
        results.append(result(name, 0, status, diagnosis=diagnosis) if seed is not None else result(name, 10, "passed"))
    source = source_of({"dJ_dU": f"{RIGHT_CODE['dJ_dU']} * {len(values)}"}, key)
    return Record(key, key, "graded", grade_of(*results), run=Run(answers), source=source, steps_hash="now")


def crowd(count: int) -> list[Record]:
    return [record(f"x{k}", {"dJ_dU": 1000.0 + k}) for k in range(count)]


def test_the_same_unexplained_numbers_are_shown_with_how_rare_they_are() -> None:
    records = [record("ann", {"dJ_dU": 1, "dJ_dH": 2}), record("bob", {"dJ_dU": 1, "dJ_dH": 2}), *crowd(39)]
    [found] = find_alike(records, "now")
    assert found.students == (0, 1)
    assert found.gradients == (("dJ_dU", 1, 40), ("dJ_dH", 1, 40))
    assert found.probability == pytest.approx(1 / 1600)
    assert [code is not None and code.lines[0] for code in found.code] == ["def dJ_dU(s):"] * 2


def test_the_last_digits_do_not_matter() -> None:
    pair = [record("ann", {"dJ_dU": 1}), record("bob", {"dJ_dU": 1})]
    [answer] = pair[1].run.answers["dJ_dU"]  # type: ignore[union-attr]
    near = answer.value.array() * (1 + 1e-13)  # type: ignore[union-attr]
    pair[1].run.answers["dJ_dU"] = [Answer("returned", value=ArrayData("<f8", (2, 3), near.tobytes()))]  # type: ignore[union-attr]
    assert len(find_alike([*pair, *crowd(5)], "now")) == 1


@pytest.mark.parametrize(
    "records",
    [
        [record("ann", {}), record("bob", {})],
        [record(key, {"dJ_dU": 1}, known="exact") for key in ("ann", "bob")],
        [record(key, {"dJ_dU": 1}, status="followed_through") for key in ("ann", "bob")],
        [record(key, {"dJ_dU": 1}) for key in "abcdefg"],
    ],
    ids=["right", "a known mistake", "follows", "common in this class"],
)
def test_what_many_do_independently_is_no_evidence(records: list[Record]) -> None:
    assert find_alike([*records, *crowd(20)], "now") == []


COPY = b"""import numpy as np

def dJ_dU(s):
    # the outer product
    delta = s.y_hat - s.y
    scale = np.sum(delta)
    wrong = delta * scale
    return s.h.T @ wrong
"""
RENAMED = b"""import numpy as np
def dJ_dU( step ):
    d=step.y_hat-step.y
    total = np.sum( d )

    out = d*total   # mine
    return step.h.T@out
"""


def test_renaming_and_layout_do_not_change_the_structure_and_other_code_does() -> None:
    assert structure_of(COPY) == structure_of(RENAMED)
    assert structure_of(COPY).names == 3
    for other in (
        COPY.replace(b"- s.y", b"+ s.y"),
        COPY.replace(b"s.h.T", b"s.h"),
        COPY.replace(b"np.sum", b"np.mean"),
    ):
        assert structure_of(other).hash != structure_of(COPY).hash
    assert structure_of(b"# nothing\n\n").hash == ""


@pytest.mark.parametrize(
    "hostile", [b"(" * 50_000, b"'" * 50_000, b'"""' * 9_999, b"\xff\x00" * 20_000, b"\\" * 50_000]
)
def test_any_bytes_have_a_structure(hostile: bytes) -> None:
    assert structure_of(hostile).names == 0


def test_copies_are_flagged_unless_all_in_them_is_right(tmp_path: Path) -> None:
    wrong = grade_of(result("dJ_dU", 0, "failed"))
    grades = {"ann": wrong, "bob": wrong, "cy": RIGHT, "di": RIGHT}
    fill(tmp_path, grades)
    with Store(tmp_path, create=False) as store:
        for key, source in {"ann": COPY, "bob": RENAMED, "cy": COPY, "di": RENAMED}.items():
            store.connection.execute(
                "UPDATE submissions SET source = ?, text_hash = ? WHERE key = ?", (source, key, key)
            )
        names = dict(store.connection.execute("SELECT id, key FROM submissions"))
        found = {names[number]: detail for number, detail in identical_files(store.connection)}
    assert found == {
        "ann": "the same but for names and layout as bob",
        "bob": "the same but for names and layout as ann",
    }


def test_untouched_and_half_done_files_are_no_copies(tmp_path: Path) -> None:
    grades = {key: grade_of(result("dJ_db2", 0, "missing"), result("dJ_dU", 10, "passed")) for key in ("ann", "bob")}
    fill(tmp_path, grades)
    with Store(tmp_path, create=False) as store:
        store.connection.execute("UPDATE submissions SET source = ?, text_hash = 'same'", (COPY,))
        assert list(identical_files(store.connection)) == []


def submitted(key: str, source: bytes, status: str = "failed", submission: int = 0) -> Record:
    return Record(key, key, "graded", grade_of(result("dJ_dU", 0, status)), source=source, submission=submission)


def test_files_in_common_are_grouped_with_what_they_differ_in() -> None:
    other = COPY.replace(b"- s.y", b"+ s.y")
    records = [
        submitted("a", COPY), submitted("b", RENAMED), submitted("c", other), submitted("d", other + b"# mine\n"),
        submitted("e", COPY.replace(b"s.h.T", b"s.h")), submitted("f", b""), submitted("g", b""),
    ]  # fmt: skip
    found = find_same_files(records)
    assert [(one.students, one.but_for) for one in found] == [
        ((0, 1), "names and layout"), ((2, 3), "comments and white space"),
    ]  # fmt: skip
    assert found[0].code[1].lines[1] == "def dJ_dU( step ):"
    assert [one.but_for for one in find_same_files([submitted("a", COPY), submitted("b", COPY)])] == [""]


def test_those_who_submitted_together_and_right_files_have_nothing_in_common() -> None:
    group = [submitted("a", COPY, submission=7), submitted("b", COPY, submission=7)]
    assert find_same_files(group) == []
    assert find_same_files([submitted("a", COPY, "passed"), submitted("b", COPY, "missing")]) == []
    pair = [dataclasses.replace(record(key, {"dJ_dU": 1}), submission=7) for key in ("ann", "bob")]
    assert find_alike([*pair, *crowd(20)], "now") == []


# --- the page -----------------------------------------------------------------------------------------------------------


def island(page: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


def test_the_list_for_letters_has_students_sentences_and_no_instructors(class_page: str) -> None:
    letters = [detail["letter"] for detail in island(class_page)["details"] if "letter" in detail]
    statements = {text for detail in island(class_page)["details"] for *_, text in detail.get("mistakes", [])}
    assert len(letters) > 10
    assert any(hint for _, hint in letters)
    assert not {sentence for sentence, _ in letters if sentence.startswith("Your numbers")} & statements


def test_the_words_about_numbers_in_common_accuse_nobody(class_page: str) -> None:
    text = class_page[
        class_page.index("<h3>The same numbers</h3>") : class_page.index('<section id="students"')
    ].casefold()
    assert "side by side: <bdi>" in text
    text = re.sub("<pre.*?</pre>", "", text, flags=re.DOTALL)
    assert not re.search(r"copied|cheat|plagiari|guilty|suspect|fraud", text)


def test_another_late_policy_in_the_config_is_noticed(
    assignment: Assignment, graded_class: Path, class_page: str
) -> None:
    assert "The late policy in config.yaml is another one" not in class_page
    config = msgspec.structs.replace(assignment.config, late=Late(due="2026-10-02"))
    changed = dataclasses.replace(assignment, config=config)
    assert "The late policy in config.yaml is another one" in make_report(changed, read_class(graded_class))


def _only_numbers_are_wrong(record: Record) -> bool:
    """Whether dJ_dU is wrong by itself, and an array of the right shape."""
    found = [one for one in record.grade.gradients if one.name == "dJ_dU"] if record.grade else []
    ran = [one for one in found if one.status == "failed" and not one.inherits and not one.message]
    return b"def dJ_dU" in record.source and any(one.checks[0].outcome == "passed" for one in ran)


def test_numbers_in_common_are_shown_side_by_side(assignment: Assignment, graded_class: Path) -> None:
    graded = read_class(graded_class)
    one = next(record for record in graded.records if _only_numbers_are_wrong(record))
    assert one.grade
    unknown = [
        msgspec.structs.replace(g, diagnosis=Diagnosis("none", [])) if g.name == "dJ_dU" else g
        for g in one.grade.gradients
    ]
    twin = dataclasses.replace(one, grade=msgspec.structs.replace(one.grade, gradients=unknown))
    pair = [dataclasses.replace(twin, key=key, name=f"<b>{key}", submission=0) for key in ("p1", "p2")]
    others = [record for record in graded.records if record.source != one.source]
    page = make_report(assignment, dataclasses.replace(graded, records=[*others, *pair]))
    text = page[page.index("<h3>The same numbers</h3>") : page.index('<section id="students"')]
    assert "Side by side: dJ_dU, <bdi>&lt;b&gt;p1</bdi>; <bdi>&lt;b&gt;p2</bdi></summary>" in text
    assert "<bdi>&lt;b&gt;p1</bdi>" in text
    assert text.count("def dJ_dU(s):") >= 2
    assert re.search(r"dJ_dU: 1 of \d+ other students", text)
