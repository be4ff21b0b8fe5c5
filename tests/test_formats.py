"""What other platforms read: an example of each format, and the schema that its platform documents.

The schemas below follow
    PrairieLearn  docs/externalGrading.md, "Grading results"
    CodeGrade     cg-pytest-reporter 1!1.1.3, the types `UnitTestMessage` and `TestCaseResult` of its plugin
    Submitty      submitty.org, Instructor, Autograding Validation, "Python Custom Validator Output"
    Autolab       docs/lab.md, "Writing Autograders", and docs/features/formatted-feedback.md
    JUnit         jenkinsci/xunit-plugin, junit-10.xsd, the strictest that is in use
"""

import importlib
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal
from xml.etree import ElementTree

import msgspec
import pytest
from conftest import ROOT, SUBMISSIONS, assert_golden

from grader.config.keys import CHECKS
from grader.errors import GraderError
from grader.grading.grade import not_graded
from grader.grading.pipeline import grade_run
from grader.output import formats
from grader.output.causes import lead
from grader.output.formats import NAMES, render
from grader.output.wording import STATUS_LABELS
from grader.problem.assignment import Assignment
from grader.records.result import (
    CheckOutcome,
    CheckResult,
    Diagnosis,
    FollowThrough,
    Grade,
    GradientResult,
    GradientStatus,
    Mistake,
)
from grader.records.run import Answer, Run
from grader.sandbox.host import Sandbox

Command = Callable[..., "subprocess.CompletedProcess[str]"]
GOLDEN = ROOT / "tests" / "golden" / "formats"
HOSTILE = "</message>]]><script>alert(1)</script>\x00\x1b[31m| a | `b` \u202e\n## heading\n::set-output name=x::1"


class PrairieLearnTest(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    description: str
    points: float
    max_points: float
    output: str = ""
    message: str = ""


class PrairieLearn(msgspec.Struct, forbid_unknown_fields=True):
    gradable: bool
    score: float = 0.0
    message: str = ""
    output: str = ""
    format_errors: list[str] = []
    tests: list[PrairieLearnTest] = []


class CodeGradeCase(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    status: Literal["success", "failure", "skipped"]
    description: str = ""
    weight: float = 1.0
    reason: str = ""


class CodeGradeSuite(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    name: str
    testCases: list[CodeGradeCase]
    weight: float = 1.0


class CodeGradeTests(msgspec.Struct, forbid_unknown_fields=True, tag_field="tag", tag="unit-test"):
    results: list[CodeGradeSuite]


class CodeGradePoints(msgspec.Struct, forbid_unknown_fields=True, tag_field="tag", tag="points"):
    points: float


class SubmittyMessage(msgspec.Struct, forbid_unknown_fields=True):
    message: str
    status: Literal["success", "failure", "information", "warning"]


class SubmittyData(msgspec.Struct, forbid_unknown_fields=True):
    score: Annotated[float, msgspec.Meta(ge=0, le=1)]
    message: Annotated[list[SubmittyMessage], msgspec.Meta(min_length=1)]


class SubmittySuccess(msgspec.Struct, forbid_unknown_fields=True, tag_field="status", tag="success"):
    data: SubmittyData


class SubmittyFailure(msgspec.Struct, forbid_unknown_fields=True, tag_field="status", tag="failure"):
    message: str


class AutolabCase(msgspec.Struct, forbid_unknown_fields=True):
    passed: bool
    hint: str = ""


class AutolabScores(msgspec.Struct, forbid_unknown_fields=True):
    scores: dict[str, float]
    scoreboard: list[float] = []


# junit-10.xsd: for each element the attributes that it must and may have, and the elements that it may hold.
TEXT = (set(), {"type", "message"}, set())
JUNIT: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors"},
        {"group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
    ),
    "properties": (set(), set(), {"property"}),
    "property": ({"name", "value"}, set(), set()),
    "testcase": (
        {"name"},
        {"time", "classname", "group"},
        {"skipped", "error", "failure", "system-out", "system-err"},
    ),
    "failure": TEXT,
    "error": TEXT,
    "skipped": TEXT,
    "system-out": (set(), set(), set()),
}


@pytest.fixture(scope="module")
def seed(assignment: Assignment, sandbox: Sandbox) -> Grade:
    run = sandbox.run((SUBMISSIONS / "seed.followed_through.py").read_bytes())
    return grade_run(assignment, run, "seed.py")


@pytest.fixture(scope="module")
def hostile(assignment: Assignment) -> Grade:
    return grade_run(assignment, Run({name: [Answer("raised", message=HOSTILE)] for name in assignment.names}), HOSTILE)


@pytest.fixture(scope="module", params=["seed", "hostile"])
def graded(request: pytest.FixtureRequest) -> Grade:
    found: Grade = request.getfixturevalue(request.param)
    return found


def test_junit_has_a_case_per_gradient_and_check_and_counts_that_add_up(assignment: Assignment, graded: Grade) -> None:
    text = render("junit", graded, assignment.config)
    [suite] = ElementTree.fromstring(text)
    cases = suite.findall("testcase")
    assert int(suite.attrib["tests"]) == len(cases) == 24
    for kind, plural in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        assert int(suite.attrib[plural]) == len(suite.findall(f"testcase/{kind}"))
    marks = {one.attrib["name"]: float(one.attrib["value"]) for one in suite.iter("property")}
    assert marks["score"] == pytest.approx(graded.score)
    each = [marks[f"{case.attrib['classname']}.{case.attrib['name']}.score"] for case in cases]
    assert sum(each) == pytest.approx(graded.score)


def test_junit_fits_the_schema_of_jenkins(assignment: Assignment, graded: Grade) -> None:
    root = ElementTree.fromstring(render("junit", graded, assignment.config))
    assert root.tag == "testsuites"
    for element in root.iter():
        must, may, inside = JUNIT[element.tag]
        assert must <= set(element.attrib) <= must | may, element.tag
        assert {child.tag for child in element} <= inside, element.tag


def test_prairielearn_has_points_that_make_the_score(assignment: Assignment, graded: Grade) -> None:
    text = render("prairielearn", graded, assignment.config)
    found = msgspec.json.decode(text, type=PrairieLearn)
    assert len(text) < 2**20
    assert found.score == pytest.approx(
        sum(test.points for test in found.tests) / sum(test.max_points for test in found.tests)
    )
    assert found.gradable


def test_autolab_ends_with_one_line_of_scores_for_the_problems(assignment: Assignment, graded: Grade) -> None:
    shown, scores = render("autolab", graded, assignment.config).splitlines()
    found = msgspec.json.decode(scores, type=AutolabScores)
    assert list(found.scores) == assignment.names
    assert sum(found.scores.values()) == pytest.approx(graded.score)
    feedback = json.loads(shown)
    assert feedback["_presentation"] == "semantic"
    assert set(feedback["stages"]) == set(feedback) - {"_presentation", "stages"}
    for stage in feedback["stages"]:
        assert msgspec.convert(feedback[stage], dict[str, AutolabCase])


def test_codegrade_has_lines_of_ascii_that_end_with_the_points(assignment: Assignment, graded: Grade) -> None:
    text = render("codegrade", graded, assignment.config)
    assert text.isascii()
    lines = [msgspec.json.decode(line, type=CodeGradeTests | CodeGradePoints) for line in text.splitlines()]
    assert [type(line) for line in lines] == [CodeGradeTests, CodeGradePoints]
    [tests, points] = lines
    assert points.points == pytest.approx(graded.score / graded.max_score)
    succeeded = sum(case.weight for suite in tests.results for case in suite.testCases if case.status == "success")
    assert succeeded == pytest.approx(graded.score)


def test_submitty_has_a_score_from_0_to_1_and_a_message_per_gradient(assignment: Assignment, graded: Grade) -> None:
    text = render("submitty", graded, assignment.config)
    assert len(text.splitlines()) == 1
    data = msgspec.json.decode(text, type=SubmittySuccess).data
    assert data.score == pytest.approx(graded.score / graded.max_score)
    first, *messages = (one.message for one in data.message)
    assert first == lead(graded)
    assert [one.partition(" ")[0] for one in messages] == assignment.names


def test_githubs_summary_has_a_row_per_gradient_and_runs_nothing_of_the_students(
    assignment: Assignment, graded: Grade
) -> None:
    text = render("github", graded, assignment.config)
    assert len(re.findall(r"^\| `dJ_\w+` \|", text, re.MULTILINE)) == 8
    assert "<script" not in text
    assert len(re.findall(r"^## ", text, re.MULTILINE)) == 1
    assert "\x1b" not in text
    assert not re.search(r"^::", text, re.MULTILINE)


def result(name: str, score: float, status: GradientStatus, outcomes: str, **rest: Any) -> GradientResult:
    """A gradient of 10 marks; `outcomes` has one letter for each check: passed, failed, skipped or undecided."""
    whole: dict[str, CheckOutcome] = {"p": "passed", "f": "failed", "s": "skipped", "u": "undecided"}
    checks = [
        CheckResult(check, whole[letter], most if letter == "p" else 0, most, "what the check saw" * (letter in "fu"))
        for check, most, letter in zip(CHECKS, (2, 4, 4), outcomes, strict=True)
    ]
    return GradientResult(name, score, 10, status, checks, **rest)


def every_status() -> Grade:
    """A bit of everything, with texts of its own: the examples change only when a format does."""
    runtime = Diagnosis("exact", [Mistake("runtime", "", "s.U is (7, 11)\ns.h is (1, 7)")])
    gradients = [
        result("dJ_db2", 2, "failed", "pfs", hints=["Look at the *sign* of `y`.", "A second hint."]),
        result("dJ_dU", 10, "followed_through", "pfs", follow_through=FollowThrough(["dJ_db2"], 8)),
        result("dJ_dh", 10, "passed", "ppp", notes=["warned: overflow"]),
        result("dJ_db1", 6, "failed", "ppu"),
        result("dJ_dz", 0, "raised", "sss", message="NameError: name 'dz' is not defined", line=12),
        result("dJ_de", 0, "raised", "sss", message="ValueError: shapes", line=20, cell=3, diagnosis=runtime),
        result("dJ_dL", 0, "raised", "sss", message="TypeError: None", line=21, inherits=["dJ_dz"]),
        result("dJ_dI", 0, "timed_out", "sss", message="stopped: more than 2 s of CPU time"),
        result("dJ_dx", 0, "out_of_memory", "sss"),
        result("dJ_dy", 0, "died", "sss"),
        result("dJ_dH", 0, "missing", "sss", message="NotImplementedError: dJ_dH is not written yet"),
        result("dJ_dh_prev", 0, "missing", "sss", message="did you mean dJ_dh_prev?"),
    ]
    assert {one.status for one in gradients} == set(STATUS_LABELS) - {"not_graded"}
    return Grade(1, "gradients.py", "graded", 28, 120, gradients, notes=["a note on the file"])


def first_words(name: str, text: str) -> str:
    """What a person reads first on the platform."""
    match name:
        case "junit":
            return ElementTree.fromstring(text).findtext("testsuite/system-out", "")
        case "prairielearn":
            return str(json.loads(text)["output"])
        case "autolab":
            return str(json.loads(text.splitlines()[0])["Gradients"]["dJ_db2"]["hint"])
        case "codegrade":
            return str(json.loads(text.splitlines()[0])["results"][0]["name"])
        case "submitty":
            return str(json.loads(text)["data"]["message"][0]["message"])
        case _:
            return text.split("\n\n")[1].strip("*").replace("\\", "")


@pytest.mark.parametrize("name", NAMES)
def test_every_format_first_says_how_many_things_there_are_to_fix(
    assignment: Assignment, seed: Grade, name: str
) -> None:
    text = first_words(name, render(name, seed, assignment.config))
    assert text.startswith("2 things to fix: dJ_db2 and dJ_dh_prev (line ")


@pytest.mark.parametrize("name", NAMES)
def test_golden_example_of_every_format(assignment: Assignment, name: str) -> None:
    assert_golden(GOLDEN / f"{name}.txt", render(name, every_status(), assignment.config))


@pytest.mark.parametrize("name", NAMES)
def test_golden_example_of_not_graded_in_every_format(assignment: Assignment, name: str) -> None:
    """It is never a zero: a format that cannot report it writes nothing."""
    failed = not_graded(assignment, "gradients.py", "the sandbox does not hold")
    if importlib.import_module(f"{formats.__name__}.{name}").REPORTS_NOT_GRADED:
        assert_golden(GOLDEN / f"{name}.not_graded.txt", render(name, failed, assignment.config))
    else:
        with pytest.raises(GraderError, match="has no such outcome"):
            render(name, failed, assignment.config)


def test_every_golden_example_is_one_of_a_format() -> None:
    assert {path.name.partition(".")[0] for path in GOLDEN.iterdir()} == set(NAMES)


def test_our_failure_is_not_a_zero_on_the_platforms(assignment: Assignment) -> None:
    failed = not_graded(assignment, "gradients.py", "the sandbox does not hold")
    texts = {name: render(name, failed, assignment.config) for name in ("prairielearn", "submitty", "junit", "github")}
    assert msgspec.json.decode(texts["prairielearn"], type=PrairieLearn).gradable is False
    assert "sandbox" in msgspec.json.decode(texts["submitty"], type=SubmittyFailure).message
    assert 'errors="8"' in texts["junit"]
    assert "Not graded" in texts["github"]


@pytest.mark.parametrize("name", NAMES)
def test_no_format_shows_more_than_the_first_hint_or_a_number_of_the_answer(
    assignment: Assignment, seed: Grade, name: str
) -> None:
    text = render(name, seed, assignment.config)
    later = [hint for result in seed.gradients for hint in result.hints[1:]]
    assert not [hint for hint in later if hint in text or json.dumps(hint)[1:-1] in text]


@pytest.mark.parametrize("name", NAMES)
def test_the_student_learns_that_no_file_was_submitted(grader: Command, name: str, tmp_path: Path) -> None:
    """Nothing on standard output would look like a broken grader on every platform."""
    (tmp_path / "submitted").mkdir()
    (tmp_path / "submitted" / "homework.txt").write_text("x = 1\n")
    done = grader("grade", "--format", name, tmp_path / "submitted")
    assert (done.returncode, done.stderr) == (1, "")
    assert "o gradients.py, found only homework.txt." in done.stdout
    mistyped = grader("grade", "--format", name, tmp_path / "mistyped")
    assert (mistyped.returncode, mistyped.stdout) == (2, "")


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "o gradients.py, found nothing"), (b"PK\x03\x04 and no more", "This zip cannot be read")],
    ids=["an empty folder", "a damaged zip"],
)
def test_a_submission_without_work_has_a_result_and_fails_like_a_wrong_one(
    grader: Command, content: bytes | None, words: str, tmp_path: Path
) -> None:
    path = tmp_path / ("work.zip" if content else "work")
    path.write_bytes(content) if content else path.mkdir()
    done = grader("grade", "--format", "submitty", path)
    assert (done.returncode, done.stderr) == (1, "")
    result = json.loads(done.stdout)
    assert (result["status"], result["data"]["score"]) == ("success", 0)
    assert words in result["data"]["message"][0]["message"]


@pytest.mark.parametrize("name", ["github", "prairielearn", "submitty"])
def test_why_a_file_could_not_be_loaded_is_shown_once(assignment: Assignment, name: str) -> None:
    broken = grade_run(
        assignment, Run({}, Answer("raised", message="SyntaxError: expected a colon", line=7)), "broken.py"
    )
    assert render(name, broken, assignment.config).count("expected a colon") == 1


def test_the_command_prints_the_format_and_nothing_else(grader: Command) -> None:
    done = grader("grade", "--format", "submitty", SUBMISSIONS / "seed.followed_through.py")
    assert done.returncode == 1
    found: Any = json.loads(done.stdout)
    assert found["data"]["score"] == pytest.approx(0.82)
    both = grader("grade", "--format", "junit", "--json", SUBMISSIONS / "seed.followed_through.py")
    assert both.returncode == 2
    assert "expected one of them" in both.stderr
