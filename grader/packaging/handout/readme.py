"""The parts of a handout's texts that follow from config.yaml: marks, shares, sign, rules, limits.

In a Markdown file beside the model, what is between `<!-- config.yaml: NAME -->` and `<!-- end -->` is replaced by the
part of that name when the handout is packed.
"""

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

from grader.checks.check import show
from grader.config.keys import CHECKS, Config
from grader.errors import ConfigError
from grader.output.wording import CHECK_LABELS

_MARKED = re.compile(r"<!-- config\.yaml: (\S+) -->\s*.*?\s*<!-- end -->", re.DOTALL)
_LEFT = re.compile(r"<!-- config\.yaml:.*")
_QUESTIONS = {
    "shape": "Is it exactly the shape of what you differentiate with respect to?",
    "finite_difference": "Does it predict how `{loss}` changes if each entry is nudged up and down a little?",
    "reference": "Does it agree with the derived formula nearly to the last digit?",
}


def fill_in(text: str, config: Config, *, keep_markers: bool = False) -> str:
    """`text` with every marked part as the config has it.

    Raises:
        ConfigError: a marked part is unknown, or has no end.
    """

    def part(found: re.Match[str]) -> str:
        name = found[1]
        if name not in PARTS:
            raise ConfigError(f"{found[0].splitlines()[0]}: unknown part; expected one of {', '.join(PARTS)}")
        content = "\n".join(PARTS[name](config))
        return f"<!-- config.yaml: {name} -->\n{content}\n<!-- end -->" if keep_markers else content

    filled = _MARKED.sub(part, text)
    if not keep_markers and (left := _LEFT.search(filled)):
        raise ConfigError(f"{left[0]}: expected <!-- end --> after it, found none")
    return filled


def _sign(config: Config) -> Iterator[str]:
    if config.sign > 0:
        yield f"The gradients are those of `{config.loss}` itself, the loss as defined above."
    else:
        yield f"The gradients are those of `-{config.loss}`, the log-likelihood: the loss above with the opposite sign."


def _gradients(config: Config) -> Iterator[str]:
    yield f"| function | gradient of `{config.differentiated}` with respect to | shape | marks |"
    yield "|---|---|---|---|"
    for gradient in config.gradients:
        shape = show(config.shape_of(gradient.of))
        yield f"| `{gradient.name}(s)` | `{gradient.of}` | {shape} | {gradient.max_score:g} |"
    yield f"| | | **total** | **{config.max_score:g}** |"


def _submission(config: Config) -> Iterator[str]:
    name, notebook = config.submission, Path(config.submission).with_suffix(".ipynb")
    yield f"Submit one file, `{name}`, with these functions. [{name}]({name}) in this folder has empty"
    yield "stubs for them. Fill those in and keep their names. You may submit a notebook,"
    yield f"`{notebook}`, instead. Then delete `{name}`."


def _quantities(config: Config) -> Iterator[str]:
    names = [name for name in config.quantities if name != config.loss]
    text = f"These quantities are attributes of `s`, already computed: {', '.join(f'`s.{name}`' for name in names)}."
    yield from textwrap.wrap(text, 100, break_long_words=False)


def _rules(config: Config) -> Iterator[str]:
    if config.checks.shape.accept_1d:
        yield "- Return the exact shape; only for (1, n) you may also return (n,)."
    else:
        yield "- Return the exact shape: (1, n) is neither (n,) nor (n, 1)."
    if config.checks.reference.float32 == "reject":
        yield "- Compute in float64, numpy's default: float32 fails the last check."
    limits = config.sandbox
    each, together = limits.call_cpu_seconds, limits.submission_cpu_seconds
    yield f"- A call may take {each:g} s of CPU time, and all calls together {together:g} s."


def _checks(config: Config) -> Iterator[str]:
    yield "| check | question | share of the marks |"
    yield "|---|---|---|"
    for check in CHECKS:
        share = getattr(config.checks, check).share
        question = _QUESTIONS[check].format(loss=config.differentiated)
        yield f"| {CHECK_LABELS[check]} | {question} | {100 * share:g} % |"
    for gradient in config.gradients:
        if gradient.shares is not None:
            shares = ", ".join(f"{CHECK_LABELS[check]} {100 * config.share(gradient, check):g} %" for check in CHECKS)
            yield f"\n`{gradient.name}` has its own shares: {shares}."


def _follow_through(config: Config) -> Iterator[str]:
    share = config.follow_through.share
    if share == 0:
        yield "**No follow-through.** A gradient that builds on a wrong one is wrong, too, and loses its marks."
        return
    kept = "its marks" if share == 1 else f"{100 * share:g} % of the marks that it would lose"
    yield "**Follow-through.** One mistake isn't counted several times. If a gradient is wrong only because it"
    yield f"builds on another wrong one, and it is right *given your own wrong one*, it keeps {kept},"
    yield "and the report names the gradient to fix."


def _hints(config: Config) -> Iterator[str]:
    level = config.hints.check_level
    hints = "no hints" if level == 0 else "one hint" if level == 1 else f"up to {level} hints"
    yield f"For each wrong gradient you see {hints} there."


PARTS = {
    "sign": _sign,
    "gradients": _gradients,
    "submission": _submission,
    "quantities": _quantities,
    "rules": _rules,
    "checks": _checks,
    "follow_through": _follow_through,
    "hints": _hints,
}
