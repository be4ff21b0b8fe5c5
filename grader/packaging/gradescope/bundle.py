"""The zip that instructors upload to Gradescope: everything that grading needs, and the two programs that start it."""

from pathlib import Path

from grader.config.keys import Config
from grader.config.load import self_contained
from grader.diagnosis.tables.cache import ship_tables
from grader.errors import ConfigError, reason_of
from grader.grading.grader import Grader
from grader.packaging import archive
from grader.packaging.gradescope import results_json
from grader.packaging.soundness import refuse_unsound, stubs_path
from grader.packaging.wheel import make_wheel, requirements, wheel_name

PROGRAMS = ("setup.sh", "run_autograder")
_SCRIPTS = Path(__file__).parent
_BESIDE_SOLUTION = (".py", ".yaml", ".yml")


def build(grader: Grader, *, force: bool = False) -> bytes:
    """The zip; the same assignment and the same grader give the same bytes.

    Args:
        force: pack an unsound assignment, too.

    Raises:
        GraderError: the assignment is not sound, or a file lies outside its folder.
    """
    return archive.zip_bytes(with_programs(assignment_files(grader, force=force)), PROGRAMS)


def assignment_files(grader: Grader, *, force: bool) -> dict[str, bytes]:
    """What grading one assignment needs beside the grader itself.

    Raises:
        GraderError: the assignment is not sound, or a file lies outside its folder.
    """
    assignment = grader.assignment
    if not force:
        refuse_unsound(grader)
    return _assignment(grader.config, grader.config_path, grader.folder) | ship_tables(assignment)


def with_programs(files: dict[str, bytes]) -> dict[str, bytes]:
    """The same with the two programs that Gradescope starts, and the grader."""
    files["setup.sh"] = (_SCRIPTS / "setup.sh").read_bytes()
    files["run_autograder"] = (_SCRIPTS / "run_autograder.sh").read_bytes()
    # What results.json contains until there is more: if grading is cut off, this remains.
    files["unfinished.json"] = results_json.checked(results_json.not_graded_results())
    files["requirements.txt"] = ("\n".join(requirements()) + "\n").encode()
    files[wheel_name()] = make_wheel()
    return files


def _assignment(config: Config, config_path: Path, folder: Path) -> dict[str, bytes]:
    """The config, the files that it names, and code and YAML beside the solution, all at the same places."""
    paths = [
        folder / name for name in (config.model, config.solution, config.hints.file, config.hints.mistakes) if name
    ]
    paths.append(stubs_path(config, folder))
    if config.solution:
        beside = (folder / config.solution).parent.iterdir()
        paths += [path for path in beside if path.is_file() and path.suffix in _BESIDE_SOLUTION]
    files = {"config.yaml": self_contained(config_path)}
    for path in sorted(set(paths)):
        try:
            files[path.resolve().relative_to(folder).as_posix()] = path.read_bytes()
        except ValueError as error:
            raise ConfigError(
                f"{config_path}: expected files in {folder} or below, found {path}; move it there"
            ) from error
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read: {reason_of(error)}") from error
    clash = {*PROGRAMS, "unfinished.json", "requirements.txt", wheel_name()}.intersection(files)
    if clash:
        raise ConfigError(f"{folder / clash.pop()}: the zip has another file of this name; rename yours")
    return files
