"""What an instructor would write without this project: steps, right answers and finite differences in one file.

Used by both peers, so that they do the same work as the grader's checks: four steps, eight gradients, three checks.
"""

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "assignment"), str(ROOT / "solutions")]
import model  # noqa: E402

NAMES = {
    "dJ_db2": "b2", "dJ_dU": "U", "dJ_dh": "h", "dJ_db1": "b1", "dJ_dL_x": "e", "dJ_dI": "I", "dJ_dH": "H", "dJ_dh_prev": "h_prev"
}  # fmt: skip


def points():
    random = np.random.default_rng(1)
    for V, d, Dh in ((11, 5, 7), (13, 6, 8), (9, 4, 6), (11, 5, 7)):
        s = SimpleNamespace(
            L=random.normal(size=(V, d)), x=1, y=np.eye(V)[[0]], h_prev=random.uniform(0.1, 0.9, (1, Dh)),
            H=random.normal(size=(Dh, Dh)) / 2, I=random.normal(size=(d, Dh)) / 2, b1=random.normal(size=(1, Dh)),
            U=random.normal(size=(Dh, V)), b2=random.normal(size=(1, V)),
        )  # fmt: skip
        s.e = s.L[[s.x]]
        forward(s)
        yield s


def forward(s, frozen=""):
    """Everything that the model computes, with one quantity left as it is; returns the loss."""
    if frozen != "h":
        s.z = model.z(s.h_prev, s.H, s.e, s.I, s.b1)
        s.h = model.h(s.z)
    s.y_hat = model.y_hat(s.h, s.U, s.b2)
    return float(model.J(s.y, s.y_hat))


def numeric(s, of, t=1e-5):
    """Central differences, an entry at a time, as in every course."""
    point = getattr(s, of)
    gradient = np.zeros_like(point)
    for index in np.ndindex(point.shape):
        losses = []
        for sign in (1, -1):
            moved = SimpleNamespace(**vars(s))
            changed = point.copy()
            changed[index] += sign * t
            setattr(moved, of, changed)
            losses.append(forward(moved, of))
        gradient[index] = (losses[0] - losses[1]) / (2 * t)
    return gradient


def check(answer, s, name):
    import gradients as _  # noqa: F401, the student's module, already imported by the peers

    of = NAMES[name]
    assert answer.shape == getattr(s, of).shape
    truth = numeric(s, of)
    assert np.linalg.norm(answer - truth) <= 1e-6 * max(np.linalg.norm(answer), np.linalg.norm(truth))
