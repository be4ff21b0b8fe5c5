"""JUnit XML: one test case per gradient and check.

JUnit has no marks: they are properties of the suite, because Jenkins' schema refuses properties of a test case.
"""

from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from grader.config.keys import Config
from grader.output.causes import above
from grader.output.wording import details, earned, verdict
from grader.records.result import CheckResult, Grade, GradientResult
from grader.text import several_lines

REPORTS_NOT_GRADED = True
_NEVER_RAN = ("raised", "timed_out", "out_of_memory", "died", "not_graded")


def render(grade: Grade, config: Config) -> str:
    """The document; a gradient that could not be run is an error in its first check."""
    suites = Element("testsuites", name=several_lines(config.title))
    suite = SubElement(suites, "testsuite", name=several_lines(grade.submission), hostname="localhost", time="0")
    _properties(suite, grade)
    for result in grade.gradients:
        for k, check in enumerate(result.checks):
            _case(suite, grade, result, check, first=k == 0)
    if texts := above(grade):
        SubElement(suite, "system-out").text = "\n".join(texts)
    for kind, plural in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        suite.set(plural, str(len(suite.findall(f"testcase/{kind}"))))
    suite.set("tests", str(len(suite.findall("testcase"))))
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"


def _case(suite: Element, grade: Grade, result: GradientResult, check: CheckResult, *, first: bool) -> None:
    case = SubElement(suite, "testcase", classname=result.name, name=check.name, time="0")
    text = "\n".join(details(grade, result))
    if result.follow_through is not None:
        SubElement(case, "system-out").text = verdict(result)
    elif check.outcome == "failed":
        SubElement(case, "failure", message=verdict(result)).text = text
    elif first and result.status in _NEVER_RAN:
        SubElement(case, "error", message=verdict(result)).text = text
    elif result.status == "missing":
        SubElement(case, "skipped", message=verdict(result)).text = text if first else ""
    elif check.outcome == "skipped":
        SubElement(case, "skipped", message="an earlier check did not pass")
    elif check.outcome == "undecided":
        SubElement(case, "error", message="could not be decided").text = several_lines(check.message)


def _properties(suite: Element, grade: Grade) -> None:
    """The total marks, then those of each case by its name."""
    marks = {"score": grade.score, "max_score": grade.max_score}
    for result in grade.gradients:
        for check in result.checks:
            marks[f"{result.name}.{check.name}.score"] = earned(result, check)
            marks[f"{result.name}.{check.name}.max_score"] = check.max_score
    properties = SubElement(suite, "properties")
    for name, value in marks.items():
        SubElement(properties, "property", name=name, value=f"{value:g}")
