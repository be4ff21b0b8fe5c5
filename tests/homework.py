"""A homework of two parts, made of two of the assignments in tests/courses, and the submissions of a small class."""

import shutil
from pathlib import Path

from conftest import ROOT

from grader.config.load import load_config
from grader.newassignment.stubs_text import stubs

COURSES = ROOT / "tests" / "courses"
PARTS = {"logistic": ("logistic_1d", "part1.py"), "softmax": ("softmax_labels", "part2.py")}
SEED = "5eed5eed5eed5eed5eed5eed5eed5eed"
CONFIG = """\
title: Homework 3
parts:
  - {name: logistic, config: logistic/config.yaml}
  - {name: softmax, config: softmax/config.yaml}
"""
LOGISTIC, SOFTMAX = COURSES / "logistic_1d", COURSES / "softmax_labels"
ONE_WRONG = LOGISTIC / "sum.db_failed.dw_passed.py"
ROOT_WRONG = SOFTMAX / "not_divided.dscores_failed.dW_followed.db_followed.py"
RIGHT = {"part1.py": LOGISTIC / "right.all_passed.py", "part2.py": SOFTMAX / "right.all_passed.py"}
CLASS = {
    "ann": RIGHT,
    "bob": {"part1.py": ONE_WRONG},
    "cem": {"part1.py": ONE_WRONG, "part2.py": ROOT_WRONG},
}


def write_homework(folder: Path, *, keys: str = "") -> Path:
    """Write it; `keys` are added to the config of each part."""
    for name, (course, submission) in PARTS.items():
        part = folder / name
        (part / "assignment").mkdir(parents=True)
        (part / "solutions").mkdir()
        shutil.copy(COURSES / course / "model.py", part / "assignment" / "model.py")
        shutil.copy(COURSES / course / "right.all_passed.py", part / "solutions" / "gradients.py")
        text = (COURSES / course / "config.yaml").read_text()
        text = text.replace("model: model.py", "model: assignment/model.py")
        text = text.replace("solution: right.all_passed.py", "solution: solutions/gradients.py")
        text += f"submission: {submission}\nsteps: {{seed: '{SEED}'}}\n{keys}"
        (part / "config.yaml").write_text(text)
        (part / "assignment" / submission).write_text(stubs(load_config(part / "config.yaml"), []))
    (folder / "config.yaml").write_text(CONFIG)
    return folder


def write_submissions(folder: Path) -> Path:
    """A folder for each student."""
    for student, files in CLASS.items():
        (folder / student).mkdir(parents=True)
        for name, path in files.items():
            shutil.copy(path, folder / student / name)
    return folder
