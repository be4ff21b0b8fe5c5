"""What a student reads about one gradient on Gradescope: Markdown.  Verdict, evidence, hint; never a right answer."""

from collections.abc import Sequence

from grader.config.keys import Config, Gradient
from grader.output.markdown import marked, plain
from grader.output.wording import explained, fix_first, happened, inherits
from grader.records.result import CheckResult, GradientResult

_VERDICTS = {
    "passed": "Right.",
    "failed": "Not right yet.",
    "followed_through": "Right, given your own",
    "missing": "Not written yet.",
    "raised": "It stopped with an error.",
    "timed_out": "It took too long.",
    "out_of_memory": "It used too much memory.",
    "died": "It ended the process that ran it.",
    "not_graded": "Not graded: this is a problem on our side, not in your file.",
}
_SIGNS = {"passed": "✓", "failed": "✗", "skipped": "–", "undecided": "?"}
_CHECKS = {"shape": "shape", "finite_difference": "finite differences", "reference": "exact formula"}


def title(config: Config, gradient: Gradient) -> str:
    """`dJ_dU: gradient of J with respect to U`, plain text."""
    return f"{gradient.name}: gradient of {config.differentiated} with respect to {gradient.of}"


def gradient_page(result: GradientResult, checks: Sequence[CheckResult], hints: Sequence[str]) -> str:
    """All that is said of a gradient, or of those of its checks that are shown."""
    parts = [f"**{_verdict(result, checks)}**"]
    if result.status not in ("missing", "not_graded"):
        parts.append(" · ".join(f"{_CHECKS.get(check.name, check.name)} {_SIGNS[check.outcome]}" for check in checks))
    if result.inherits and len(checks) == len(result.checks):
        parts += [plain(fix_first([result])), *(f"Note: {plain(note)}" for note in result.notes)]
        return "\n\n".join(parts) + "\n"
    if result.message:
        parts.append(plain(_sentence(happened(result))))
    parts += [plain(line) for line in explained(result)]
    if result.status != "followed_through":
        parts += [plain(_sentence(check.message)) for check in checks if check.message]
        parts += [f"**Hint.** {marked(hint)}" for hint in hints]
    parts += [f"Note: {plain(note)}" for note in result.notes]
    return "\n\n".join(parts) + "\n"


def _verdict(result: GradientResult, checks: Sequence[CheckResult]) -> str:
    verdict = _VERDICTS[result.status]
    if len(checks) < len(result.checks) and all(check.outcome == "passed" for check in checks):
        return "Right as far as is shown here."  # the same whatever the checks that are not shown say
    if result.inherits and len(checks) == len(result.checks):
        return plain(_sentence(f"It {inherits(result)}"))
    if result.follow_through is not None:
        own = result.follow_through.roots or result.follow_through.sources
        names = " and ".join(f"`{name}`" for name in own)
        return f"{verdict} {names}: fix {'that one' if len(own) == 1 else 'those'} first."
    return verdict


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "…")) else f"{text}."
