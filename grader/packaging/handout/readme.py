"""The parts of a handout's texts that follow from config.yaml: marks, shares, sign, rules, limits.

In a Markdown file beside the model, the text between `<!-- config.yaml: NAME -->` and `<!-- end -->` is replaced by the
part of that name when the handout is packed.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from grader.atomic import write_output
from grader.checks.check import show
from grader.config.calling_checks import IGNORED
from grader.config.keys import CHECKS, Config, FollowThrough
from grader.config.quantities import Index
from grader.errors import ConfigError, reason_of
from grader.output.wording import CHECK_LABELS

_WINDOWS = r"Set-ExecutionPolicy -Scope Process RemoteSigned`<br>`.venv\Scripts\Activate.ps1"
SET_UP = rf"""
You need Python 3.10 or later. Install the grader once, in this folder:

| on | run |
|---|---|
| Linux, macOS | `python3 -m venv .venv`<br>`source .venv/bin/activate`<br>`pip install -r requirements.txt` |
| Windows, in PowerShell | `py -m venv .venv`<br>`{_WINDOWS}`<br>`pip install -r requirements.txt` |
| Windows, in cmd | `py -m venv .venv`<br>`.venv\Scripts\activate`<br>`pip install -r requirements.txt` |
| Colab | upload the zip, then in a cell: `!unzip -o handout.zip`<br>`%pip install -r requirements.txt` |

If Debian or Ubuntu says that `venv` is not available, run `sudo apt install python3-venv` first.
In a new terminal, activate it again. On Colab, write `!` before each command below.""".strip()
_REPORT = """\
✓ is passed, ✗ is failed, and · means that the check did not run, because the one before it failed. Where a console lacks
these signs, they are `+` and `x`. If the file itself can't be loaded, every gradient is `not run`, and the line above the
table says why.

| line of the report | what it tells you |
|---|---|
| `… things to fix` | where to begin: others may be right once these are |
| a quoted line, with `^^^` below it | the line of your file where it goes wrong |
| `why:` | what your numbers are; never what they should be |
| `… in line 10 …` | where your values first go wrong, or up to where they are right |
| `hint:` | where to look, or what to try next |
| `either:` | one of several explanations that fit your numbers equally well |
| `seen:` | a fact about your numbers, if no single mistake explains them |
| `note:` | something that costs no marks |
| `your code printed` | the first 20 lines that your own `print` calls wrote |"""
_MARKED = re.compile(r"<!-- config\.yaml: (\S+) -->(?:.*?<!-- end -->)?", re.DOTALL)
_QUESTIONS = {
    "shape": "Is it exactly the shape of what you differentiate with respect to?",
    "finite_difference": "Does it predict how `{loss}` changes if each entry is nudged up and down a little?",
    "reference": "Does it agree with the derived formula nearly to the last digit?",
}

_STUBS = (
    "an empty\nstub for it. Fill that in and keep its name.",
    "empty\nstubs for them. Fill those in and keep their names.",
)
_NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve".split()
_NTH = "first second third fourth fifth sixth seventh eighth ninth tenth".split() + ["further"] * 100


def fill_in(text: str, config: Config, *, keep_markers: bool = False) -> str:
    """`text` with every marked part as the config has it.

    Raises:
        ConfigError: a marked part is unknown, or has no end.
    """
    parts = _parts(config)

    def part(found: re.Match[str]) -> str:
        begin, name = found[0].splitlines()[0], found[1]
        if name not in parts:
            raise ConfigError(f"{begin}: unknown part; expected one of {', '.join(parts)}")
        if begin == found[0]:
            raise ConfigError(f"{begin}: expected <!-- end --> on a line after it, found none")
        return f"{begin}\n{parts[name]}\n<!-- end -->" if keep_markers else parts[name]

    return _MARKED.sub(part, text)


def outdated_parts(text: str, config: Config) -> list[tuple[str, str]]:
    """(name, the first line that the config has and the text has not) of each marked part that says something else.

    Raises:
        ConfigError: a marked part is unknown, or has no end.
    """
    fill_in(text, config)
    parts = _parts(config)
    found = []
    for marked in _MARKED.finditer(text):
        here = [line.strip() for line in marked[0].splitlines()[1:-1]]
        there = [line.strip() for line in parts[marked[1]].splitlines()]
        if here != there:
            found.append((marked[1], next((line for line in there if line not in here), "")))
    return found


def bring_up_to_date(folder: Path, config: Config) -> list[tuple[Path, list[str]]]:
    """Write the marked parts of the Markdown files below `folder` as the config has them.

    Returns:
        The files that changed, and the names of the parts that did.

    Raises:
        ConfigError: a file is not UTF-8, cannot be written, or has an unknown part.
    """
    changed = []
    for path in sorted(folder.rglob("*.md")):
        text = text_of(path)
        try:
            names = [name for name, _ in outdated_parts(text, config)]
            if names:
                ends = "\r\n" if b"\r\n" in path.read_bytes() else "\n"
                write_output(path, fill_in(text, config, keep_markers=True).replace("\n", ends).encode())
                changed.append((path, names))
        except ConfigError as error:
            raise ConfigError(f"{path}: {error}") from error
    return changed


def text_of(path: Path) -> str:
    """A text for students.

    Raises:
        ConfigError: it is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: expected text in UTF-8, found something else: save it as UTF-8") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {reason_of(error)}") from error


def shape_in_words(config: Config, quantity: str) -> str:
    """A shape for a table: (1, Dh), (N,) int, a number."""
    shape, whole = config.shape_of(quantity), isinstance(config.quantities[quantity], Index)
    if not shape:
        return "an int" if whole else "a number"
    return f"{show(shape)} int" if whole else show(shape)


def submit(config: Config) -> str:
    """The sentence that names the file to submit."""
    return f"Submit one file, `{config.submission}`, with {these_functions(config)}."


def these_functions(config: Config) -> str:
    """What students write, as the object of a sentence."""
    return "these functions" if len(config.asked) > 1 else "this function"


def number_in_words(count: int) -> str:
    """Small numbers as words: seven, 13."""
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def _parts(config: Config) -> dict[str, str]:
    loss, file, level, limits = config.loss, config.submission, config.hints.check_level, config.sandbox
    told = config.hints.diagnosis_level is not None and level >= config.hints.diagnosis_level
    hints = "no hints" if level == 0 else "one hint" if level == 1 else f"up to {level} hints"
    return {
        "sign": f"The gradients are those of `{loss}` itself, the loss as defined above."
        if config.sign > 0
        else f"The gradients are those of `-{loss}`, the log-likelihood: the loss above with the opposite sign.",
        "gradients": "\n".join(_gradients(config)),
        "submission": f"{submit(config)} [{file}]({file}) in this folder has {_STUBS[len(config.asked) > 1]}"
        " You may submit a notebook,\n"
        f"`{Path(file).with_suffix('.ipynb')}`, instead. Then delete `{file}`.",
        "quantities": _quantities(config),
        "shape": "- Return the exact shape; only for (1, n) you may also return (n,)."
        if config.checks.shape.accept_1d
        else "- Return the exact shape: (1, n) is neither (n,) nor (n, 1).",
        "precision": "- You may compute in float32."
        if config.checks.reference.float32 == "accept"
        else "- Compute in float64, numpy's default: float32 fails the last check.",
        "limits": f"- A call may take {limits.call_cpu_seconds:g} s of CPU time, and all calls together"
        f" {limits.submission_cpu_seconds:g} s.",
        "checks": "\n".join(_checks(config)),
        "follow_through": _follow_through(config.follow_through),
        "set_up": SET_UP,
        "commands": _commands(config),
        "report": _REPORT,
        "hints": f"For each wrong gradient you see {hints} there{', and what your numbers are' if told else ''}.",
    }


def _commands(config: Config) -> str:
    notebook, first = Path(config.submission).with_suffix(".ipynb").name, config.gradients[0].name
    return f"""\
```sh
grader check            # a report on each gradient
grader check --watch    # again each time you save, with what has changed; Ctrl-C stops it
{f"grader check {first}":23} # on one gradient
pytest                  # the same checks, as tests
```

In a notebook in this folder, run `%pip install -r requirements.txt` once. Then `import grader` and `grader.check()` check the
functions as they are now, saved or not.
The commands above check the saved `{notebook}`. There, lines are counted within a cell, as in `cell 3, line 2`, and
text cells count, too."""


def _gradients(config: Config) -> Iterator[str]:
    yield f"| function | gradient of `{config.differentiated}` with respect to | shape | marks |"
    yield "|---|---|---|---|"
    for gradient in config.gradients:
        shape = shape_in_words(config, gradient.of)
        function = config.function_of(gradient.name)
        returned = f", {_NTH[function.returns.index(gradient.name)]} result" if len(function.returns) > 1 else ""
        yield f"| `{config.call(function)}`{returned} | `{gradient.of}` | {shape} | {gradient.max_score:g} |"
    yield f"| | | **total** | **{config.max_score:g}** |"


def _quantities(config: Config) -> str:
    """Where the functions find the quantities, which are already computed."""
    names = [f"`{config.written(name)}`" for name in config.quantities if name != config.loss]
    lines = []
    if config.has_points:
        lines.append(f"These quantities are attributes of `s`, already computed:\n{', '.join(names)}.")
    elif any(function.parameters is None for function in config.asked):
        gradients = ", ".join(f"`{gradient.name}`" for gradient in config.gradients)
        lines.append(
            "Give each function the parameters that it needs, in any order. These are already computed:\n"
            f"{', '.join(names)}.\nSo are, from your own functions, {gradients}."
        )
    for name, members in config.groups.items():
        lines.append(
            f'- `{name}` holds {len(members)} quantities: `{", ".join(members)} = {name}`, or `{name}["{members[0]}"]`.'
        )
    for function in config.asked:
        if len(function.returns) > 1:
            results = ", ".join(function.returns)
            ignored = f" `{IGNORED}` stands for an output that is not marked." * (IGNORED in function.returns)
            lines.append(f"- `{function.name}` returns {results}, in this order, or a dict with these names.{ignored}")
        if function.attributes:
            held = ", ".join(f"`self.{name}`" for name in function.attributes)
            lines.append(f"- In `{function.name}`, {held} are given.")
    return "\n".join(lines)


def _checks(config: Config) -> Iterator[str]:
    yield "| check | question | share of the marks |"
    yield "|---|---|---|"
    for check in CHECKS:
        question = _QUESTIONS[check].format(loss=config.differentiated)
        yield f"| {CHECK_LABELS[check]} | {question} | {100 * getattr(config.checks, check).share:g} % |"
    for gradient in config.gradients:
        if gradient.shares is not None:
            shares = ", ".join(f"{CHECK_LABELS[check]} {100 * config.share(gradient, check):g} %" for check in CHECKS)
            yield f"\n`{gradient.name}` has its own shares: {shares}."


def _follow_through(settings: FollowThrough) -> str:
    share = settings.share
    if share == 0:
        return "**No follow-through.** A gradient that builds on a wrong one is wrong, too, and loses its marks."
    kept = "its marks" if share == 1 else f"{100 * share:g} % of the marks that it would lose"
    lines = [
        "**Follow-through.** One mistake isn't counted several times. If a gradient is wrong only because it",
        f"builds on another wrong one, and it is right *given your own wrong one*, it keeps {kept},",
        "and the report names the gradient to fix.",
    ]
    if settings.substitute:
        lines.append(
            "Where that one gives no numbers, because it raises or is not written yet, random ones stand in for it."
        )
    return "\n".join(lines)
