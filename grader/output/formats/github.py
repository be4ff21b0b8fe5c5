"""GitHub Actions: Markdown for the summary of a job, `grader grade --format github FILE >> "$GITHUB_STEP_SUMMARY"`."""

from grader.config.keys import Config
from grader.output.markdown import marked, plain
from grader.output.wording import evidence, head, verdict
from grader.records.result import Grade

TELLS_NOT_GRADED = True


def render(grade: Grade, config: Config) -> str:
    """A table of the gradients, then a passage on each that is not right."""
    if grade.status == "not_graded":
        whose = "**Not graded:** a problem on our side, not in the file."
        return f"## {plain(config.title)}\n\n{whose}\n\n{plain(grade.message)}\n"
    lines = [
        f"## {plain(config.title)}",
        "",
        f"**{grade.score:g} of {grade.max_score:g}** for {plain(grade.submission)}",
        "",
    ]
    if said := head(grade):
        lines += [plain(said), ""]
    lines += ["| gradient | marks | |", "|---|---:|---|"]
    lines += [f"| `{one.name}` | {one.score:g} / {one.max_score:g} | {verdict(one)} |" for one in grade.gradients]
    for result in grade.gradients:
        seen = evidence(grade, result, marked=True, headed=True)
        if seen:
            lines += ["", f"**`{result.name}`: {verdict(result)}**", ""]
            lines += [f"- {marked(line) if line.startswith('hint: ') else plain(line)}" for line in seen]
    return "\n".join(lines) + "\n"
