"""An assignment that is given as a folder or as a zip, such as the one that `grader handout` makes."""

import atexit
import shutil
import tempfile
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from grader.errors import ConfigError
from grader.inputs.kinds import looks_like_archive
from grader.inputs.tree import ArchiveError, File, is_noise

_CONFIG = "config.yaml"
_MAX_BYTES = 16 * 2**20  # of one file
_LEFT_OUT = (".whl",)  # the grader itself


def config_of(assignment: Path) -> Path:
    """The config.yaml of an assignment: itself, or in a folder or an archive, which is unpacked until the process ends.

    Raises:
        ConfigError: there is none in it, or it cannot be read.
    """
    if assignment.is_dir():
        if (assignment / _CONFIG).is_file():
            return assignment / _CONFIG
        raise ConfigError(f"{assignment}: expected the folder of an assignment, found no {_CONFIG} in it")
    if not assignment.is_file() or not looks_like_archive(assignment):
        return assignment
    status = assignment.stat()
    return _unpacked(assignment.resolve(), status.st_mtime_ns, status.st_size)


def beside(folder: Path) -> Path | None:
    """The only assignment that lies in a folder, as a folder or a zip; None where there is none, or more than one."""
    entries = sorted(folder.iterdir())
    folders = [path / _CONFIG for path in entries if (path / _CONFIG).is_file()]
    zips = [] if folders else [config for path in entries if (config := _config_in(path)) is not None]
    found = folders or zips
    return found[0] if len(found) == 1 else None


def _config_in(path: Path) -> Path | None:
    if path.suffix != ".zip" or not path.is_file():
        return None
    try:
        return config_of(path)
    except ConfigError:
        return None


@lru_cache(16)
def _unpacked(archive: Path, changed: int, size: int) -> Path:
    from grader.errors import UsageError
    from grader.inputs.archives import open_tree

    try:
        files = [file for file in open_tree(archive, one=True).files if not is_noise(file.path)]
        configs = [file for file in files if file.path.name == _CONFIG]
        if not configs:
            raise ConfigError(f"{archive}: expected the archive of an assignment, found no {_CONFIG} in it")
        top = min(configs, key=lambda file: len(file.path.parts)).path.parent
        return _written(file.called(file.path.relative_to(top)) for file in files if file.path.is_relative_to(top))
    except (OSError, ArchiveError) as error:
        raise ConfigError(f"{archive}: cannot be read: {error}") from error
    except ConfigError:
        raise
    except UsageError as error:
        raise ConfigError(str(error)) from error


def _written(files: Iterable[File]) -> Path:
    """The files in a folder of this process, which is deleted at its end; the path of the config among them."""
    folder = Path(tempfile.mkdtemp(prefix="grader-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for file in files:
        if file.source is not None and not file.path.name.endswith(_LEFT_OUT):
            path = folder / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.read(_MAX_BYTES))
    return folder / _CONFIG
