"""GitHub Actions: Markdown for a job summary, `grader grade --format github FILE >> "$GITHUB_STEP_SUMMARY"`."""

from grader.config.keys import Config
from grader.output.causes import lead
from grader.output.markdown import marked, plain
from grader.output.wording import details, head, verdict
from grader.records.result import Grade

REPORTS_NOT_GRADED = True


def render(grade: Grade, config: Config) -> str:
    """A table of the gradients, then a section on each that is not right."""
    title = f"## {plain(config.title)}"
    if grade.status == "not_graded":
        return f"{title}\n\n**Not graded:** a problem on our side, not in the file.\n\n{plain(grade.message)}\n"
    lines = [title, ""]
    if text := lead(grade):
        lines += [f"**{plain(text)}**", ""]
    lines += [f"**{grade.score:g} of {grade.max_score:g}** for {plain(grade.submission)}", ""]
    if text := head(grade):
        lines += [plain(text), ""]
    lines += ["| gradient | marks | |", "|---|---:|---|"]
    lines += [f"| `{one.name}` | {one.score:g} / {one.max_score:g} | {verdict(one)} |" for one in grade.gradients]
    for result in grade.gradients:
        below = details(grade, result, marked=True, headed=True)
        if below:
            lines += ["", f"**`{result.name}`: {verdict(result)}**", ""]
            lines += [f"- {marked(line) if line.startswith('hint: ') else plain(line)}" for line in below]
    return "\n".join(lines) + "\n"
