"""An assignment together with the sandbox in which submissions to it run: how every command, and every script, grades."""

import threading
from collections.abc import Callable, Collection
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from grader.config.find import HANDOUT, find_config, refuse_config_within
from grader.config.load import load_config
from grader.errors import ConfigError, SandboxError, UsageError
from grader.sandbox.spawner import Spawner
from grader.sandbox.zygotes import start_spawner

if TYPE_CHECKING:  # loaded while the sandbox is starting
    from grader.config.keys import Config
    from grader.config.keys import Sandbox as Limits
    from grader.inputs.submission import Submission
    from grader.problem.assignment import Assignment
    from grader.records.result import Grade
    from grader.sandbox.host import Sandbox


def path_of(file: str | Path) -> Path:
    """The path of a file to grade.

    Raises:
        UsageError: it is an empty string, which would be the current folder.
    """
    if not str(file):
        raise UsageError("expected the path of a file, a folder or an archive, found an empty string")
    return Path(file)


class Grader:
    """Grades submissions to one assignment; everything it needs is opened and closed together.

    ::

        with grader.Grader("config.yaml") as g:
            print(g.grade("gradients.py").score)

    The assignment is loaded on first use, while the sandbox is starting.  A sandbox serves any number of submissions.

    Attributes:
        config_path: the config.yaml that is used.
        config: what it says.
        folder: where it stands; the files that it names are relative to it.
        at_home: as on a student's machine: there is no solution.
    """

    def __init__(
        self,
        config: str | Path | None = None,
        *,
        at_home: bool = False,
        limits: "Limits | None" = None,
        first_slot: int = 0,
        beside: Collection[str] = (),
    ) -> None:
        """Read the config.

        Args:
            config: the path of a config.yaml; None for the nearest, from the current folder upwards.
            limits: of students' code, in place of those in the config.
            first_slot: where the slots of this sandbox begin; those that run side by side begin apart.
            beside: the names of other files that are submitted together with the one of this assignment.

        Raises:
            ConfigError: there is none, or it cannot be used.
        """
        path = find_config(Path.cwd()) if config is None else Path(config)
        self._named = config is not None
        self._open(path, load_config(path), at_home=at_home, limits=limits, first_slot=first_slot, beside=beside)

    @classmethod
    def of(cls, config: "Config", folder: Path, *, at_home: bool = False) -> "Grader":
        """One for a config that was read already, whose files are in `folder`."""
        made = cls.__new__(cls)
        made._named = True
        made._open(folder / "config.yaml", config, at_home=at_home)
        return made

    def _open(
        self,
        path: Path,
        config: "Config",
        *,
        at_home: bool,
        limits: "Limits | None" = None,
        first_slot: int = 0,
        beside: Collection[str] = (),
    ) -> None:
        import msgspec

        self.config_path = path
        self.folder = path.resolve().parent
        self.config = config if limits is None else msgspec.structs.replace(config, sandbox=limits)
        self.at_home = at_home
        self._first_slot = first_slot
        self.beside = tuple(beside)
        self._spawners: list[Spawner] = []  # one that has started and is not used yet
        self._closers: list[Callable[[], None]] = []
        self._lock = threading.RLock()  # a sandbox serves one submission at a time

    def __enter__(self) -> "Grader":
        spawner = start_spawner(self.folder / self.config.model, self.config.sandbox)
        self._spawners.append(spawner)
        self._closers.append(spawner.close)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the sandbox, and all that runs in it.  The next submission starts another one."""
        with self._lock:
            while self._closers:
                self._closers.pop()()
            self._spawners.clear()
            for name in ("sandbox", "_home"):
                self.__dict__.pop(name, None)

    @cached_property
    def assignment(self) -> "Assignment":
        """The assignment, loaded whole.

        Raises:
            ConfigError: one of its files cannot be used.
        """
        from grader.problem.assignment import load_assignment

        if self.config.handout and not self.at_home:
            raise ConfigError(f"{self.config_path} {HANDOUT}")
        return load_assignment(self.config, self.folder, with_solution=not self.at_home)

    @cached_property
    def sandbox(self) -> "Sandbox":
        """Where students' files run."""
        from grader.grading.running import make_sandbox

        sandbox = make_sandbox(self.assignment, self._spawner, self._first_slot)
        self._closers.append(sandbox.close)
        return sandbox

    def grade(self, path: str | Path, *, submitted: bool = False) -> "Grade":
        """Grade what is at `path`: a file, or a folder or archive that holds it.

        Where this machine cannot run it as safely as the config demands, the status of the grade is `not_graded`.

        Args:
            submitted: grade a folder or archive without a file to grade, too; the grade says what is missing.

        Raises:
            UsageError: there is no such file, or several that could be meant; or the config was not named, and lies in what is
                graded.
            ConfigError: the assignment cannot be used, or is a student's copy.
        """
        path = path_of(path)
        if not self._named:
            refuse_config_within(self.config_path, path)
        self.assignment  # noqa: B018, what is wrong with it is reported before what is wrong with a file
        return self.grade_submission(self.read(path, submitted=submitted), self.config.sandbox.require)

    def check(
        self,
        path: str | Path | None = None,
        *,
        staff: bool = False,
        seen: "Callable[[Grade], None] | None" = None,
        folder: Path = Path(),
    ) -> "Grade":
        """Check a student's own file as `grader check` does: without the solution, and on any machine.

        Args:
            path: None for the file to submit in `folder`.
            staff: with all hints and instructors' sentences, which name what belongs there; students see neither.
            seen: is given the grade without explanations as soon as it is known, if something is left to explain.
            folder: the current one by default.

        Raises:
            UsageError: there is no such file, or several that could be meant.
        """
        if not self.at_home:
            return self._home.check(path, staff=staff, seen=seen, folder=folder)
        return self.check_submission(self.read_own(path, folder), staff=staff, seen=seen)

    def check_submission(
        self, submission: "Submission", *, staff: bool = False, seen: "Callable[[Grade], None] | None" = None
    ) -> "Grade":
        """Check a file that was read, as `check` does."""
        from grader.grading.forstudents import up_to

        grade = self.grade_submission(submission, "any", seen)
        return grade if staff else up_to(grade, self.config.hints, self.config.hints.check_level)

    def read(self, path: Path, *, submitted: bool = False) -> "Submission":
        """The student's file at `path`.

        Args:
            submitted: a folder or archive without a file to grade is a submission, too; its grade says what is missing.

        Raises:
            UsageError: there is no such file, or several that could be meant.
        """
        from grader.inputs.submission import handout_digests, read_submission, read_submitted

        read = read_submitted if submitted else read_submission
        known = frozenset() if path.suffix in (".py", ".ipynb") else handout_digests(self.config, self.folder, path)
        return read(path, self.config.submission, self.source_limit, known, self.beside)

    def read_own(self, path: str | Path | None, folder: Path = Path()) -> "Submission":
        """The student's file at `path`, by default the file to submit in `folder`.

        Raises:
            UsageError: as `read`.
        """
        import msgspec

        self.assignment  # noqa: B018, as above
        note = ""
        if path is None:
            path, note = self.own_file(folder)
        submission = self.read(path_of(path))
        return msgspec.structs.replace(submission, note=submission.note or note)

    def own_file(self, folder: Path) -> tuple[Path, str]:
        """The file to submit of those in a student's own folder, and a note on the choice."""
        from grader.inputs.submission import handout_digests, own_file

        known = handout_digests(self.config, self.folder, folder)
        return own_file(folder, self.config.submission, self.source_limit, known, self.beside)

    @property
    def source_limit(self) -> int:
        """How large a student's file may be, in bytes."""
        return self.config.sandbox.source_kb * 1024

    def grade_submission(
        self, submission: "Submission", require: str, seen: "Callable[[Grade], None] | None" = None
    ) -> "Grade":
        """Grade a file that was read; not graded where the sandbox is weaker than required, "strong" or "any"."""
        from grader.grading.running import run_submission

        with self._lock:
            try:
                if not submission.missing:
                    self.sandbox.require(require)
                run = run_submission(self.sandbox, submission, self._prepare)
            except SandboxError as error:
                from grader.grading.grade import not_graded

                return not_graded(self.assignment, submission.name, str(error))
            from grader.grading.pipeline import grade_and_locate

            return grade_and_locate(self.assignment, self.sandbox, submission, run, seen)

    def _prepare(self) -> None:
        """Load and compute what checks will need, while a file runs on another core."""
        import grader.grading.pipeline  # noqa: F401

        self.assignment.prepare_checks()

    @cached_property
    def _home(self) -> "Grader":
        home = Grader.of(self.config, self.folder, at_home=True)
        self._closers.append(home.close)
        return home.__enter__()

    def _spawner(self) -> Spawner:
        """The spawner that is there already or, once that has died, another."""
        return (
            self._spawners.pop()
            if self._spawners
            else start_spawner(self.folder / self.config.model, self.config.sandbox)
        )
