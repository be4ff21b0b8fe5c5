"""config.yaml as types: every key, its unit and its limits.  Reads no file; `load` does.

The docstrings here are the descriptions in `docs/config.schema.json`, which editors use to complete config.yaml.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from grader.config.calling import Function, Names
from grader.config.dimensions import Dimension, count_of, resolved
from grader.config.late import Late
from grader.config.quantities import Constant, Name, Positive, Quantity, Shape

Tolerance = Annotated[float, Meta(gt=0, lt=1)]
Share = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=1)]
Seed = Annotated[str, Meta(pattern=r"^[0-9a-fA-F]{32}$")]

CHECKS = ("shape", "finite_difference", "reference")


class _Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Steps(_Section, frozen=True, kw_only=True):
    """The random sample points at which gradients are compared.

    `seed` is 128 secret bits as 32 hexadecimal digits; without it they are taken from the environment: GRADER_SEED.
    """

    count: Annotated[int, Meta(ge=2, le=100)] = 4
    seed: Seed = ""


class ShapeCheck(_Section, frozen=True, kw_only=True):
    share: Share = 0.2
    accept_1d: bool = False


class FiniteDifferenceCheck(_Section, frozen=True, kw_only=True):
    share: Share = 0.4
    tolerance: Tolerance = 1e-6
    method: Literal["central", "richardson", "complex_step"] = "central"
    step_size: Positive | None = None
    max_entries: Count = 10_000
    directions: Count = 16
    accept_numerical: Share = 0.0
    memory_mb: Annotated[int, Meta(ge=50, le=1_000_000)] = 300


class ReferenceCheck(_Section, frozen=True, kw_only=True):
    share: Share = 0.4
    tolerance: Tolerance = 5e-14
    float32: Literal["accept", "reject"] = "accept"
    float32_tolerance: Tolerance = 3e-6


class Checks(_Section, frozen=True, kw_only=True):
    """The checks of every gradient; their shares add up to 1."""

    shape: ShapeCheck = field(default_factory=ShapeCheck)
    finite_difference: FiniteDifferenceCheck = field(default_factory=FiniteDifferenceCheck)
    reference: ReferenceCheck = field(default_factory=ReferenceCheck)


class Shares(_Section, frozen=True, kw_only=True):
    """Shares of the marks of one gradient that differ from those under `checks`."""

    shape: Share
    finite_difference: Share
    reference: Share


class Gradient(_Section, frozen=True, kw_only=True):
    """One function that the student writes."""

    name: Name
    of: Name
    max_score: Positive = 10.0
    shares: Shares | None = None


class FollowThrough(_Section, frozen=True, kw_only=True):
    """What a gradient keeps that is wrong only because it builds on a wrong one of the student's own."""

    share: Share = 1.0
    substitute: bool = True


class Sandbox(_Section, frozen=True, kw_only=True):
    """Limits of students' code, units in the names."""

    require: Literal["strong", "any"] = "strong"
    call_cpu_seconds: Positive = 2.0
    submission_cpu_seconds: Positive = 10.0
    wall_factor: Annotated[float, Meta(ge=1, le=1000)] = 5.0
    memory_mb: Annotated[int, Meta(ge=32, le=1_000_000)] = 512
    source_kb: Annotated[int, Meta(ge=1, le=10_000)] = 256
    output_kb: Annotated[int, Meta(ge=1, le=16)] = 2

    @property
    def submission_wall_seconds(self) -> float:
        """Everything together, on the clock."""
        return self.submission_cpu_seconds * self.wall_factor


class Hints(_Section, frozen=True, kw_only=True):
    """Hints for wrong gradients: three levels, from a nudge to a worked example; instructors always see all."""

    check_level: Annotated[int, Meta(ge=0, le=3)] = 2
    diagnosis_level: Annotated[int, Meta(ge=0, le=3)] | None = 2
    file: str = ""
    mistakes: str = ""


Visibility = Literal["visible", "after_due_date", "after_published", "hidden"]


class CheckVisibility(_Section, frozen=True, kw_only=True):
    """When students see how a check went."""

    shape: Visibility = "visible"
    finite_difference: Visibility = "visible"
    reference: Visibility = "visible"


class Gradescope(_Section, frozen=True, kw_only=True):
    """What students see on Gradescope, and how often they may try."""

    visibility: CheckVisibility = field(default_factory=CheckVisibility)
    hints: Literal["by_attempt", "all", "none"] = "by_attempt"
    wrong_answers_per_hint: Count = 1
    graded_attempts: Count | None = None
    period_hours: Positive = 24.0
    leaderboard: bool = False


class Feedback(_Section, frozen=True, kw_only=True):
    """What `grader batch` writes for students."""

    hints: Literal["all", "first", "none"] = "all"

    @property
    def level(self) -> int:
        """How many levels of hints that is."""
        return {"all": 3, "first": 1, "none": 0}[self.hints]


class Config(_Section, frozen=True, kw_only=True):
    """One assignment: a model, the gradients asked for, and how they are marked."""

    title: str
    model: str
    dimensions: dict[Name, Dimension]
    quantities: dict[Name, Quantity]
    gradients: Annotated[list[Gradient], Meta(min_length=1)]
    submission: Annotated[str, Meta(pattern=r"^[^/\\]+$", description="the name of a file, without a folder")] = (
        "gradients.py"
    )
    interface: Literal["step", "parameters"] = "step"  # dJ_dU(s), or dJ_dU(h, y_hat, y): quantities by their names
    functions: list[Function] = []  # those that are called otherwise, or return several gradients
    groups: dict[Name, Names] = {}  # quantities that are one argument, in this order
    loss: Name = "J"
    objective: Literal["cross_entropy", "log_likelihood"] = "cross_entropy"
    steps: Steps = field(default_factory=Steps)
    checks: Checks = field(default_factory=Checks)
    follow_through: FollowThrough = field(default_factory=FollowThrough)
    solution: str = ""  # without one, the right gradients are derived from the model
    handout: bool = False  # written by `grader handout`: a student's copy, with which only `grader check` works
    originals: list[str] = field(default_factory=list)  # ... and digests of the files that students start from
    late: Late | None = None
    sandbox: Sandbox = field(default_factory=Sandbox)
    feedback: Feedback = field(default_factory=Feedback)
    hints: Hints = field(default_factory=Hints)
    gradescope: Gradescope = field(default_factory=Gradescope)

    @property
    def sign(self) -> float:
        """+1 where the gradients of the loss are asked for, -1 for those of its negative, the log-likelihood."""
        return 1.0 if self.objective == "cross_entropy" else -1.0

    @property
    def differentiated(self) -> str:
        """The function that is differentiated, for a title: `J`, or `-J`."""
        return self.loss if self.sign > 0 else f"-{self.loss}"

    @property
    def max_score(self) -> float:
        return sum(gradient.max_score for gradient in self.gradients)

    def shape_of(self, quantity: str) -> Shape:
        """Symbolic shape of a quantity, such as `(1, "Dh")`; `()` for a single number."""
        return self.quantities[quantity].shape

    def sizes(self, point: int) -> dict[str, int]:
        """The size of each dimension at sample point number `point`, from 0."""
        return resolved(self.dimensions, point, self.whole_constants)

    @property
    def size_sets(self) -> int:
        """How many different sets of sizes there are; the sample points take them in turn."""
        return count_of(self.dimensions)

    @property
    def whole_constants(self) -> dict[str, int]:
        """The constants that a formula of dimensions may use, such as a stride."""
        return {
            name: one.value
            for name, one in self.quantities.items()
            if isinstance(one, Constant) and isinstance(one.value, int)
        }

    def function_of(self, gradient: str) -> Function:
        """The function that returns a gradient: one of its own name, where no other is declared."""
        own = Function(name=gradient, returns=[gradient])
        return next((function for function in self.functions if gradient in function.returns), own)

    @property
    def asked(self) -> list[Function]:
        """What students write, each once, in the order of the gradients."""
        found = {function.name: function for one in self.gradients for function in [self.function_of(one.name)]}
        return list(found.values())

    def call(self, function: Function) -> str:
        """How a function is called, as it is shown to students: `dJ_dU(s)`, `affine_backward(dout, cache)`."""
        given = ["s" if self.interface == "step" else "..."]
        return f"{function.name}({', '.join(given if function.parameters is None else function.parameters)})"

    @property
    def interface_data(self) -> dict[str, Any]:
        """What runs students' functions knows of them, as plain data; see `sandbox/inside/interface.py`."""
        return {
            "by_name": self.interface == "parameters",
            "of": {gradient.name: gradient.of for gradient in self.gradients},
            "groups": self.groups,
            "functions": [(one.name, one.returns, one.parameters, one.attributes) for one in self.asked],
        }

    def written(self, quantity: str) -> str:
        """A quantity as students write it: `s.h`, or `h` where functions take it as a parameter."""
        return f"s.{quantity}" if self.has_points else quantity

    @property
    def is_plain(self) -> bool:
        """Whether each gradient has a function of its own, which takes a sample point."""
        return self.interface == "step" and not self.functions

    @property
    def has_points(self) -> bool:
        """Whether students' functions take a sample point `s`: all of them, or none."""
        if self.interface != "step":
            return False
        return not self.functions or any(function.parameters is None for function in self.asked)

    def share(self, gradient: Gradient, check: str) -> float:
        source: Any = gradient.shares or self.checks
        value = getattr(source, check)
        return float(value if gradient.shares else value.share)


def schema() -> bytes:
    """The JSON schema of config.yaml, as kept in `docs/config.schema.json`."""
    from inspect import cleandoc

    from grader.parts.declared import DeclaredParts

    kinds, named = msgspec.json.schema_components([Config, DeclaredParts], ref_template="#/$defs/{name}")
    made: dict[str, Any] = {"anyOf": list(kinds), "$defs": named}
    quantities = made["$defs"]["Config"]["properties"]["quantities"]
    number = {"type": "number", "description": "A constant."}
    quantities["additionalProperties"] = {"anyOf": [number, quantities["additionalProperties"]]}
    for one in named.values():  # docstrings, which not every msgspec gives without their indentation
        if "description" in one:
            one["description"] = cleandoc(one["description"])
    return msgspec.json.format(msgspec.json.encode(made), indent=2) + b"\n"
