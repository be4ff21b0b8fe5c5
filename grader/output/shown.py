"""A grade that shows itself: as a table in a notebook, as plain text in a terminal."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from grader.config.keys import Config
from grader.errors import UsageError, did_you_mean
from grader.output.ownlines import NOTHING
from grader.records.result import Grade


class ShownGrade(Grade, frozen=True, dict=True):
    """A grade that knows its assignment, and whom it is shown to; neither is a part of the grade."""

    @classmethod
    def of(
        cls, grade: Grade, config: Config, *, staff: bool, quoted: Mapping[str, Sequence[str]] = NOTHING
    ) -> "ShownGrade":
        """The same grade.

        Args:
            staff: show marks and the sandbox, which a student at home does not see.
            quoted: by gradient, the line of the file that goes wrong.
        """
        shown = cls(**{name: getattr(grade, name) for name in grade.__struct_fields__})
        vars(shown).update(config=config, staff=staff, quoted=quoted)
        return shown

    def only(self, names: list[str], *, what: str = "gradient") -> "ShownGrade":
        """The same grade with these gradients only; of several parts, `dW` stands for `softmax.dW`, too.

        Args:
            what: what the names could be, for the message.

        Raises:
            UsageError: there is no such gradient.
        """
        known = [gradient.name for gradient in self.gradients]
        chosen = []
        for name in names:
            meant = [one for one in known if name in (one, one.rpartition(".")[2])]
            if not meant:
                near = did_you_mean(name, known) or f"; expected one of {', '.join(known)}"
                raise UsageError(f"there is no {what} {name}{near}")
            chosen += meant
        kept = [gradient for gradient in self.gradients if gradient.name in chosen]
        return ShownGrade.of(msgspec.structs.replace(self, gradients=kept), **vars(self))

    def _repr_html_(self) -> str:
        from grader.output.html import fragment

        return fragment(self, **vars(self))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def __str__(self) -> str:
        from rich.console import Console

        from grader.output.terminal import print_grade

        text = io.StringIO()
        print_grade(
            Console(file=text, width=100, highlight=False, no_color=True, force_terminal=False, force_jupyter=False),
            self,
            **vars(self),
        )
        return "\n".join(line.rstrip() for line in text.getvalue().rstrip().splitlines())
