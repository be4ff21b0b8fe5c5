"""Times of submissions that the download does not say: tables that people have, and the commits of clones."""

import csv
import os
import subprocess
from pathlib import Path

import pytest
from classroom import SOLUTION, write
from test_ledger import regrade, table
from test_results_folder import RIGHT, WRONG, fill

from grader.classroom.exports.results import grades_csv
from grader.classroom.marks.entry_tables import submitted
from grader.classroom.marks.recording import Wish, record_all
from grader.classroom.marks.time_tables import read_times
from grader.classroom.store.query import Results
from grader.classroom.store.store import Store
from grader.errors import UsageError
from grader.inputs.download import read_download
from grader.inputs.entry import Entry, Received, person


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return fill(tmp_path / "results", {"ann": WRONG, "bob": RIGHT})


def record(folder: Path, path: Path, column: str = "") -> tuple[int, int]:
    with Results(folder) as results:
        wishes = read_times(path, results, "kim", column)
    entries, again = record_all(folder, wishes)
    return len(entries), again


def known(folder: Path) -> dict[str, str]:
    with Results(folder) as results:
        rows = csv.DictReader(grades_csv(results).decode("utf-8-sig").splitlines())
        return {row["student"]: row["submitted_at"] for row in rows}


HEAD = "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,Last modified (submission),X"


def test_a_table_of_times_is_recorded_once_and_the_newest_time_counts(folder: Path, tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", "student,submitted,because", "ann,2026-10-02 11:58,by e-mail", "bob,,", "zoe,-,")
    assert record(folder, path) == (1, 0)
    assert record(folder, path) == (0, 1)
    assert known(folder) == {"ann": "2026-10-02 11:58", "bob": ""}
    record_all(folder, [Wish(submitted("ann", "lee", at="2026-10-03 09:00"))])
    assert record(folder, path) == (1, 0), "it is not what counts any more"
    assert known(folder)["ann"] == "2026-10-02 11:58"


def test_a_time_belongs_to_the_file_that_was_there(folder: Path) -> None:
    record_all(folder, [Wish(submitted("ann", "kim", at="2026-10-02 11:58"))])
    regrade(folder, ann=RIGHT)
    assert known(folder)["ann"] == "2026-10-02 11:58"
    with Store(folder, create=False) as store:
        store.receive(Entry("ann", [person("ann")], []), Received("gradients.py", b"another", "", ""))
    assert known(folder)["ann"] == ""


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["student,submitted", "ann,2/10/2026 11:58"], "t.csv, row 2: expected a time, such as "),
        (["student,submitted", "ann,"], "t.csv: expected times of submissions, found none"),
        (["student,submited", "ann,2026-10-02"], "no column submited: expected student, submitted, because"),
        (["student,submitted", "zoe,2026-10-02"], "t.csv, row 2: "),
        (
            [HEAD, 'Participant 7,Zoe,z@x,,,20,Yes,"2026-10-02 11:58",'],
            "found none in rows that certainly are a student's",
        ),
        (["name,when", "ann,2026-10-02"], "expected a grading worksheet of Moodle with a column 'Last modified"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(folder: Path, tmp_path: Path, rows: list[str], message: str) -> None:
    with pytest.raises(UsageError) as error:
        record(folder, table(tmp_path / "t.csv", *rows))
    assert message in str(error.value)
    assert known(folder) == {"ann": "", "bob": ""}


def test_moodles_worksheet_is_read_as_it_is(tmp_path: Path) -> None:
    """Rows are matched by participant number, never by a name that two people have."""
    with Store(tmp_path / "results", create=True) as store:
        for number in ("7", "8", "9"):
            who = person(f"Ann Lee_{number}", "Ann Lee", moodle=number)
            store.receive(Entry(number, [who], []), Received("g.py", number.encode(), "", ""))
    rows = [
        'Participant 7,Ann Lee,a@x,Submitted,,20,Yes,"Friday, 2 October 2026, 11:58 PM",',
        'Participant 8,Ann Lee,b@x,Submitted,,20,Yes,"Saturday, October 3, 2026, 9:05 AM",',
        "Participant 9,Ann Lee,c@x,No submission,,20,Yes,-,",
        'Participant 10,Ann Lee,d@x,Submitted,,20,Yes,"Sunday, 4 October 2026, 9:05 AM",',
    ]
    path = tmp_path / "w.csv"
    path.write_bytes(("\r\n".join([HEAD, *rows]) + "\r\n").encode("utf-8-sig"))
    assert record(tmp_path / "results", path) == (2, 0)
    assert known(tmp_path / "results") == {
        "Ann Lee_7": "Friday, 2 October 2026, 11:58 PM",
        "Ann Lee_8": "Saturday, October 3, 2026, 9:05 AM",
        "Ann Lee_9": "",
    }
    path.write_text(path.read_text().replace("Last modified (submission)", "Zuletzt geändert (Abgabe)"))
    assert record(tmp_path / "results", path, "Zuletzt geändert (Abgabe)") == (0, 2)


def test_who_submitted_nothing_has_no_time(folder: Path) -> None:
    with Store(folder, create=False) as store:
        store.receive(Entry("zoe", [person("zoe")], []), Received("", None, "missing", "found nothing"))
    with pytest.raises(UsageError, match="zoe submitted nothing"):
        record_all(folder, [Wish(submitted("zoe", "kim", at="2026-10-02"))])


# --- clones -------------------------------------------------------------------------------------------------------------


def git(repository: Path, *arguments: str, **environment: str) -> None:
    settings = ["-c", "user.name=Ann > 1 +0000", "-c", "user.email=ann@x", "-c", "commit.gpgSign=false"]
    variables = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", **environment}
    subprocess.run(["git", *settings, *arguments], cwd=repository, check=True, capture_output=True, env=variables)


def committed(folder: Path, name: str, at: str, body: bytes = SOLUTION) -> Path:
    """A repository with one commit."""
    repository = write(folder / name, {"work/gradients.py": body})
    git(repository, "init", "-b", "main")
    git(repository, "add", ".")
    git(repository, "commit", "-m", "done\n\ncommitter x <y> 1 +0000", GIT_COMMITTER_DATE=at)
    return repository


def times(folder: Path) -> dict[str, str]:
    return {entry.key: entry.submitted_at for entry in read_download(folder, "gradients.py").entries}


@pytest.fixture
def clones(tmp_path: Path) -> Path:
    return tmp_path / "hw1-submissions"


def test_a_clone_has_the_time_of_its_commit_with_the_zone(clones: Path) -> None:
    loose = committed(clones, "hw1-ann", "2026-10-02T11:58:00+0200")
    packed = committed(clones, "hw1-bob", "2026-10-02T23:30:00-0330")
    git(packed, "gc")
    git(packed, "pack-refs", "--all")
    detached = committed(clones, "hw1-chi", "2026-10-01T10:00:00+0000")
    (detached / "work" / "gradients.py").write_bytes(b"later")
    git(detached, "commit", "-am", "later", GIT_COMMITTER_DATE="2026-10-09T10:00:00+0000")
    git(detached, "checkout", "HEAD~1")
    write(clones, {"hw1-dana/gradients.py": SOLUTION, "hw1-eve/gradients.py": SOLUTION, "hw1-eve/.git/HEAD": b"none"})
    assert not (loose / ".git" / "packed-refs").exists()
    assert times(clones) == {
        "hw1-ann": "2026-10-02T11:58:00+02:00",
        "hw1-bob": "2026-10-02T23:30:00-03:30",
        "hw1-chi": "2026-10-01T10:00:00+00:00",
        "hw1-dana": "",
        "hw1-eve": "",
    }


def test_nothing_in_a_clone_is_run_or_followed(clones: Path, tmp_path: Path) -> None:
    """Its settings are a student's, and git would start what they name; its references may lead anywhere."""
    hostile = committed(clones, "hw1-ann", "2026-10-02T11:58:00+0200")
    command = f"touch {tmp_path}/run"
    for key in ("core.fsmonitor", "core.pager", "core.sshCommand", "alias.cat-file", "gpg.program", "core.hooksPath"):
        git(hostile, "config", key, f"!{command}" if key.startswith("alias") else command)
    git(hostile, "config", "log.showSignature", "true")
    for name, head in (("bob", "ref: refs/heads/../../../secret"), ("chi", "ref: refs/heads/x"), ("dan", "--help")):
        one = committed(clones, f"hw1-{name}", "2026-10-02T11:58:00+0200")
        (one / ".git" / "HEAD").write_text(head + "\n")
    (clones / "hw1-chi" / ".git" / "refs" / "heads" / "x").symlink_to(clones / "hw1-ann" / ".git" / "refs/heads/main")
    huge = committed(clones, "hw1-eve", "2026-10-02T11:58:00+0200")
    (huge / "message").write_text("x" * 2**17)
    git(huge, "commit", "--allow-empty", "-F", "message")
    pipe = committed(clones, "hw1-fay", "2026-10-02T11:58:00+0200")
    (pipe / ".git" / "HEAD").unlink()
    os.mkfifo(pipe / ".git" / "HEAD")
    found = times(clones)
    assert found.pop("hw1-ann") == "2026-10-02T11:58:00+02:00"
    assert set(found.values()) == {""}
    assert not (tmp_path / "run").exists()


def test_a_name_with_backslashes_does_not_lead_elsewhere(clones: Path) -> None:
    one = committed(clones, "hw1-ann", "2026-10-02T11:58:00+0200")
    (one / "work" / "gradients.py").rename(one / ("a" + "\\b" * 20 + ".py"))
    committed(clones, "hw1-bob", "2026-10-02T11:58:00+0200")
    assert times(clones) == {"hw1-ann": "", "hw1-bob": "2026-10-02T11:58:00+02:00"}


def test_without_git_the_times_are_unknown(clones: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    committed(clones, "hw1-ann", "2026-10-02T11:58:00+0200")
    monkeypatch.setenv("PATH", "/nowhere")
    assert times(clones) == {"hw1-ann": ""}
