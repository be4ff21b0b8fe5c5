"""The derivations of all parts, one after the other."""

from grader.errors import UsageError, did_you_mean
from grader.explain.blocks import Block
from grader.explain.document import explained, transposes
from grader.grading.grader import Grader
from grader.parts.graded import names_of
from grader.parts.parts import Parts


def explained_parts(parts: Parts, gradient: str | None, *, why: bool) -> list[Block]:
    """The derivation of one gradient, in each part that asks for it, or of all of them.

    Raises:
        UsageError: no part has a gradient of that name.
        ConfigError: a model cannot be differentiated.
    """
    known = names_of(parts.parts)
    if gradient is not None and gradient not in known:
        near = did_you_mean(gradient, list(known)) or f"; expected one of {', '.join(known)}"
        raise UsageError(f"no part has a gradient {gradient}{near}")
    blocks = []
    for part in parts if gradient is None else known[gradient]:
        assignment = Grader(part.path).assignment
        blocks.append(Block("title", f"{part.name}: {part.config.title}"))
        blocks += transposes(assignment) if why else explained(assignment, gradient)
    return blocks
