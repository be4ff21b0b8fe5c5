"""What a grade depends on, as hashes: the assignment, the solution, the sample points, the machine.

Imports numpy only to make fingerprints: the coordinator of a batch, which only compares them, starts without it.
"""

import hashlib
import platform
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from grader import __version__
from grader.config.keys import Config
from grader.config.quantities import Computed

if TYPE_CHECKING:
    from grader.problem.assignment import Assignment

UNMARKED = (
    "late",
    "sandbox",
    "gradescope",
    "feedback",
    "handout",
    "originals",
)  # sections of config.yaml that change no grade


class Runtime(msgspec.Struct, frozen=True, omit_defaults=True):
    """What answers depend on besides the file and the sample points.

    Attributes:
        substitution: functions whose upstream gradients give no numbers were called once more.
    """

    python: str
    numpy: str
    machine: str
    call_cpu_seconds: float
    submission_cpu_seconds: float
    memory_mb: int
    source_kb: int
    output_kb: int
    functions: tuple[str, ...]
    substitution: bool = False


class Fingerprint(msgspec.Struct, frozen=True):
    """The state of an assignment.

    Attributes:
        spec: of config.yaml and the model; comments, limits and the wording of feedback do not matter.
        steps: of the numbers at the sample points.
    """

    spec: str
    solution: str
    steps: str
    runtime: Runtime
    version: str = __version__


def fingerprint(assignment: "Assignment") -> Fingerprint:
    config = assignment.config
    marked = {key: value for key, value in msgspec.to_builtins(config).items() if key not in UNMARKED}
    return Fingerprint(
        spec=_hash(msgspec.json.encode(marked, order="sorted"), (assignment.folder / config.model).read_bytes()),
        solution=_hash(*(path.read_bytes() for path in staff_files(assignment.folder, config))),
        steps=_hash(*_numbers(assignment)),
        runtime=runtime(assignment),
    )


def staff_files(folder: Path, config: Config) -> list[Path]:
    """The solution, where there is one, and the YAML files beside it: hints and named misconceptions."""
    if not config.solution:
        named = [folder / name for name in (config.hints.file, config.hints.mistakes) if name]
        return [path for path in named if path.is_file()]
    solution = folder / config.solution
    return [solution, *sorted(solution.parent.glob("*.yaml"))]


def runtime(assignment: "Assignment") -> Runtime:
    import numpy as np

    config, limits = assignment.config, assignment.config.sandbox
    return Runtime(
        python=platform.python_version(),
        numpy=np.__version__,
        machine=f"{platform.system()} {platform.machine()}",
        call_cpu_seconds=limits.call_cpu_seconds,
        submission_cpu_seconds=limits.submission_cpu_seconds,
        memory_mb=limits.memory_mb,
        source_kb=limits.source_kb,
        output_kb=limits.output_kb,
        functions=tuple(assignment.names) + (() if config.is_plain else (repr(config.interface_data),)),
        substitution=True,
    )


def _numbers(assignment: "Assignment") -> list[bytes]:
    """The sample points.  What the model computes counts to six digits: machines differ in the last bits."""
    import numpy as np

    parts = []
    for k, point in enumerate(assignment.points):
        for name, quantity in assignment.config.quantities.items():
            digits = 6 if isinstance(quantity, Computed) else 12
            entries = " ".join(f"{float(entry):.{digits}g}" for entry in np.ravel(point.values[name]))
            parts.append(f"{k} {name} {np.shape(point.values[name])} {entries}\n".encode())
    return parts


def _hash(*parts: bytes) -> str:
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "big") + part)
    return total.hexdigest()
