"""Tables on disk: one file per assignment, named by a hash of everything that they depend on.  Staff only: they hold formulas.

Plain arrays in numpy's format, nothing pickled.  A file that cannot be read is built again.
"""

import contextlib
import fcntl
import hashlib
import io
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np

from grader import __version__
from grader.atomic import replacing
from grader.diagnosis.formulas.world import World, make_world
from grader.diagnosis.search.maps import PROBED, Group, Maps, Stock
from grader.diagnosis.tables.tables import Entries, Tables
from grader.problem.assignment import Assignment
from grader.problem.model import Array

Read = TypeVar("Read")

FOLDER = ".grader-cache"
KEPT = 3
DIAGNOSIS = Path(__file__).parents[1]
SOURCES = (
    "formulas",
    "mutations",
    "search",
    "tables",
    "operators.py",
)  # tables are built anew when any of these changes
ENTRIES = ("signatures", "prints", "costs", "offsets", "blob")


def load_tables(assignment: Assignment, world: World | None = None) -> Tables:
    """The tables of an assignment, from the disk where they are there, else built and, where possible, kept.

    Processes that need the same ones at once wait for the first of them, instead of building them each.
    """
    name = f"diagnosis-{table_key(assignment)}.npz"
    folders = _folders(assignment)
    if (tables := _find(folders, name)) is not None:
        return tables
    with _building_alone(folders):
        if (tables := _find(folders, name)) is not None:
            return tables
        tables = build_tables(assignment, world)
        for folder in folders:
            with contextlib.suppress(OSError):
                write_tables(tables, folder / name)
                _prune(folder)
                break
    return tables


def _find(folders: Iterable[Path], name: str) -> Tables | None:
    for folder in folders:
        with contextlib.suppress(OSError, ValueError, KeyError, zipfile.BadZipFile):
            return read_tables(folder / name)
    return None


@contextlib.contextmanager
def _building_alone(folders: Iterable[Path]) -> Iterator[None]:
    """Hold the lock of the first folder that can be written; where none can be locked, just go on."""
    with contextlib.ExitStack() as stack:
        for folder in folders:
            with contextlib.suppress(OSError):
                folder.mkdir(parents=True, exist_ok=True)
                lock = stack.enter_context((folder / "building.lock").open("w"))
                fcntl.flock(lock, fcntl.LOCK_EX)
                break
        yield


def build_tables(assignment: Assignment, world: World | None = None) -> Tables:
    """The tables of an assignment, from scratch: takes seconds."""
    from grader.diagnosis.tables.build import make_tables

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
    parts += [path.read_bytes() for path in table_sources()]
    return hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:24]


def table_sources() -> list[Path]:
    """The files of this package that decide what is in the tables."""
    found = [DIAGNOSIS / name for name in SOURCES]
    return sorted(file for path in found for file in ([path] if path.suffix else path.glob("*.py")))


def write_tables(tables: Tables, path: Path) -> None:
    """Write whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path, private=True) as file:
        np.savez(file, **dict(_flat(tables)))


def read_tables(path: Path) -> Tables:
    """The tables in a file, read whole; the maps, which few answers need, are unpacked when they are asked for."""
    file = np.load(io.BytesIO(path.read_bytes()), allow_pickle=False)
    index = msgspec.json.decode(file["index"].tobytes())
    tables = Tables(bank=_entries(file, "bank"))
    for name in index["gradients"]:
        tables.gradients[name] = _entries(file, f"gradient.{name}")
    tables.maps = _Lazy(index["maps"], lambda name: _maps(file, f"maps.{name}", *index["maps"][name]))
    tables.wholes = _Lazy(index["wholes"], lambda name: _maps(file, f"wholes.{name}", *index["wholes"][name]))
    tables.values = _Lazy(index["values"], lambda name: _stock(file, f"values.{name}"))
    return tables


class _Lazy(Mapping[str, Read]):
    """Read on first use."""

    def __init__(self, names: Iterable[str], read: Callable[[str], Read]) -> None:
        self._names = list(names)
        self._read = cache(read)

    def __getitem__(self, name: str) -> Read:
        if name not in self._names:
            raise KeyError(name)
        return self._read(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _flat(tables: Tables) -> Iterator[tuple[str, Any]]:
    index = {
        "gradients": list(tables.gradients),
        "maps": {name: (maps.upstream, len(maps.groups)) for name, maps in tables.maps.items()},
        "wholes": {name: (maps.upstream, len(maps.groups)) for name, maps in tables.wholes.items()},
        "values": list(tables.values),
    }
    yield "index", np.frombuffer(msgspec.json.encode(index), dtype=np.uint8)
    entries = {f"gradient.{name}": one for name, one in tables.gradients.items()}
    for prefix, one in [*entries.items(), ("bank", tables.bank)]:
        for part in ENTRIES:
            yield f"{prefix}.{part}", getattr(one, part)
    every = [(f"maps.{name}", maps) for name, maps in tables.maps.items()]
    every += [(f"wholes.{name}", maps) for name, maps in tables.wholes.items()]
    for name, maps in every:
        for i, group in enumerate(maps.groups):
            prefix = f"{name}.{i}"
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


def _entries(file: Any, prefix: str) -> Entries:
    return Entries(*(file[f"{prefix}.{part}"] for part in ENTRIES))


def _maps(file: Any, prefix: str, upstream: str, count: int) -> Maps:
    return Maps(upstream, [_group(file, f"{prefix}.{i}") for i in range(count)])


def _group(file: Any, prefix: str) -> Group:
    sizes = tuple(int(size) for size in file[f"{prefix}.sizes"])
    return Group(sizes, _stacks(file, prefix), *(file[f"{prefix}.{part}"] for part in ("costs", "offsets", "blob")))


def _stock(file: Any, prefix: str) -> Stock:
    return Stock(_stacks(file, prefix), file[f"{prefix}.entries"], file[f"{prefix}.costs"])


def _stacks(file: Any, prefix: str) -> list[Array]:
    return [file[f"{prefix}.stack.{k}"] for k in range(PROBED)]


def _prune(folder: Path) -> None:
    """Keep the newest few: those of other versions of an assignment are built again if they are ever needed."""
    files = sorted(folder.glob("diagnosis-*.npz"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in files[KEPT:]:
        file.unlink(missing_ok=True)


def _folders(assignment: Assignment) -> list[Path]:
    home = os.environ.get("XDG_CACHE_HOME") or str(Path("~/.cache").expanduser())
    return [assignment.folder / FOLDER, Path(home) / "gradient-grader"]
