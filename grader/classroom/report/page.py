"""Put the report together: one HTML file with its data, styles and scripts inside, which needs no server."""

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib import resources

from grader.classroom.report.alike import find_alike
from grader.classroom.report.data import Class, Record
from grader.classroom.report.decisions import decide
from grader.classroom.report.facts import kind_label, signal_label
from grader.classroom.report.figures import BINS, OUTCOMES, summarize
from grader.classroom.report.groups import advice, make_groups
from grader.classroom.report.island import embed, make_island, visible
from grader.classroom.report.same_files import find_same_files
from grader.errors import UsageError
from grader.output.wording import CHECK_LABELS, STATUS_LABELS
from grader.problem.assignment import Assignment
from grader.problem.fingerprint import fingerprint

CHARTED = 10  # root mistakes in their chart
SCRIPTS = ("table.js", "details.js", "charts.js", "main.js")


def make_report(assignment: Assignment, graded: Class) -> str:
    """The page on a graded class, as HTML.

    Raises:
        UsageError: the packages of the extra "report" are not installed.
    """
    try:
        import jinja2
        import markupsafe
        import vl_convert  # noqa: F401, used further down
    except ImportError as error:
        raise UsageError(
            f"the report needs packages that are not installed ({error.name}): pip install 'gradient-grader[report]'"
        ) from error

    config, records = assignment.config, graded.records
    refuse_other_gradients(assignment, records)
    now = fingerprint(assignment)
    summary = summarize(config, records)
    decisions = decide(graded)
    alike = find_alike(records, now.steps)
    same = find_same_files(records)
    groups = make_groups(summary, config.max_score, decisions, alike, same)
    island = make_island(assignment, records, now.steps) | {
        "groups": groups,
        "status_labels": STATUS_LABELS,
        "bins": BINS,
        "outcomes": list(OUTCOMES),
        "costs": [[round(cost.lost, 2), round(cost.saved, 2)] for cost in summary.costs[:CHARTED]],
    }
    library, script = _library(), _script_safe("\n".join(_static(name) for name in SCRIPTS))
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("grader.classroom.report"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(visible=visible, kind=kind_label, signal=signal_label)
    return environment.get_template("report.html").render(
        assignment=assignment,
        config=config,
        summary=summary,
        groups=groups,
        decisions=decisions,
        alike=alike,
        same=same,
        names=[record.name or record.key for record in records],
        last_run=graded.last_run,
        policy_set=graded.policy is not None,
        other_policy=graded.policy != config.late,
        todo=advice(summary, decisions),
        outcomes=OUTCOMES,
        bins=BINS,
        labels=STATUS_LABELS,
        checks=CHECK_LABELS,
        count=len(records),
        graded_on=graded.graded_at[:16].replace("T", " "),
        outdated=bool(graded.states - {(now.spec, now.solution)}),
        policy=_policy(library, script),
        # The only texts that are not escaped: our own files, and data made harmless by `embed`.
        style=markupsafe.Markup(_static("report.css")),  # noqa: S704
        library=markupsafe.Markup(library),  # noqa: S704
        script=markupsafe.Markup(script),  # noqa: S704
        island=markupsafe.Markup(embed(island)),  # noqa: S704
    )


def refuse_other_gradients(assignment: Assignment, records: Sequence[Record]) -> None:
    """Check that the grades are for the gradients of this assignment.

    Raises:
        UsageError: they are for others.
    """
    for record in records:
        names = [gradient.name for gradient in record.grade.gradients] if record.grade else assignment.names
        if names != assignment.names:
            raise UsageError(
                f"these marks are for other gradients than config.yaml has: expected {', '.join(assignment.names)}, found"
                f" {', '.join(names)}; name the right file with --config, or grade the answers again with `grader regrade`"
            )


def _static(name: str) -> str:
    return resources.files("grader.classroom.report").joinpath(f"static/{name}").read_text(encoding="utf-8")


@cache
def _library() -> str:
    """Vega, Vega-Lite and Vega-Embed in one script that needs no other; making it takes two seconds."""
    import vl_convert

    return _script_safe(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))


def _script_safe(script: str) -> str:
    """The same script, which cannot end its element early."""
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _policy(*scripts: str) -> str:
    """A content security policy that allows our scripts, by their hashes, and no connections."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in scripts
    )
    allowed = f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:"
    return f"{allowed}; base-uri 'none'; form-action 'none'"
