"""The sets of wrong submissions: those in tests/blind, written without knowledge of the engine, and those of the gallery."""

from pathlib import Path

from grader.newassignment.gallery.labelled import Case, Fault
from grader.newassignment.gallery.labelled import read_cases as read_folder

__all__ = ["BLIND", "CONFIGS", "GALLERY", "OF_GALLERY", "Case", "Fault", "read_cases"]

ROOT = Path(__file__).resolve().parents[1]
BLIND = ROOT / "tests" / "blind"
CONFIGS = {
    "bundled": ROOT / "config.yaml",
    "minibatch": BLIND / "minibatch/config.yaml",
    "bptt": BLIND / "bptt/config.yaml",
}
GALLERY = {path.parent.name: path for path in sorted((ROOT / "gallery").glob("*/config.yaml"))}
# As sets: gallery/NAME where a set of tests/blind has the same name.
OF_GALLERY = {f"gallery/{name}" if name in CONFIGS else name: path for name, path in GALLERY.items()}


def read_cases(name: str) -> list[Case]:
    """The cases of a set, by the format in tests/blind/README.md."""
    return read_folder(OF_GALLERY[name].parent if name in OF_GALLERY else BLIND / name)
