"""Downloads of a class as each platform makes them, generated from one table of students."""

import io
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from right import RIGHT_FILE

ROOT = Path(__file__).parents[1]
SOLUTION = RIGHT_FILE.read_bytes()
STUB = (ROOT / "assignment" / "gradients.py").read_bytes()
FLIPPED = SOLUTION.replace(b"s.y_hat - s.y", b"s.y - s.y_hat")


@dataclass(frozen=True)
class Student:
    """One row of the table; `number` is their number on platforms, `files` what they submitted."""

    name: str
    login: str
    number: int
    files: Mapping[str, bytes]
    late: bool = False
    older: bytes = b""

    @property
    def email(self) -> str:
        return f"{self.login}@example.edu"


STUDENTS = [
    Student("Ann Lee", "alee", 1041, {"gradients.py": SOLUTION}),
    Student("Béla Nagy", "bnagy", 1042, {"gradients.py": FLIPPED}, late=True, older=STUB),
    Student("Chi Wu", "cwu", 1043, {"work/gradients.py": SOLUTION, "notes.txt": b"hello"}),
    Student("Dana O'Hara", "dohara", 1044, {}),
]


def files(layout: str, students: list[Student] = STUDENTS) -> dict[str, bytes]:
    """The files of a download by path; a path that ends in / is an empty folder."""
    found: dict[str, bytes] = {}
    for student in students:
        found.update(_WRITERS[layout](student))
    if layout == "gradescope":
        found["assignment_77_export/submission_metadata.yml"] = _gradescope_metadata(students)
    if layout == "brightspace":
        found["index.html"] = b"<html>"
    return found


def write(folder: Path, content: Mapping[str, bytes]) -> Path:
    for name, data in content.items():
        path = folder / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return folder


def zipped(path: Path, content: Mapping[str, bytes]) -> Path:
    path.write_bytes(zip_bytes(content))
    return path


def zip_bytes(content: Mapping[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in content.items():
            archive.writestr(name, body)
    return data.getvalue()


def tar_bytes(*members: tuple[str, bytes], mode: str = "w:gz") -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode=mode) as archive:
        for name, body in members:
            info = tarfile.TarInfo(name)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    return data.getvalue()


def _flat(student: Student) -> dict[str, bytes]:
    """Platforms with flat names: a folder is submitted as a zip."""
    if any("/" in name for name in student.files):
        return {"homework.zip": zip_bytes(student.files)}
    return dict(student.files)


def _folders(student: Student) -> dict[str, bytes]:
    return {f"{student.login}/{name}": body for name, body in student.files.items()} or {f"{student.login}/": b""}


def _files(student: Student) -> dict[str, bytes]:
    return {f"{student.login}{Path(name).suffix}": body for name, body in _flat(student).items()}


def _canvas(student: Student) -> dict[str, bytes]:
    last_first = "".join(c for part in reversed(student.name.split(" ")) for c in part if c.isalnum()).lower()
    late = "_LATE" if student.late else ""
    found = {
        f"{last_first}{late}_{student.number}_70{student.number}_{name}": body for name, body in _flat(student).items()
    }
    if student.older:  # Canvas numbers what is submitted again
        first, again = f"70{student.number}_gradients.py", f"71{student.number}_gradients-1.py"
        return {
            **dict.fromkeys(found, student.older),
            **{name.replace(first, again): body for name, body in found.items()},
        }
    return found or {f"{last_first}_{student.number}_text.html": b"I could not upload my file"}


def _moodle(student: Student) -> dict[str, bytes]:
    folder = f"{student.name}_{student.number}_assignsubmission"
    if not student.files:
        return {f"{folder}_onlinetext/onlinetext.html": b"<p>sorry</p>"}
    return {f"{folder}_file/{name}": body for name, body in student.files.items()}


def _moodle_flat(student: Student) -> dict[str, bytes]:
    return {
        f"{student.name}_{student.number}_assignsubmission_file_{name}": body for name, body in _flat(student).items()
    }


def _blackboard(student: Student) -> dict[str, bytes]:
    def attempt(at: str, content: Mapping[str, bytes]) -> dict[str, bytes]:
        start = f"Homework 3_{student.login}_attempt_{at}"
        return {f"{start}.txt": b"Name: ...", **{f"{start}_{name}": body for name, body in content.items()}}

    older = attempt("2026-10-01-10-00-00", {"gradients.py": student.older}) if student.older else {}
    return {**older, **attempt("2026-10-02-11-59-00", _flat(student))}


def _autolab(student: Student) -> dict[str, bytes]:
    def version(number: int, content: Mapping[str, bytes]) -> dict[str, bytes]:
        return {f"{student.email}_{number}_handin{Path(name).suffix}": body for name, body in content.items()}

    older = version(9, {"gradients.py": student.older}) if student.older else {}
    return {**older, **version(10, _flat(student) or {"notes.txt": b"sorry"})}


def _brightspace(student: Student) -> dict[str, bytes]:
    start = f"{student.number}-88 - {student.name} - Oct 3, 2026 1159 PM"
    older = (
        {f"{student.number}-88 - {student.name} - Oct 2, 2026 905 AM/gradients.py": student.older}
        if student.older
        else {}
    )
    return {**older, **({f"{start}/{name}": body for name, body in student.files.items()} or {f"{start}/": b""})}


def _gradescope(student: Student) -> dict[str, bytes]:
    start = f"assignment_77_export/submission_{student.number}"
    return {f"{start}/{name}": body for name, body in student.files.items()} or {f"{start}/": b""}


def _gradescope_metadata(students: list[Student]) -> bytes:
    lines = []
    for student in students:
        lines += [
            f"submission_{student.number}:",
            "  :submitters:",
            f'  - :name: "{student.name}"',
            f"    :sid: '0{student.number}'",
            f"    :email: {student.email}",
            f"  :created_at: 2026-10-0{4 if student.late else 3} 05:33:12.123456000 Z",
            "  :status: processed",
            "  :results: {tests: []}",
            "  :history:",
            *(["  - :id: 1", "    :score: 0.0"] if student.older else []),
        ]
    return "\n".join(lines).encode()


def _github(student: Student) -> dict[str, bytes]:
    repo = f"hw3-submissions/hw3-{student.login}"
    return {
        f"{repo}/.git/HEAD": b"ref: refs/heads/main",
        **{f"{repo}/{name}": body for name, body in student.files.items()},
    }


def _classroom50(student: Student) -> dict[str, bytes]:
    repo = f"cs1-hw3-{student.login}"
    return {
        f"{repo}/.git/HEAD": b"ref: refs/heads/main",
        **{f"{repo}/{name}": body for name, body in student.files.items()},
    }


_WRITERS = {
    "folders": _folders,
    "files": _files,
    "canvas": _canvas,
    "moodle": _moodle,
    "moodle_flat": _moodle_flat,
    "blackboard": _blackboard,
    "autolab": _autolab,
    "brightspace": _brightspace,
    "gradescope": _gradescope,
    "github": _github,
    "classroom50": _classroom50,
}
LAYOUTS = list(_WRITERS)
