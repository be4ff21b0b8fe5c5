"""config.yaml as types, and its errors.  Knows the keys; imports no numpy and reads no other file.

The docstrings here are the descriptions in `docs/config.schema.json`, which editors use to complete config.yaml.
"""

import difflib
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from grader.errors import ConfigError
from grader.yamlfile import Key, YamlFile

Positive = Annotated[float, Meta(gt=0)]
Share = Annotated[float, Meta(ge=0, le=1)]
Size = Annotated[int, Meta(ge=2, le=1000)]
Sizes = Annotated[list[Size], Meta(min_length=1)]
Count = Annotated[int, Meta(ge=1)]
NAME = r"[A-Za-z_][A-Za-z0-9_]*"
Name = Annotated[str, Meta(pattern=f"^{NAME}$")]
Shape = tuple[str | int, ...]

CHECKS = ("shape", "finite_difference", "reference")


class _Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Normal(_Section, tag_field="sample", tag="normal"):
    """Drawn from a normal distribution with mean 0."""

    shape: Shape
    scale: Positive = 1.0


class Uniform(_Section, tag_field="sample", tag="uniform"):
    """Drawn uniformly between `low` and `high`."""

    shape: Shape
    low: float
    high: float


class Index(_Section, tag_field="sample", tag="index"):
    """A whole number from 0 to the dimension `of` less one; never the position of the 1 in the one-hot `differs_from`."""

    of: Name
    differs_from: Name | None = None


class OneHot(_Section, tag_field="sample", tag="one_hot"):
    """All zeros and a single one along the last axis."""

    shape: Shape


class Computed(_Section, tag_field="sample", tag="model"):
    """Computed by the function of this name in the model."""

    shape: Shape


Quantity = Normal | Uniform | Index | OneHot | Computed


class Steps(_Section):
    """The random steps at which every gradient is compared."""

    count: Annotated[int, Meta(ge=2, le=100)]
    seed: Annotated[int, Meta(ge=0)]


class ShapeCheck(_Section):
    share: Share
    accept_1d: bool = False


class FiniteDifferenceCheck(_Section):
    share: Share
    tolerance: Positive
    method: Literal["central", "richardson", "complex_step"] = "central"
    step_size: Positive | None = None
    max_entries: Count = 10_000
    directions: Count = 16


class ReferenceCheck(_Section):
    share: Share
    tolerance: Positive
    float32: Literal["accept", "reject"] = "accept"
    float32_tolerance: Positive = 3e-6


class Checks(_Section):
    """The checks of every gradient; their shares add up to 1."""

    shape: ShapeCheck
    finite_difference: FiniteDifferenceCheck
    reference: ReferenceCheck


class Shares(_Section):
    """Shares of the marks of one gradient that differ from those under `checks`."""

    shape: Share
    finite_difference: Share
    reference: Share


class Gradient(_Section):
    """One function that the student writes."""

    name: Name
    of: Name
    max_score: Positive
    shares: Shares | None = None


class FollowThrough(_Section):
    share: Share


class Sandbox(_Section):
    """Limits of the student's code, units in the names."""

    require: Literal["strong", "any"] = "strong"
    call_cpu_seconds: Positive = 2.0
    submission_cpu_seconds: Positive = 10.0
    wall_factor: Annotated[float, Meta(ge=1)] = 5.0
    memory_mb: Annotated[int, Meta(ge=32)] = 512
    source_kb: Count = 256
    output_kb: Count = 2


class Config(_Section):
    """One assignment: a model, the gradients asked for, and how they are marked."""

    title: str
    model: str
    solution: str
    submission: str
    loss: Name
    objective: Literal["cross_entropy", "log_likelihood"]
    dimensions: dict[Name, Sizes]
    steps: Steps
    quantities: dict[Name, Quantity]
    gradients: Annotated[list[Gradient], Meta(min_length=1)]
    checks: Checks
    follow_through: FollowThrough
    sandbox: Sandbox = field(default_factory=Sandbox)

    @property
    def sign(self) -> float:
        """+1 where the gradients of the loss are asked for, -1 for those of its negative, the log-likelihood."""
        return 1.0 if self.objective == "cross_entropy" else -1.0

    @property
    def max_score(self) -> float:
        return sum(gradient.max_score for gradient in self.gradients)

    def shape_of(self, quantity: str) -> Shape:
        """Symbolic shape of an array quantity, such as `(1, "Dh")`."""
        declared = self.quantities[quantity]
        return () if isinstance(declared, Index) else declared.shape

    def sizes(self, step: int) -> dict[str, int]:
        """The size of each dimension at step number `step` (from 0)."""
        return {name: sizes[step % len(sizes)] for name, sizes in self.dimensions.items()}

    def share(self, gradient: Gradient, check: str) -> float:
        source: Any = gradient.shares or self.checks
        value = getattr(source, check)
        return float(value if gradient.shares else value.share)


def find_config(start: Path) -> Path:
    """The nearest config.yaml, from `start` upwards.

    Raises:
        ConfigError: there is none.
    """
    for folder in [start.resolve(), *start.resolve().parents]:
        if (folder / "config.yaml").is_file():
            return folder / "config.yaml"
    raise ConfigError(
        f"no config.yaml in {start.resolve()} or above: go to the assignment's folder, or name the file with --config PATH"
    )


def load_config(path: Path) -> Config:
    """Read, type-check and cross-check a config.yaml.

    Raises:
        ConfigError: with the file, the line, the path of the key, what was expected and what was found.
    """
    file = YamlFile(path)
    for section, kind in (("dimensions", Sizes), ("quantities", Quantity)):
        entries = _at(file.data, [section])
        for name in entries if isinstance(entries, dict) else ():  # one by one: msgspec names no key of a mapping
            if not re.fullmatch(NAME, str(name)):
                raise ConfigError(f"{file.where([section, name])}: expected a name of letters, digits and _, found {name!r}")
            _convert(file, [section, name], kind)
    config: Config = _convert(file, [], Config)
    _check(config, file)
    return config


def _check(config: Config, file: YamlFile) -> None:
    """What types cannot say: names that must exist, sizes that must differ, shares that must add up."""

    def wrong(keys: list[Key], message: str) -> ConfigError:
        return ConfigError(f"{file.where(keys)}: {message}")

    counts = {len(sizes) for sizes in config.dimensions.values()}
    for name, sizes in config.dimensions.items():
        if len(counts) > 1:
            raise wrong(["dimensions", name], f"expected as many sizes as in the other dimensions, found {len(sizes)}")
    for k in range(max(counts, default=0)):
        by_size: dict[int, str] = {}
        for name, size in config.sizes(k).items():
            if size in by_size:
                other = by_size[size]
                raise wrong(
                    ["dimensions", name, k],
                    f"expected a size different from {other}, found {size} for both: a shape could not tell them apart",
                )
            by_size[size] = name
    for name, quantity in config.quantities.items():
        _check_quantity(config, name, quantity, wrong)
    for i, gradient in enumerate(config.gradients):
        if gradient.of not in config.quantities:
            raise wrong(["gradients", i, "of"], _no_such("a quantity", gradient.of, list(config.quantities)))
        if isinstance(config.quantities[gradient.of], Index | OneHot):
            raise wrong(
                ["gradients", i, "of"],
                f"expected a quantity of real numbers, found {gradient.of}, which takes only whole values",
            )
        if gradient.name in [other.name for other in config.gradients[:i]]:
            raise wrong(["gradients", i, "name"], f"expected a name of its own, found {gradient.name} again")
        total = sum(config.share(gradient, check) for check in CHECKS)
        if abs(total - 1) > 1e-9:
            place: list[Key] = ["gradients", i, "shares"] if gradient.shares else ["checks"]
            raise wrong(place, f"expected shares that add up to 1, found {total:g}")


def _check_quantity(config: Config, name: str, quantity: Quantity, wrong: Any) -> None:
    if isinstance(quantity, Index):
        if quantity.of not in config.dimensions:
            raise wrong(["quantities", name, "of"], _no_such("a dimension", quantity.of, list(config.dimensions)))
        other = quantity.differs_from
        if other is not None and not isinstance(config.quantities.get(other), OneHot):
            one_hot = [n for n, q in config.quantities.items() if isinstance(q, OneHot)]
            raise wrong(["quantities", name, "differs_from"], _no_such("a one_hot quantity", other, one_hot))
        return
    if not quantity.shape:
        raise wrong(["quantities", name, "shape"], "expected at least one axis, found none")
    for axis, size in enumerate(quantity.shape):
        known = size >= 1 if isinstance(size, int) else size in config.dimensions
        if not known:
            raise wrong(["quantities", name, "shape", axis], _no_such("a dimension", str(size), list(config.dimensions)))
    if isinstance(quantity, Uniform) and not quantity.low < quantity.high:
        raise wrong(["quantities", name, "low"], f"expected low < high, found {quantity.low:g} and {quantity.high:g}")


def _no_such(what: str, found: str, known: list[str]) -> str:
    return f"expected {what} ({', '.join(known)}), found {found}{did_you_mean(found, known)}"


def did_you_mean(found: str, known: list[str]) -> str:
    """`; did you mean wall_seconds?`, or nothing where no name is near."""
    near = difflib.get_close_matches(found, known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def _convert(file: YamlFile, prefix: list[Key], kind: Any) -> Any:
    """The value at `prefix`, as `kind`; an error names the line, the dotted path, expected and found."""
    try:
        return msgspec.convert(_at(file.data, prefix), kind)
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at `")
    keys = [*prefix, *(word or int(number) for word, number in re.findall(r"\.(\w+)|\[(\d+)\]", path))]
    if unknown := re.search(r"unknown field `(.*)`$", text, re.DOTALL):
        raise ConfigError(f"{file.where([*keys, unknown[1]])}: unknown key{_near_key(keys, file.data, unknown[1])}")
    if missing := re.search(r"missing required field `(.*)`$", text):
        raise ConfigError(f"{file.where(keys)}: the key {missing[1]} is missing")
    text = text.replace("`", "").replace("Expected", "expected").replace("got", "found").replace("Invalid", "invalid")
    found = _at(file.data, keys)
    shown = f" ({found!r})" if isinstance(found, str | int | float) and len(repr(found)) < 60 else ""
    raise ConfigError(f"{file.where(keys)}: {text}{shown}")


def _at(data: Any, keys: list[Key]) -> Any:
    for key in keys:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _near_key(keys: list[Any], data: Any, found: str) -> str:
    section = _section(keys, data)
    known = [f.name for f in msgspec.structs.fields(section)] if section else []
    return did_you_mean(found, known) or (f"; expected one of {', '.join(known)}" if known else "")


def _section(keys: list[Key], data: Any) -> type[_Section] | None:
    """The type that describes what stands at `keys`."""
    match keys:
        case []:
            return Config
        case ["quantities", _]:
            tag = (_at(data, keys) or {}).get("sample")
            kinds = {"normal": Normal, "uniform": Uniform, "index": Index, "one_hot": OneHot, "model": Computed}
            return kinds.get(tag)
        case ["gradients", int()]:
            return Gradient
        case ["gradients", int(), "shares"]:
            return Shares
        case ["checks", str(check)]:
            return {"shape": ShapeCheck, "finite_difference": FiniteDifferenceCheck, "reference": ReferenceCheck}.get(check)
        case [str(section)]:
            return {"steps": Steps, "checks": Checks, "follow_through": FollowThrough, "sandbox": Sandbox}.get(section)
    return None


def schema() -> bytes:
    """The JSON schema of config.yaml, as kept in `docs/config.schema.json`."""
    return msgspec.json.format(msgspec.json.encode(msgspec.json.schema(Config)), indent=2) + b"\n"
