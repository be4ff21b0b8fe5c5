"""Tables on disk: one file per assignment, named by a hash of all that they depend on.  For instructors: they hold formulas.

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
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np

from grader import __version__
from grader.atomic import replacing
from grader.diagnosis.formulas.world import make_world
from grader.diagnosis.tables.tables import MAPPED, Entries, Group, Maps, Stock, Tables
from grader.problem.assignment import Assignment
from grader.problem.model import Array

Read = TypeVar("Read")
Record = TypeVar("Record", Entries, Group, Stock)

FOLDER = ".grader-cache"
KEPT = 3
DIAGNOSIS = Path(__file__).parents[1]
# Tables are built anew when any of these changes.
SOURCES = ("formulas", "mutations", "tables", "operators.py")


def load_tables(assignment: Assignment) -> Tables:
    """The tables of an assignment, from disk if they are there, else built and, where possible, kept.

    Of several processes that need the same tables at once, one builds them and the others wait for it.
    """
    name = _file_name(assignment)
    folders = _folders(assignment)
    if (tables := _find(folders, name)) is not None:
        return tables
    with _building_alone(folders):
        if (tables := _find(folders, name)) is not None:
            return tables
        tables = build_tables(assignment)
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


def build_tables(assignment: Assignment) -> Tables:
    """The tables of an assignment, from scratch: takes seconds."""
    from grader.diagnosis.tables.build import make_tables

    return make_tables(make_world(assignment))


def ship_tables(assignment: Assignment) -> tuple[str, bytes]:
    """The file to put beside config.yaml in a package: its relative path and its content."""
    with tempfile.TemporaryDirectory() as folder:
        name = _file_name(assignment)
        write_tables(load_tables(assignment), Path(folder) / name)
        return f"{FOLDER}/{name}", (Path(folder) / name).read_bytes()


def _file_name(assignment: Assignment) -> str:
    return f"diagnosis-{table_key(assignment)}.npz"


def table_key(assignment: Assignment) -> str:
    """A hash of the solution, the model, the parts of the config that matter, and this package."""
    config = assignment.config
    parts: list[bytes] = [__version__.encode(), assignment.graph.path.read_bytes()]
    if assignment.reference is not None:
        parts.append(assignment.reference.source)
    parts += [msgspec.json.encode(part) for part in (config.quantities, config.dimensions, config.steps, config.loss)]
    parts += [msgspec.json.encode([(gradient.name, gradient.of) for gradient in config.gradients])]
    found = [DIAGNOSIS / name for name in SOURCES]
    sources = sorted(file for path in found for file in ([path] if path.suffix else path.glob("*.py")))
    parts += [path.read_bytes() for path in sources]
    return hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:24]


def write_tables(tables: Tables, path: Path) -> None:
    """Write whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path, private=True) as file:
        np.savez(file, **dict(_arrays(tables)))


def read_tables(path: Path) -> Tables:
    """The tables in a file, read whole; the maps, which few answers need, are unpacked when they are asked for."""
    file = np.load(io.BytesIO(path.read_bytes()), allow_pickle=False)
    index = msgspec.json.decode(file["index"].tobytes())
    tables = Tables(candidates=_record(Entries, file, "candidates"))
    for name in index["gradients"]:
        tables.gradients[name] = _record(Entries, file, f"gradients.{name}")
    tables.maps = _Lazy(index["maps"], lambda name: _maps(file, f"maps.{name}", *index["maps"][name]))
    tables.wholes = _Lazy(index["wholes"], lambda name: _maps(file, f"wholes.{name}", *index["wholes"][name]))
    tables.values = _Lazy(index["values"], lambda name: _record(Stock, file, f"values.{name}"))
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


def _arrays(tables: Tables) -> Iterator[tuple[str, Any]]:
    """Everything in the tables, by keys such as maps.dJ_dU.0.matrices.1."""
    maps = {"maps": tables.maps, "wholes": tables.wholes}
    index: dict[str, Any] = {
        kind: {name: (one.upstream, len(one.groups)) for name, one in found.items()} for kind, found in maps.items()
    }
    index |= {"gradients": list(tables.gradients), "values": list(tables.values)}
    yield "index", np.frombuffer(msgspec.json.encode(index), dtype=np.uint8)
    records: dict[str, Any] = {"candidates": tables.candidates}
    records |= {f"gradients.{name}": entries for name, entries in tables.gradients.items()}
    records |= {f"values.{name}": stock for name, stock in tables.values.items()}
    for kind, found in maps.items():
        records |= {f"{kind}.{name}.{i}": group for name, one in found.items() for i, group in enumerate(one.groups)}
    for prefix, record in records.items():
        for field in fields(record):
            value = getattr(record, field.name)
            if isinstance(value, list):
                yield from ((f"{prefix}.{field.name}.{k}", array) for k, array in enumerate(value))
            else:
                yield f"{prefix}.{field.name}", np.asarray(value)


def _record(kind: type[Record], file: Any, prefix: str) -> Record:
    def read(name: str, of: object) -> Any:
        if of == list[Array]:
            return [file[f"{prefix}.{name}.{k}"] for k in range(MAPPED)]
        value = file[f"{prefix}.{name}"]
        return value if of is Array else tuple(value.tolist())

    return kind(**{field.name: read(field.name, field.type) for field in fields(kind)})


def _maps(file: Any, prefix: str, upstream: str, count: int) -> Maps:
    return Maps(upstream, [_record(Group, file, f"{prefix}.{i}") for i in range(count)])


def _prune(folder: Path) -> None:
    """Keep the newest few: those of other versions of an assignment are built again if they are ever needed."""
    files = sorted(folder.glob("diagnosis-*.npz"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in files[KEPT:]:
        file.unlink(missing_ok=True)


def _folders(assignment: Assignment) -> list[Path]:
    """Beside config.yaml, or else the user's own; at home the other way round, since students submit whole folders."""
    user = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))
    folders = [assignment.folder / FOLDER, *([user / "gradient-grader"] if user.is_absolute() else [])]
    return folders[::-1] if assignment.at_home else folders
