"""Find, read, type-check and cross-check a config.yaml.  Every error names the file, the line, the key, expected and found."""

import re
from pathlib import Path
from typing import Any

import msgspec

from grader.config import late
from grader.config.keys import CHECKS, NAME, Config, Gradient, Index, OneHot, Quantity, Sizes, Uniform
from grader.config.yamlfile import Key, YamlFile, at
from grader.errors import ConfigError, did_you_mean

_SEED_EXPECTED = (
    "expected 32 hexadecimal digits in quotes, which this command makes:"
    ' python3 -c "import secrets; print(secrets.token_hex(16))"; found '
)


def load_config(path: Path) -> Config:
    """Read, type-check and cross-check a config.yaml.

    Raises:
        ConfigError: with the file, the line, the path of the key, what was expected and what was found.
    """
    file = YamlFile(path)
    for section, kind in (("dimensions", Sizes), ("quantities", Quantity)):
        entries = at(file.data, [section])
        for name in entries if isinstance(entries, dict) else ():  # one by one: msgspec names no key of a mapping
            if not re.fullmatch(NAME, str(name)):
                raise ConfigError(
                    f"{file.where([section, name])}: expected a name of letters, digits and _, found {name!r}"
                )
            _convert(file, [section, name], kind)
    config: Config = _convert(file, [], Config)
    _check(config, file)
    return config


class _Wrong:
    """Makes the error for a value: `raise wrong(["steps", "count"], "expected ..., found ...")`."""

    def __init__(self, file: YamlFile) -> None:
        self.file = file

    def __call__(self, keys: list[Key], message: str) -> ConfigError:
        return ConfigError(f"{self.file.where(keys)}: {message}")


def _check(config: Config, file: YamlFile) -> None:
    """What types cannot say: names that must exist, sizes that must differ, shares that must add up."""
    wrong = _Wrong(file)
    _check_dimensions(config, wrong)
    for name, quantity in config.quantities.items():
        _check_quantity(config, name, quantity, wrong)
    for i, gradient in enumerate(config.gradients):
        _check_gradient(config, i, gradient, wrong)
    for key, message in late.problems(config.late) if config.late is not None else ():
        raise wrong(["late", key], message)


def _check_dimensions(config: Config, wrong: _Wrong) -> None:
    counts = {name: len(sizes) for name, sizes in config.dimensions.items()}
    if len(set(counts.values())) > 1:
        found = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise wrong(["dimensions"], f"expected equally many sizes for every dimension, found {found}")
    for k in range(max(counts.values(), default=0)):
        by_size: dict[int, str] = {}
        for name, size in config.sizes(k).items():
            if size in by_size:
                other = by_size[size]
                raise wrong(
                    ["dimensions", name, k],
                    f"expected a size different from {other}, found {size} for both: a shape could not tell them apart",
                )
            by_size[size] = name


def _check_gradient(config: Config, i: int, gradient: Gradient, wrong: _Wrong) -> None:
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


def _check_quantity(config: Config, name: str, quantity: Quantity, wrong: _Wrong) -> None:
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
            raise wrong(
                ["quantities", name, "shape", axis], _no_such("a dimension", str(size), list(config.dimensions))
            )
    if isinstance(quantity, Uniform) and not quantity.low < quantity.high:
        raise wrong(["quantities", name, "low"], f"expected low < high, found {quantity.low:g} and {quantity.high:g}")


def _no_such(what: str, found: str, known: list[str]) -> str:
    return f"expected {what} ({', '.join(known)}), found {found}{did_you_mean(found, known)}"


def _convert(file: YamlFile, prefix: list[Key], kind: Any) -> Any:
    """The value at `prefix`, as `kind`; an error names the line, the dotted path, expected and found."""
    try:
        return msgspec.convert(at(file.data, prefix), kind)
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at `")
    from grader.config.expected import allowed, near_key

    keys = [*prefix, *(word or int(number) for word, number in re.findall(r"\.(\w+)|\[(\d+)\]", path))]
    if keys == ["steps", "seed"]:
        raise ConfigError(f"{file.where(keys)}: {_SEED_EXPECTED}{_shortened(at(file.data, keys))}")
    if unknown := re.search(r"unknown field `(.*)`$", text, re.DOTALL):
        raise ConfigError(f"{file.where([*keys, unknown[1]])}: unknown key{near_key(keys, file.data, unknown[1])}")
    if missing := re.search(r"missing required field `(.*)`$", text):
        raise ConfigError(f"{file.where(keys)}: the key {missing[1]} is missing")
    if text.startswith("Invalid"):
        value = str(at(file.data, keys))
        raise ConfigError(f"{file.where(keys)}: {_no_such('one of', value, allowed(keys, file.data))}")
    text = text.replace("`", "").replace("Expected", "expected").replace("got", "found")
    found = at(file.data, keys)
    shown = f" ({found!r})" if isinstance(found, str | int | float) and len(repr(found)) < 60 else ""
    raise ConfigError(f"{file.where(keys)}: {text}{shown}")


def _shortened(value: Any) -> str:
    """A seed is secret, and what stands in its place may be most of one."""
    text = str(value)
    return f"{type(value).__name__} {text}" if len(text) < 12 else f"{len(text)} characters, {type(value).__name__}"
