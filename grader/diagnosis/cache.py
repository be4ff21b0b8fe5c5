"""Tables on disk: one file per assignment, named by a hash of everything that they depend on.  Staff only: they hold formulas.

Plain arrays in numpy's format, nothing pickled.  A file that cannot be read is built again.
"""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import msgspec
import numpy as np

from grader import __version__
from grader.assignment import Assignment
from grader.diagnosis.maps import Group, Maps, Stock
from grader.diagnosis.tables import Entries, Tables
from grader.diagnosis.world import World, make_world
from grader.graph import Array

FOLDER = ".grader-cache"
MODULES = (
    "bank build coding expression fingerprint functions leaves makemaps maps matrices mutants operators products reading"
    " tables world"
).split()
ENTRIES = ("signatures", "prints", "costs", "offsets", "blob")


def load_tables(assignment: Assignment, world: World | None = None) -> Tables:
    """The tables of an assignment, from the disk where they are there, else built and, where possible, kept."""
    name = f"diagnosis-{table_key(assignment)}.npz"
    for folder in _folders(assignment):
        with contextlib.suppress(OSError, ValueError, KeyError):
            return read_tables(folder / name)
    tables = build_tables(assignment, world)
    for folder in _folders(assignment):
        with contextlib.suppress(OSError):
            write_tables(tables, folder / name)
            break
    return tables


def build_tables(assignment: Assignment, world: World | None = None) -> Tables:
    """The tables of an assignment, from scratch: takes seconds."""
    from grader.diagnosis.build import make_tables

    return make_tables(world or make_world(assignment))


def ship_tables(assignment: Assignment) -> tuple[str, bytes]:
    """The file to put beside config.yaml in a package, as a relative path and its content, so that nothing is built there."""
    with tempfile.TemporaryDirectory() as folder:
        name = f"diagnosis-{table_key(assignment)}.npz"
        write_tables(load_tables(assignment), Path(folder) / name)
        return f"{FOLDER}/{name}", (Path(folder) / name).read_bytes()


def table_key(assignment: Assignment) -> str:
    """A hash of the solution, the model, the parts of the config that matter, and this package."""
    config = assignment.config
    parts: list[bytes] = [__version__.encode(), assignment.graph.path.read_bytes()]
    if assignment.reference is not None:
        parts.append(assignment.reference.path.read_bytes())
    parts += [msgspec.json.encode(part) for part in (config.quantities, config.dimensions, config.steps, config.loss)]
    parts += [msgspec.json.encode([(gradient.name, gradient.of) for gradient in config.gradients])]
    parts += [(Path(__file__).parent / f"{module}.py").read_bytes() for module in MODULES]
    return hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:24]


def write_tables(tables: Tables, path: Path) -> None:
    """Write whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".npz")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **dict(_flat(tables)))
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def read_tables(path: Path) -> Tables:
    with np.load(path, allow_pickle=False) as file:
        data = {key: file[key] for key in file.files}
    index = msgspec.json.decode(data["index"].tobytes())
    tables = Tables(bank=_entries(data, "bank"))
    for name in index["gradients"]:
        tables.gradients[name] = _entries(data, f"gradient.{name}")
    for name, (upstream, count) in index["maps"].items():
        tables.maps[name] = Maps(upstream, [_group(data, f"maps.{name}.{i}") for i in range(count)])
    for name in index["values"]:
        prefix = f"values.{name}"
        stacks = _stacks(data, prefix)
        tables.values[name] = Stock(stacks, data[f"{prefix}.entries"], data[f"{prefix}.costs"])
    return tables


def _flat(tables: Tables) -> Iterator[tuple[str, Any]]:
    index = {
        "gradients": list(tables.gradients),
        "maps": {name: (maps.upstream, len(maps.groups)) for name, maps in tables.maps.items()},
        "values": list(tables.values),
    }
    yield "index", np.frombuffer(msgspec.json.encode(index), dtype=np.uint8)
    entries = {f"gradient.{name}": one for name, one in tables.gradients.items()}
    for prefix, one in [*entries.items(), ("bank", tables.bank)]:
        for part in ENTRIES:
            yield f"{prefix}.{part}", getattr(one, part)
    for name, maps in tables.maps.items():
        for i, group in enumerate(maps.groups):
            prefix = f"maps.{name}.{i}"
            yield f"{prefix}.sizes", np.array(group.sizes)
            yield f"{prefix}.costs", group.costs
            yield f"{prefix}.offsets", group.offsets
            yield f"{prefix}.blob", group.blob
            for k, stack in enumerate(group.matrices):
                yield f"{prefix}.stack.{k}", stack
    for name, stock in tables.values.items():
        yield f"values.{name}.entries", stock.entries
        yield f"values.{name}.costs", stock.costs
        for k, stack in enumerate(stock.values):
            yield f"values.{name}.stack.{k}", stack


def _entries(data: dict[str, Array], prefix: str) -> Entries:
    return Entries(*(data[f"{prefix}.{part}"] for part in ENTRIES))


def _group(data: dict[str, Array], prefix: str) -> Group:
    sizes = cast(tuple[int, ...], tuple(data[f"{prefix}.sizes"].tolist()))
    return Group(sizes, _stacks(data, prefix), *(data[f"{prefix}.{part}"] for part in ("costs", "offsets", "blob")))


def _stacks(data: dict[str, Array], prefix: str) -> list[Array]:
    stacks = []
    while f"{prefix}.stack.{len(stacks)}" in data:
        stacks.append(data[f"{prefix}.stack.{len(stacks)}"])
    return stacks


def _folders(assignment: Assignment) -> list[Path]:
    home = os.environ.get("XDG_CACHE_HOME") or str(Path("~/.cache").expanduser())
    return [assignment.folder / FOLDER, Path(home) / "gradient-grader"]
