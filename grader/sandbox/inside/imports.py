"""Inside the zygote and its children: what a student's code may import, and a helpful message about everything else."""

import contextlib
import importlib
import os
import sys
import types

from grader.sandbox.shared.importable import BY_WORD

EXPLAINING = "grader.sandbox.inside.exceptions"
_FIND_FILES = ("PathFinder", "WindowsRegistryFinder")
MESSAGE = (
    "{name} is not available here: use numpy, `model`, and those parts of Python's standard library"
    " that need no files, network or other programs"
)


def preload(names):
    """Import modules while files can still be read; those that this Python does not have are left out."""
    for name in names:
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def load_model(path):
    """The assignment's model as the module `model`, for `from model import sigmoid`.  It is public: students have it."""
    with open(path, "rb") as file:
        source = file.read()
    module = types.ModuleType("model")
    module.__file__ = "model.py"
    exec(compile(source, "model.py", "exec", dont_inherit=True), module.__dict__)
    sys.modules["model"] = module


def forget_paths(*folders):
    """Find nothing in these folders from here on; what is loaded stays, and numpy still finds its own parts."""
    sys.path[:] = [entry for entry in sys.path if entry not in folders]


def forget_own():
    """The grader's own modules by name, which from here on nothing can import: in a child this would copy many pages."""
    own = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "grader"}
    for name in own:
        del sys.modules[name]
    return own


def load_explaining(own, *folders):
    """Load what explains failures, while the grader's own files can still be read; good submissions never need it.

    Afterwards `sys.modules` is as it was: a file finds the same modules, whether one before it has failed or not.

    Args:
        own: the grader's own modules that are loaded already, by name.
        folders: where this package and numpy are.
    """
    before = dict(sys.modules)
    sys.modules.update(own)
    sys.path[:0] = folders
    explaining = importlib.import_module(EXPLAINING)
    del sys.path[: len(folders)]
    sys.modules.clear()
    sys.modules.update(before)
    return explaining


def loader(words, numpy_folder):
    """A function for the file's own child that imports the modules that the file mentions; None where there are none."""
    names = [name for word in words for name in BY_WORD[word] if name not in sys.modules]
    if not names:
        return None

    def load():
        sys.path.append(numpy_folder)
        preload(names)
        sys.path.pop()

    return load


def close_all_but(*keep):
    """Only `keep` stays open, and 0, 1 and 2, which lead nowhere: 0 and 1 have been /dev/null from the start."""
    os.dup2(1, 2)
    low = 3
    for fd in sorted(keep):
        os.closerange(low, fd)
        low = fd + 1
    os.closerange(low, 4096)


def forget_machine():
    """In a child: hide from a student's code what Python knows of this machine, and of how it was started."""
    sys.argv[:] = ["gradients.py"]
    sys.orig_argv[:] = ["python", "gradients.py"]
    sys.executable = sys._base_executable = ""
    sys.prefix = sys.exec_prefix = sys.base_prefix = sys.base_exec_prefix = "/"
    sys.modules["__main__"] = types.ModuleType("__main__")
    for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"):
        os.environ.pop(name, None)
    sys.path.clear()


def seal():
    """In a child: refuse every module that is not loaded or built in."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if finder.__name__ not in _FIND_FILES]
    sys.meta_path.append(NotHere())


class NotHere:
    """The last finder: what reaches it does not exist for a student's file."""

    __name__ = "NotHere"

    def find_spec(self, name, path=None, target=None):
        raise ModuleNotFoundError(MESSAGE.format(name=name), name=name)
