"""GitHub Actions: Markdown for a job summary, `grader grade --format github FILE >> "$GITHUB_STEP_SUMMARY"`."""

from grader.config.keys import Config
from grader.output.causes import causes, lead
from grader.output.markdown import marked, plain
from grader.output.wording import details, head, listed, verdict
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
    lines += ["| gradient | marks | result |", "|---|---:|---|"]
    lines += [f"| `{one.name}` | {one.score:g} / {one.max_score:g} | {verdict(one)} |" for one in grade.gradients]
    found = {one.first.name: one for one in causes(grade)}
    again = {root.name for one in found.values() for root in one.roots[1:]}
    for result in grade.gradients:
        below = details(grade, result, marked=True, headed=True)
        one = found.get(result.name)
        if below and not ((result.inherits or result.name in again) and not result.notes):
            names = [f"`{root.name}`" for root in one.roots] if one is not None else [f"`{result.name}`"]
            below += one.dependents if one is not None else []
            lines += ["", f"**{listed(names)}: {verdict(result)}**", ""]
            lines += [f"- {marked(line) if line.startswith('hint: ') else plain(line)}" for line in below]
    return "\n".join(lines) + "\n"
