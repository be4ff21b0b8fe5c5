"""Tables on disk: a folder per assignment, named by a hash of all that they depend on, with a file per gradient.

For instructors: they hold formulas.  Nothing in them is pickled.  A file that cannot be read, or that belongs to others than
those beside it, is built again.  Processes that build the same table at once write the same file, each whole.
"""

import contextlib
import hashlib
import os
from collections.abc import Collection, Iterable
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from grader import __version__
from grader.atomic import replacing
from grader.diagnosis.tables.build import Tables
from grader.diagnosis.tables.projections import KEYED
from grader.diagnosis.tables.tables import Formulas, Table, as_node
from grader.problem.assignment import Assignment
from grader.problem.model import Array

FOLDER = ".grader-cache"
KEPT = 3
DIGEST = 32
DIAGNOSIS = Path(__file__).parents[1]
# Tables are built anew when any of these changes.
SOURCES = ("bykind", "formulas", "mutations", "tables", "operators.py", "../derivation")


class _Stored(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """A table as it is written: arrays as bytes, and which tables its entries refer to."""

    gradient: str
    tree: list[Any] | None
    upstream: list[str]
    digests: list[bytes]
    shapes: list[list[list[int]]]
    formula_costs: bytes
    offsets: bytes
    blob: bytes
    kinds: bytes
    via: bytes
    origins: bytes
    costs: bytes
    angles: bytes


def load_tables(assignment: Assignment, gradients: Collection[str] | None = None) -> Tables:
    """The tables of an assignment, from disk where they are there.

    Args:
        gradients: those whose tables are built, and where possible kept, if they are not there; None for all.
    """
    key = table_key(assignment)
    folders = [folder / f"diagnosis-{key}" for folder in _folders(assignment)]
    tables = Tables(assignment, _read(folders, key, assignment.names))
    prepare(tables, assignment.names if gradients is None else gradients)
    return tables


def prepare(tables: Tables, gradients: Iterable[str]) -> None:
    """Build the tables of these gradients, and keep them."""
    for gradient in gradients:
        tables[gradient]
    keep(tables)


def keep(tables: Tables) -> None:
    """Write the tables that were built since they were loaded, where there is a folder for them."""
    if not tables.new:
        return
    key = table_key(tables.assignment)
    files = _files(tables, key)
    for folder in _folders(tables.assignment):
        with contextlib.suppress(OSError):
            own = folder / f"diagnosis-{key}"
            own.mkdir(parents=True, exist_ok=True)
            for name in tables.new & set(files):
                with replacing(own / _file_name(tables.assignment.names, name), private=True) as file:
                    file.write(files[name])
            _prune(folder)
            break
    tables.new.clear()


def ship_tables(assignment: Assignment) -> dict[str, bytes]:
    """The files to put beside config.yaml in a package, all of them, by relative path.

    Built from scratch: the same assignment gives the same bytes, whatever was needed, and kept, before.
    """
    key, tables = table_key(assignment), Tables(assignment)
    for name in assignment.names:
        tables[name]
    files = _files(tables, key)
    return {
        f"{FOLDER}/diagnosis-{key}/{_file_name(assignment.names, name)}": content for name, content in files.items()
    }


def table_key(assignment: Assignment) -> str:
    """A hash of the solution, the model, the parts of the config that matter, and this package."""
    config = assignment.config
    parts: list[bytes] = [__version__.encode(), assignment.graph.path.read_bytes()]
    if assignment.reference is not None:
        parts.append(assignment.reference.source)
    parts += [msgspec.json.encode(part) for part in (config.quantities, config.dimensions, config.steps, config.loss)]
    parts += [msgspec.json.encode([(gradient.name, gradient.of) for gradient in config.gradients])]
    found = [DIAGNOSIS / name for name in SOURCES]
    sources = sorted(file for path in found for file in ([path] if path.suffix else path.rglob("*.py")))
    parts += [path.read_bytes() for path in sources]
    return hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:24]


def _file_name(names: list[str], gradient: str) -> str:
    """By number: some file systems take dJ_dU and dJ_du for the same name."""
    return f"{names.index(gradient):03d}.table"


def _files(tables: Tables, key: str) -> dict[str, bytes]:
    """Each table that there is as a file: the digest of the key and the content, then the content."""
    files: dict[str, bytes] = {}
    for name in tables.in_order():
        table = tables.built[name]
        stored = _Stored(
            gradient=name,
            tree=None if table.tree is None else list(table.tree),
            upstream=list(table.upstream),
            digests=[files[upstream][:DIGEST] for upstream in table.upstream],
            shapes=[[list(shape) for shape in shapes] for shapes in table.shapes],
            formula_costs=_bytes(table.formulas.costs, "<f4"),
            offsets=_bytes(table.formulas.offsets, "<u4"),
            blob=table.formulas.blob,
            kinds=_bytes(table.kinds, "<u2"),
            via=_bytes(table.via, "<u2"),
            origins=_bytes(table.origins, "<i4"),
            costs=_bytes(table.costs, "<f4"),
            angles=_bytes(table.angles, "<f4"),
        )
        content = msgspec.msgpack.encode(stored)
        files[name] = _digest(key, content) + content
    return files


def _digest(key: str, content: bytes) -> bytes:
    return hashlib.sha256(key.encode() + content).digest()


def _bytes(array: Array, dtype: str) -> bytes:
    return np.ascontiguousarray(array, dtype=dtype).tobytes()


def _read(folders: list[Path], key: str, names: list[str]) -> dict[str, Table]:
    """The tables in the folders that can be used: those whose upstream tables are there, too."""
    digests: dict[str, bytes] = {}
    waiting: dict[str, _Stored] = {}
    for name, folder in product(names, folders):
        with contextlib.suppress(OSError, msgspec.DecodeError):
            file = (folder / _file_name(names, name)).read_bytes()
            digest, content = file[:DIGEST], file[DIGEST:]
            if name not in waiting and digest == _digest(key, content):
                stored = msgspec.msgpack.decode(content, type=_Stored)
                if stored.gradient == name:
                    waiting[name], digests[name] = stored, digest
    found: dict[str, Table] = {}
    while usable := [
        name
        for name, one in waiting.items()
        if all(up in found and digests[up] == wanted for up, wanted in zip(one.upstream, one.digests, strict=True))
    ]:
        found |= {name: _table(waiting.pop(name)) for name in usable}
    return found


def _table(stored: _Stored) -> Table:
    return Table(
        tree=None if stored.tree is None else as_node(stored.tree),
        upstream=tuple(stored.upstream),
        formulas=Formulas(
            np.frombuffer(stored.formula_costs, "<f4"), np.frombuffer(stored.offsets, "<u4"), stored.blob
        ),
        shapes=tuple(tuple(tuple(shape) for shape in shapes) for shapes in stored.shapes),
        kinds=np.frombuffer(stored.kinds, "<u2"),
        via=np.frombuffer(stored.via, "<u2"),
        origins=np.frombuffer(stored.origins, "<i4"),
        costs=np.frombuffer(stored.costs, "<f4"),
        angles=np.frombuffer(stored.angles, "<f4").reshape(-1, KEYED),
    )


def _prune(folder: Path) -> None:
    """Keep the newest few: those of other versions of an assignment are built again if they are ever needed."""
    found = sorted(folder.glob("diagnosis-*"), key=lambda one: one.stat().st_mtime, reverse=True)
    for old in found[KEPT:]:
        if old.is_dir():
            import shutil  # rarely needed, and slow to load

            shutil.rmtree(old, ignore_errors=True)
        else:
            old.unlink(missing_ok=True)


def _folders(assignment: Assignment) -> list[Path]:
    """Beside config.yaml, or else the user's own; at home the other way round, since students submit whole folders."""
    named = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")  # Windows has the second
    user = Path(named or os.path.expanduser("~/.cache"))
    folders = [assignment.folder / FOLDER, *([user / "gradient-grader"] if user.is_absolute() else [])]
    return folders[::-1] if assignment.at_home else folders
