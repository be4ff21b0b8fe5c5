"""Which file is graded: one rule for every command, and what students and instructors read about it."""

import io
import json
import subprocess
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec
import pytest
import warm
from classroom import FLIPPED, ROOT, SOLUTION, STUB, tar_bytes, write, zip_bytes
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.config.keys import CHECKS
from grader.config.load import load_config
from grader.errors import GraderError, UnreadableError, UsageError
from grader.inputs.chooser import Choice, choose
from grader.inputs.download import read_download
from grader.inputs.entry import receive
from grader.inputs.kinds import digest
from grader.inputs.submission import read_submission, read_submitted
from grader.output.formats import NAMES, render
from grader.packaging.gradescope.emit import emit
from grader.records.result import CheckResult, Grade, GradientResult

WANTED = "gradients.py"
LIMIT = 256 * 1024
HANDOUT = frozenset([digest(STUB)])
NOTEBOOK = json.dumps(
    {"cells": [{"cell_type": "code", "source": SOLUTION.decode()}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
).encode()
CONFIG = ROOT / "config.yaml"


@dataclass(frozen=True)
class Named:
    path: PurePosixPath
    source: bytes = b"x = 1"
    note: str = ""

    def read(self, size: int) -> bytes:
        return self.source[:size]


def chosen(*names: str) -> str:
    found = choose([Named(PurePosixPath(name), name.encode()) for name in names], WANTED, max_bytes=LIMIT)
    return str(found.file.path) if found.file else " or ".join(str(one.path) for one in found.rivals)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["gradients.py", "gradients (1).py", "gradients.ipynb", "hw3.py"], "gradients.py"),
        (["deep/er/gradients.py", "gradients-2.py"], "deep/er/gradients.py"),
        (["a/gradients.py", "gradients.py"], "gradients.py"),
        (["GRADIENTS.PY", "gradients (4).py"], "GRADIENTS.PY"),
        (["gradients-2.py", "gradients (10).py", "gradients.ipynb"], "gradients (10).py"),
        (["gradients(3).py", "x.py"], "gradients(3).py"),
        (["gradients.ipynb", "hw3.py"], "gradients.ipynb"),
        (["gradients (1).ipynb", "hw3.ipynb"], "gradients (1).ipynb"),
        (["homework3.py", "notes.txt"], "homework3.py"),
        (["homework3.py", "homework3.ipynb"], "homework3.py"),
        (["homework3.ipynb", "notes.txt"], "homework3.ipynb"),
        (["a.py", "b.py"], "a.py or b.py"),
        (["a/gradients.py", "b/gradients.py"], "a/gradients.py or b/gradients.py"),
        (["gradients.txt", "gradients.py.txt"], ""),
        (["mygradients.py", "gradients_old.py"], "gradients_old.py or mygradients.py"),
    ],
)
def test_the_order_in_which_files_are_taken(names, expected):
    assert chosen(*names) == expected
    assert chosen(*reversed(names)) == expected


def test_the_only_file_is_not_read_to_be_chosen():
    class Never(Named):
        def read(self, size: int) -> bytes:
            raise AssertionError

    assert choose([Never(PurePosixPath(WANTED))], WANTED, max_bytes=LIMIT, handout=HANDOUT).file


@pytest.mark.parametrize(
    "stub",
    [
        STUB,
        STUB.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + STUB,
        STUB.replace(b"\n", b"  \n"),
        STUB + b"\n\n",
        b"# Ann Lee, group 3\n\n" + STUB,
    ],
    ids=["as it is", "CRLF", "byte order mark", "trailing spaces", "empty lines", "a name above it"],
)
@pytest.mark.parametrize("other", ["gradients.ipynb", "gradients (1).py", "homework3.py", "old/gradients.py"])
def test_work_beside_the_untouched_stub_is_the_submission(stub, other):
    files = [Named(PurePosixPath(WANTED), stub), Named(PurePosixPath(other), SOLUTION)]
    found = choose(files, WANTED, max_bytes=LIMIT, handout=HANDOUT)
    assert found.file == files[1]
    assert found.note == f"{other} was graded: gradients.py is the unchanged file from the handout"


@pytest.mark.parametrize(("same", "more"), [(8, 1), (19, 1), (150, 1), (150, 0)])
def test_many_files_at_one_depth_are_all_compared_or_none_is_graded(same, more):
    contents = [b"x = 1"] * same + [b"x = 2"] * more
    files = [Named(PurePosixPath(f"s{i:03}/{WANTED}"), content) for i, content in enumerate(contents)]
    assert choose(files, WANTED, max_bytes=LIMIT).file is None


def test_many_equal_files_at_one_depth_are_one():
    files = [Named(PurePosixPath(f"s{i:03}/{WANTED}")) for i in range(30)]
    assert choose(files, WANTED, max_bytes=LIMIT) == Choice(files[0])


def test_all_files_between_which_a_person_has_to_decide_are_counted(tmp_path):
    write(tmp_path, {f"s{i:02}/{WANTED}": b"x = %d" % i for i in range(12)})
    with pytest.raises(UsageError, match=r"found s00/gradients.py, .*, s03/gradients.py and 8 more"):
        read_submission(tmp_path, WANTED, LIMIT)


def test_what_this_machine_cannot_read_is_a_failure_and_not_a_submission_without_a_file(tmp_path, monkeypatch):
    def denied(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("grader.inputs.archives.read_folder", denied)  # root may read everything
    for read in (read_submission, read_submitted):
        with pytest.raises(GraderError, match="cannot be read: Permission denied") as found:
            read(tmp_path, WANTED, LIMIT)
        assert found.type is GraderError


def test_a_stub_with_one_more_line_is_work():
    files = [Named(PurePosixPath(WANTED), STUB + b"x = 1\n"), Named(PurePosixPath("gradients.ipynb"), NOTEBOOK)]
    found = choose(files, WANTED, max_bytes=LIMIT, handout=HANDOUT)
    assert found.file == files[0]
    assert found.note == "gradients.py was graded, not gradients.ipynb: a .py file comes before a notebook"


def test_between_two_equal_copies_at_the_same_depth_there_is_nothing_to_decide():
    files = [Named(PurePosixPath(f"{folder}/{WANTED}"), SOLUTION) for folder in ("HW3 copy", "HW3")]
    found = choose(files, WANTED, max_bytes=LIMIT)
    assert (found.file, found.note) == (files[0], "")


def test_a_stub_alone_is_graded_and_named():
    files = [Named(PurePosixPath(WANTED), STUB), Named(PurePosixPath("a.py")), Named(PurePosixPath("b.py"))]
    found = choose(files, WANTED, max_bytes=LIMIT, handout=HANDOUT)
    assert found.file == files[0]
    assert found.note.startswith(
        "gradients.py is the unchanged file from the handout; gradients.py was graded, not a.py and b.py"
    )


def test_renamed_files_of_the_handout_are_still_a_submission():
    files = [Named(PurePosixPath(name), STUB) for name in ("hw3.py", "hw4.py", "hw3.ipynb")]
    found = choose(files, WANTED, max_bytes=LIMIT, handout=HANDOUT)
    assert (found.file, found.untouched, found.rivals) == (None, True, (files[0], files[1]))
    found = choose(files[::2], WANTED, max_bytes=LIMIT, handout=HANDOUT)
    assert (found.file, found.untouched) == (files[0], True)


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["gradients.py", "old/gradients.py"], "it is in fewer folders"),
        (["gradients.py", "gradients-1.py"], "it has the right name"),
        (["gradients-2.py", "gradients-1.py"], "it has the highest number"),
        (["gradients.py", "gradients.ipynb"], "a .py file comes before a notebook"),
    ],
)
def test_the_note_names_the_file_that_differs_and_gives_the_reason(names, why):
    files = [Named(PurePosixPath(name), name.encode()) for name in names]
    assert choose(files, WANTED, max_bytes=LIMIT).note == f"{names[0]} was graded, not {names[1]}: {why}"
    same = [Named(PurePosixPath(name), b"x = 1\n") for name in names]
    assert choose(same, WANTED, max_bytes=LIMIT).note == ""


PIECES = st.sampled_from(["gradients", "gradients-2", "gradients (1)", "Gradients", "hw3", "test_gradients"])
PATHS = st.builds(
    "{}{}{}".format, st.sampled_from(["", "a/", "b/", "a/c/"]), PIECES, st.sampled_from([".py", ".ipynb"])
)


@settings(max_examples=20, deadline=None)
@given(st.dictionaries(PATHS, st.sampled_from([SOLUTION, FLIPPED, STUB]), min_size=1, max_size=4))
def test_grade_and_batch_take_the_same_file_from_folders_zips_and_tars(content):
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        write(top / "class" / "ann", content)
        write(top / "class", {"bob.zip": zip_bytes(content), "cy.tgz": tar_bytes(*content.items()), "dee/x.txt": b""})
        write(top / "class", {"eve/work.tar": tar_bytes(*content.items(), mode="w")})
        download = read_download(top / "class", WANTED)
        found = {e.key: receive(e, WANTED, LIMIT, [], HANDOUT) for e in download.entries}
        for key, path in {"ann": "ann", "bob": "bob.zip", "cy": "cy.tgz", "eve": "eve"}.items():
            try:
                alone = read_submission(top / "class" / path, WANTED, LIMIT, HANDOUT)
            except UsageError:
                assert found[key].source is None
                assert found[key].kind == "unreadable"
                continue
            assert alone.source == found[key].source == found["ann"].source
            assert found[key].name.endswith(alone.name)
            assert bool(alone.note) == bool(found[key].note)


def test_an_archive_that_could_not_be_read_is_named_in_the_note(tmp_path):
    write(tmp_path, {"gradients.py": SOLUTION, "newer.rar": b"Rar!"})
    note = read_submission(tmp_path, WANTED, LIMIT).note
    assert note == "newer.rar was not read: .rar archives are not read: submit the file itself, or a .zip"


def test_of_thousands_of_candidates_only_a_few_are_read():
    reads = []

    class Counted(Named):
        def read(self, size: int) -> bytes:
            reads.append(self.path)
            return STUB

    files = [Counted(PurePosixPath(f"{'d/' * (i % 7)}{i}/gradients.py")) for i in range(1000)]
    files += [Counted(PurePosixPath(f"{i}.py")) for i in range(1000)]
    choose(files, WANTED, max_bytes=LIMIT, handout=HANDOUT)
    assert len(reads) < 50


def test_of_several_entries_of_one_name_the_last_counts_and_a_note_explains_it(tmp_path):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, body in [("gradients.py", FLIPPED), ("./gradients.py", STUB), ("gradients.py", SOLUTION)]:
            with pytest.warns(UserWarning, match="Duplicate") if body == SOLUTION else open(tmp_path / "nothing", "w"):
                archive.writestr(name, body)
    write(tmp_path / "class", {"ann.zip": data.getvalue(), "bob/gradients.py": SOLUTION})
    entry = next(e for e in read_download(tmp_path / "class", WANTED).entries if e.key == "ann")
    alone = read_submission(tmp_path / "class" / "ann.zip", WANTED, LIMIT)
    listed = receive(entry, WANTED, LIMIT, [])
    assert alone.source == listed.source == SOLUTION
    assert alone.note == "gradients.py is in the archive 3 times; the last one was graded"
    assert listed.note == "ann.zip/gradients.py is in the archive 3 times; the last one was graded"


@pytest.mark.parametrize("name", ["hw3.7z", "hw3.rar", "hw3.tar.xz", "hw3.tar.bz2", "gradients.py.gz"])
@pytest.mark.parametrize("beside", [{}, {"gradients.py": STUB}], ids=["alone", "beside the stub"])
def test_an_archive_that_is_not_read_is_unreadable_and_never_missing(name, beside, tmp_path):
    write(tmp_path, {f"ann/{name}": b"whatever", "bob/gradients.py": SOLUTION, name: b"x"})
    write(tmp_path / "ann", beside)
    found = {e.key: receive(e, WANTED, LIMIT, [], HANDOUT) for e in read_download(tmp_path, WANTED).entries}
    assert found["ann"].kind == "unreadable"
    assert name in found["ann"].problem
    assert found["gradients.py" if "py" in name else "hw3"].kind == "unreadable"


# --- in the commands ----------------------------------------------------------------------------------------------


def test_the_note_is_in_the_json_in_the_terminal_and_at_home(grader, tmp_path):
    write(tmp_path, {"gradients.py": STUB, "gradients.ipynb": NOTEBOOK})
    note = "gradients.ipynb was graded: gradients.py is the unchanged file from the handout"
    done = grader("grade", tmp_path, "--json", "--config", CONFIG)
    assert done.returncode == 0
    assert json.loads(done.stdout)["notes"] == [note]
    for command in (["grade", tmp_path], ["check"]):
        shown = grader(*command, "--config", CONFIG, cwd=tmp_path)
        assert (shown.returncode, f"note: {note}" in " ".join(shown.stdout.split())) == (0, True), shown.stdout


@pytest.mark.parametrize("name", NAMES)
def test_the_note_is_in_every_format(name):
    config = load_config(CONFIG)
    checks = [CheckResult(check, "passed", 1.0, 1.0) for check in CHECKS]
    gradients = [GradientResult(one.name, 3.0, 3.0, "passed", checks) for one in config.gradients]
    grade = Grade(
        1, "a.py", "graded", 24.0, 24.0, gradients, notes=["a.py was graded, not b.py: it is in fewer folders"]
    )
    assert "it is in fewer folders" in render(name, grade, config)
    assert "it is in fewer folders" not in render(name, msgspec.structs.replace(grade, notes=[]), config)
    assert "it is in fewer folders" in emit(grade, config, {}, {})["output"]


def test_the_note_is_in_the_feedback_and_in_the_table(tmp_path):
    write(tmp_path / "class", {"gus/gradients.py": STUB, "gus/gradients.ipynb": NOTEBOOK, "ann/homework3.py": SOLUTION})
    command = [str(warm.GRADER), "batch", "class", "--out", "out", "--jobs", "1"]
    done = subprocess.run([*command, "--config", CONFIG], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "out" / "feedback" / "gus.md").read_text()
    assert "Note: gradients.ipynb was graded: gradients.py is the unchanged file from the handout." in page
    assert "Marks: 100 of 100" in page
    assert "homework3.py was graded as gradients.py" in (tmp_path / "out" / "feedback" / "ann.html").read_text()
    assert "gradients.py is the unchanged file from the handout" in (tmp_path / "out" / "grades.csv").read_text()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/gradients.py", "an absolute path"),
        ("../gradients.py", "a path with .."),
        ("d/" * 40 + "gradients.py", "its path is too long or too deep"),
    ],
)
def test_a_refused_name_is_reported_if_there_is_nothing_else(name, reason, tmp_path):
    write(tmp_path, {"hw.zip": zip_bytes({name: SOLUTION})})
    with pytest.raises(UnreadableError, match=f"no readable gradients.py: {name[:20]}.*: {reason}"):
        read_submission(tmp_path / "hw.zip", WANTED, LIMIT)
