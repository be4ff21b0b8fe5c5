"""The packages of a homework: what students get, and the zip for Gradescope.  Each part has a folder of its name in them."""

from collections.abc import Mapping
from pathlib import PurePosixPath

import yaml

from grader.grading.grader import Grader
from grader.packaging.archive import zip_bytes
from grader.packaging.gradescope.bundle import PROGRAMS, assignment_files, with_programs
from grader.packaging.handout.handout import PYTEST, handout_files, requirements_text, with_grader
from grader.packaging.handout.readme import SET_UP, submit, these_functions
from grader.packaging.soundness import refuse_unsound
from grader.parts.parts import Part, Parts

_CONFIG = "config.yaml"
_REQUIREMENTS = "requirements.txt"
_SET_UP_ABOVE = "Install the grader once, in the folder of the homework: its [README.md]({}README.md) says how."
_SUBMIT_TOGETHER = "Write {} in `{}`, and submit it together with the files of the other parts."


def build_handout_of(parts: Parts, *, force: bool = False, github: bool = False) -> bytes:
    """The zip that students get; the same homework and the same grader give the same bytes.

    Args:
        force: pack unsound parts, too.
        github: with a workflow that checks each push.

    Raises:
        GraderError: a part is not sound or lacks a file, or a part of its solution would be in the zip.
    """
    files: dict[str, bytes] = {}
    for part in parts:
        grader = Grader(part.path)
        inside = handout_files(grader)
        if not force:
            refuse_unsound(grader)
        del inside[_REQUIREMENTS]  # the grader is installed once
        files |= _below(part, {name: _of_several(part, name, data) for name, data in inside.items()})
    files |= {
        _CONFIG: _declared(parts, handout=True),
        "README.md": _readme(parts).encode(),
        _REQUIREMENTS: requirements_text().encode(),
        "pytest.ini": _pytest(parts).encode(),
    }
    return with_grader(files, github=github)


def build_autograder_of(parts: Parts, *, force: bool = False) -> bytes:
    """The zip for Gradescope; the same homework and the same grader give the same bytes.

    Raises:
        GraderError: a part is not sound, or one of its files lies outside its folder.
    """
    files: dict[str, bytes] = {}
    for part in parts:
        files |= _below(part, assignment_files(Grader(part.path), force=force))
    files[_CONFIG] = _declared(parts)
    return zip_bytes(with_programs(files), PROGRAMS)


def _of_several(part: Part, name: str, data: bytes) -> bytes:
    """A file of a part; a text for students says where the whole homework is installed and submitted."""
    if not name.endswith(".md"):
        return data
    together = _SUBMIT_TOGETHER.format(these_functions(part.config), part.config.submission)
    text = data.decode().replace(SET_UP, _SET_UP_ABOVE.format("../" * len(PurePosixPath(name).parts)))
    return text.replace(submit(part.config), together).encode()


def _below(part: Part, files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {str(PurePosixPath(part.name, name)): data for name, data in files.items()}


def _declared(parts: Parts, *, handout: bool = False) -> bytes:
    """The config of the homework, for parts that are in folders of their names."""
    declared = [{"name": part.name, "config": f"{part.name}/{_CONFIG}"} for part in parts]
    data = {"title": parts.title, "parts": declared, **({"handout": True} if handout else {})}
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True).encode()


def _pytest(parts: Parts) -> str:
    """The parts' tests have the same names of files."""
    folders = " ".join(part.name for part in parts)
    return PYTEST.replace("addopts =", "addopts = --import-mode=importlib").replace(
        "testpaths = test_gradients.py", f"testpaths = {folders}"
    )


def _readme(parts: Parts) -> str:
    rows = [
        f"| [{part.name}]({part.name}) | {_cell(part.config.title)} | `{part.config.submission}` |"
        f" {part.config.max_score:g} |"
        for part in parts
    ]
    files = " and ".join(f"`{part.config.submission}`" for part in parts)
    first = parts.parts[0]
    return f"""\
# {parts.title}

This homework has {len(parts.parts)} parts. Each has a folder, which says what to do, and a file to fill in.

| part | | file to submit | marks |
|---|---|---|---|
{chr(10).join(rows)}
| | | **total** | **{parts.max_score:g}** |

Submit the files together: {files}, without their folders or with them. A part whose file is missing earns no marks.

## Try it at home

{SET_UP}

Then check your work as often as you like:

```sh
grader check            # all parts
grader check {first.name}/{first.config.submission}
pytest                  # the same checks, as tests
```

In the folder of a part, the same commands check that part.
"""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
