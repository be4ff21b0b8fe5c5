"""The packages of a homework, used in a temporary folder: as students do at home, and as Gradescope does with an upload."""

import io
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from grader.errors import GraderError
from grader.grading.grader import Grader
from grader.packaging.gradescope.dryrun.platform import Platform
from grader.packaging.gradescope.dryrun.submitted import default_metadata
from grader.packaging.soundness import stubs_path
from grader.parts.packages import build_autograder_of, build_handout_of
from grader.parts.parts import Part, Parts, parts_at
from grader.sandbox.launch import forks
from grader.validation.finding import Finding
from grader.validation.submissions import ways_of

_SECONDS = 600.0  # that Gradescope gives an autograder


def check_packages(parts: Parts) -> list[Finding]:
    """Whether both packages of a homework work, each of whose parts is sound."""
    stubs = {part.name: stubs_path(part.config, part.folder).read_bytes() for part in parts}
    right = {part.name: text.encode() for part in parts for text in _right(part)}
    return [
        _tried(
            "handout of all parts",
            "unpacked, it has the stubs of every part, and the solutions beside one another are all right",
            lambda: _at_home(parts, right),
        ),
        _tried(
            "Gradescope zip of all parts",
            "an upload of all solutions earns full marks, and one of all stubs nothing",
            lambda: _on_gradescope(parts, stubs, right),
        )
        if forks()
        else Finding("Gradescope zip of all parts", "warning", "not tried: it runs on Linux only"),
    ]


def _tried(check: str, good: str, problems: Callable[[], Iterator[str]]) -> Finding:
    try:
        found = list(problems())
    except GraderError as error:
        found = [str(error)]
    return Finding(check, "failed", "it does not work", found) if found else Finding(check, "passed", good)


def _right(part: Part) -> Iterator[str]:
    """The solution of a part as students write it, if it can be written so."""
    yield from [text for _, text in ways_of(Grader(part.path).assignment)][:1]


def _at_home(parts: Parts, right: dict[str, bytes]) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        zipfile.ZipFile(io.BytesIO(build_handout_of(parts, force=True))).extractall(folder)
        unpacked = parts_at(folder / "config.yaml")
        assert unpacked is not None, "the handout of a homework has its config"
        for part in unpacked:
            yield from _statuses(part, part.folder, "missing", "the stubs")
        for part in unpacked:
            if part.name in right:
                (folder / part.config.submission).write_bytes(right[part.name])
        for part in unpacked:
            if part.name in right:
                yield from _statuses(part, folder, "passed", "the solution")


def _statuses(part: Part, folder: Path, expected: str, what: str) -> Iterator[str]:
    """The gradients of a student's file in `folder` that come out in another way."""
    with Grader(part.path, at_home=True, beside=part.beside) as home:
        for one in home.check(folder=folder).gradients:
            if one.status != expected:
                yield f"{part.name}: {what}: {one.name}: expected {expected}, found {one.status}"


def _on_gradescope(parts: Parts, stubs: dict[str, bytes], right: dict[str, bytes]) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="gradescope-") as name:
        folder = Path(name)
        (folder / "autograder.zip").write_bytes(build_autograder_of(parts, force=True))
        platform = Platform(folder / "autograder", folder / "autograder.zip")
        platform.borrow_python()
        for what, files, expected in (("stubs", stubs, 0.0), ("solutions", right, parts.max_score)):
            if len(files) < len(parts.parts):
                continue  # a solution that cannot be written as students write it
            upload = folder / what
            for part in parts:
                path = upload / part.config.submission
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(files[part.name])
            outcome = platform.run(upload, default_metadata(parts), _SECONDS)
            score = outcome.results.get("score")
            if outcome.error or score is None or abs(score - expected) > 1e-6:
                found = outcome.error or f"{score} marks"
                yield f"{what}: expected {expected:g} marks, found {found}"
