"""Find, read, type-check and cross-check a config.yaml.  All its errors are reported at once.

Each names the file, the line, the key, what was expected and what was found.
"""

import copy
import os
import re
from pathlib import Path
from typing import Any

import msgspec

from grader.config.cross_checks import cross_checked
from grader.config.keys import Config
from grader.config.problems import SEED_EXPECTED, Problem, problems_in
from grader.config.yamlfile import YamlFile, at
from grader.errors import ConfigError

SEED_VARIABLE = "GRADER_SEED"
_SEED = re.compile(r"[0-9a-fA-F]{32}")
_STAND_INS = {"title": "", "model": "", "dimensions": {}, "quantities": {}, "gradients": [{}]}
_GRADIENT = {"name": "none", "of": "none", "max_score": 1.0}


def load_config(path: Path) -> Config:
    """Read, type-check and cross-check a config.yaml.

    Raises:
        ConfigError: a line for each mistake: the file, the line, the path of the key, what was expected and what was found.
    """
    file = YamlFile(path)
    _refuse_parts(file)
    data = _spelled_out(file.data)
    problems = list(problems_in(Config, data, []))
    if isinstance(data, dict):
        problems += _without_seed(data)
        usable = msgspec.convert(_without(data, problems), Config)
        problems += cross_checked(usable, data, {tuple(problem.keys) for problem in problems})
    if problems:
        problems.sort(key=lambda problem: file.line(problem.keys))
        raise ConfigError("\n".join(f"{file.where(problem.keys)}: {problem.message}" for problem in problems))
    return msgspec.convert(data, Config)


def _refuse_parts(file: YamlFile) -> None:
    """Refuse the config of a homework of several parts: here one assignment is expected."""
    declared = at(file.data, ["parts"])
    if isinstance(declared, list) and at(file.data, ["model"]) is None:
        configs = [str(one["config"]) for one in declared if isinstance(one, dict) and "config" in one]
        raise ConfigError(
            f"{file.where(['parts'])}: expected one assignment, found parts: name the config of one ({', '.join(configs)})"
        )


def self_contained(path: Path) -> bytes:
    """A config.yaml for another machine: as it is or, where its seed comes from the environment, with that written into it."""
    import yaml

    data = YamlFile(path).data
    if at(data, ["steps", "seed"]) is not None:
        return path.read_bytes()
    return yaml.safe_dump(_spelled_out(data), sort_keys=False, allow_unicode=True).encode()


def _spelled_out(data: Any) -> Any:
    """The data with `reg: 1e-3` among the quantities as a constant, and the seed of the environment where there is none."""
    if not isinstance(data, dict):
        return data
    data = copy.deepcopy(data)
    quantities = data.get("quantities")
    for name, entry in quantities.items() if isinstance(quantities, dict) else ():
        if isinstance(entry, int | float) and not isinstance(entry, bool):
            quantities[name] = {"sample": "constant", "value": entry}
    seed, steps = os.environ.get(SEED_VARIABLE, ""), data.setdefault("steps", {})
    if isinstance(steps, dict) and "seed" not in steps and _SEED.fullmatch(seed):
        steps["seed"] = seed
    return data


def _without_seed(data: dict[Any, Any]) -> list[Problem]:
    steps = data["steps"]
    if not isinstance(steps, dict) or "seed" in steps:
        return []
    found = os.environ.get(SEED_VARIABLE)
    other = f"the environment variable {SEED_VARIABLE} has {len(found)} characters" if found else "found neither"
    return [Problem(["steps"], f"no seed: here, or as {SEED_VARIABLE} in the environment, {SEED_EXPECTED}; {other}")]


def _without(data: dict[Any, Any], problems: list[Problem]) -> dict[str, Any]:
    """What is left without the values that are wrong; a required one has a stand-in."""
    data = copy.deepcopy(data)
    for problem in problems:
        section = at(data, problem.keys[:1])
        entry = problem.keys[1] if len(problem.keys) > 1 else None
        if problem.keys[:1] == ["gradients"] and isinstance(entry, int):
            section[entry] = None
        elif problem.keys[:1] in (["quantities"], ["dimensions"]) and isinstance(section, dict):
            for name in [name for name in section if entry in (None, str(name))]:
                del section[name]
        elif problem.keys:
            data.pop(problem.keys[0], None)
    if isinstance(data.get("gradients"), list):
        data["gradients"] = [gradient or _GRADIENT for gradient in data["gradients"]]
    fields = {field.name: field for field in msgspec.structs.fields(Config)}
    kept = {name: value for name, value in data.items() if name in fields}
    missing = {name: value for name, value in _STAND_INS.items() if name not in kept or kept[name] is None}
    if "gradients" in missing:
        missing["gradients"] = [_GRADIENT]
    return {**kept, **missing}
