"""A class for measuring: right, wrong and hostile submissions, mixed, none two alike.  The same class every time."""

import random
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOLUTION = (ROOT / "solutions" / "gradients.py").read_text()

# What students get wrong, as a change of the solution's text.
MISTAKES = [
    ("s.y_hat - s.y", "s.y - s.y_hat"),
    ("s.h.T @ dJ_db2(s)", "s.h.T @ s.y_hat"),
    ("s.U.T", "s.U.T * 2"),
    ("s.h * (1 - s.h)", "s.h"),
    ("s.h * (1 - s.h)", "(1 - s.h ** 2)"),
    ("s.e.T @ dJ_db1(s)", "s.h_prev.T @ dJ_db1(s)"),
    ("s.h_prev.T @ dJ_db1(s)", "s.h_prev.T @ s.h"),
    ("s.H.T", "s.H"),
    ("s.I.T", "s.I"),
]
HOSTILE = [
    "import os\nos._exit(0)\n",
    "raise SystemExit\n",
    "open('/etc/passwd').read()\n",
    "import socket\nsocket.socket()\n",
    "def dJ_db2(s): return [[1] * 10 ** 5] * 2\n",
    "x = 'a' * 10 ** 10\n",
    "def dJ_dU(s): return s.U * float('nan')\n",
    "import numpy as np\ndef dJ_db2(s): return np.zeros((10 ** 4, 100))\n",
    "print('x' * 10 ** 6)\n" + SOLUTION,
    "def f(:\n",
    "def dJ_dh(s): return dJ_dh(s)\n",
    "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n",
]
LOOPS = "def dJ_db2(s):\n    while True: pass\n"


def submission(number: int, loops: bool = False) -> str:
    """Of every twenty ten are right, eight wrong in one or two places, two hostile; with `loops` one in a hundred never ends."""
    chance = random.Random(number)
    mark = f"_submission = {number}\n"
    if loops and number % 100 == 50:
        return mark + LOOPS
    kind = number % 20
    if kind < 10:
        return mark + SOLUTION
    if kind >= 18:
        return mark + chance.choice(HOSTILE)
    text = SOLUTION
    for old, new in chance.sample([mistake for mistake in MISTAKES if mistake[0] in SOLUTION], 1 + number % 2):
        text = text.replace(old, new)
    return mark + text


def write(folder: Path, count: int, loops: bool = False) -> Path:
    for number in range(count):
        path = folder / f"s{number:05}" / "gradients.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(submission(number, loops))
    return folder


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]), loops=True)
