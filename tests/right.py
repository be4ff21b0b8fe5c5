"""A right submission: the bundled solution or, for an assignment without one, the file that is derived from its model."""

import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOLUTION = ROOT / "solutions" / "gradients.py"


def _derived() -> bytes:
    from grader.config.load import load_config
    from grader.problem.assignment import load_assignment

    reference = load_assignment(load_config(ROOT / "config.yaml"), ROOT, with_solution=True).reference
    assert reference is not None
    return reference.source


def _file() -> Path:
    if SOLUTION.is_file():
        return SOLUTION
    path = Path(tempfile.mkdtemp(prefix="right-")) / "gradients.py"
    path.parent.chmod(0o755)
    path.write_bytes(_derived())
    return path


RIGHT_FILE = _file()
