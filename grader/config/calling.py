"""How the grader calls what students write, where a function takes no sample point or returns several gradients."""

from typing import Annotated

from msgspec import Meta, Struct

from grader.config.quantities import NAME, Name

FUNCTION_NAME = rf"{NAME}(\.{NAME})?"
FunctionName = Annotated[
    str, Meta(pattern=f"^{FUNCTION_NAME}$", description="the name of a function, of letters, digits and _")
]
Names = Annotated[list[Name], Meta(min_length=1)]


class Function(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A function or, as `Class.method`, a method of the student's that returns one gradient or several.

    Without `parameters` it is called as `interface` says.  `attributes` are what `self` holds when a method is called.
    """

    name: FunctionName
    returns: Names
    parameters: list[Name] | None = None
    attributes: list[Name] = []

    @property
    def owner(self) -> str:
        """What the file must define: the function, or the class of the method."""
        return self.name.partition(".")[0]

    @property
    def is_method(self) -> bool:
        return "." in self.name
