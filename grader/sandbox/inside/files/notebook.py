"""In a child: a notebook as a Python file.  The grader itself never reads one.

Each statement is executed by itself, so that an experiment that fails does not take the gradients with it.
"""

import ast
import json
import re
import sys
import types

from grader.sandbox.inside.files.definitions import needed
from grader.sandbox.inside.files.notebook_cells import Cell
from grader.sandbox.inside.messages import in_words

MAX_SHOWN = 60
# Why a function or a name may be missing: kinds of code that was not executed, the likeliest first.
_ORDER = ("unreadable", "failed", "foreign", "text", "command")


def read(source):
    """The notebook in `source` (bytes), or None where it is none."""
    if not source.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return None
    try:
        content = json.loads(source.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    cells = _cells(content) if isinstance(content, dict) else None
    if not isinstance(cells, list) or "nbformat" not in content:
        return None
    return Notebook([cell for cell in cells if isinstance(cell, dict)], _session(content.get("metadata")))


def _session(metadata):
    """The functions asked for, where the cells are those run in a session; else none."""
    asked = metadata.get("session") if isinstance(metadata, dict) else None
    return tuple(map(str, asked)) if isinstance(asked, list) else ()


def _cells(content):
    """The cells, which until version 3 were in worksheets."""
    sheets = content.get("worksheets")
    if not isinstance(sheets, list):
        return content.get("cells")
    found = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
    return [cell for cells in found if isinstance(cells, list) for cell in cells]


def _defined(source):
    return re.findall(r"\bdef\s+(\w+)", source)


def _source(cell):
    source = cell.get("source", cell.get("input"))
    return "".join(map(str, source)) if isinstance(source, list) else str(source)


class Shell:
    """Stands in for what `get_ipython()` returns: takes every command and does nothing."""

    def __getattr__(self, name):
        return lambda *arguments, **options: None


def display(*values, **options):
    """Stands in for the function of that name that every notebook has."""
    print(*values)


class Grader(types.ModuleType):
    """Stands in for the module of that name: a notebook that checks itself does so without effect."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *arguments, **options: None


def names():
    """What every notebook has besides Python's own names."""
    return {"display": display, "get_ipython": Shell}


class Notebook:
    """The cells of a notebook.  They are counted from the top, those of text included, as a person would.

    In a session, they are the runs of cells, which have the numbers that Jupyter gave them.

    Attributes:
        text: the code of all cells as one text of Python; line numbers of exceptions are those of this text.
        skipped: what has not been executed, as (kind, sentence, the text that it is about).
    """

    def __init__(self, cells, asked=()):
        """Read the cells of a notebook or, with the functions `asked` for, of a session."""
        self._code, self.skipped, self._session = [], [], bool(asked)
        code = []
        for number, cell in enumerate(cells, 1):
            if self._session and isinstance(cell.get("execution_count"), int):
                number = cell["execution_count"]  # as Jupyter shows it, in the margin
            if cell.get("cell_type") == "code":
                read = Cell(_source(cell))
                code.append((number, read, ast.parse(read.python).body))
                self._note_unread(number, read)
            else:
                kind = "raw" if cell.get("cell_type") == "raw" else "Markdown"
                sentence = f"cell {number} is a {kind} cell, which is not run: make it a code cell"
                self.skipped.append(("text", sentence, _source(cell)))
        if self._session:
            code = self._of_session(code, asked)
        line = 0
        for number, read, statements in code:
            self._code.append((number, line, read, {(one.lineno, one.col_offset) for one in statements}))
            line += read.python.count("\n") + 2
        self.text = "\n\n".join(cell.python for _, _, cell, _ in self._code)

    def _of_session(self, code, asked):
        """The cells that the functions depend on, with those statements only."""
        kept = iter(needed([statement for _, _, statements in code for statement in statements], asked))
        chosen = [(number, cell, [one for one in statements if next(kept)]) for number, cell, statements in code]
        last = {name: number for number, cell, _ in code for name in _defined(cell.source)}
        self.skipped = [
            one for one in reversed(self.skipped) if one[0] != "unreadable" or one[3] in map(last.get, _defined(one[2]))
        ]
        return [one for one in chosen if one[2]]

    def _note_unread(self, number, cell):
        for line, text, why in cell.unreadable:
            self.skipped.append(("unreadable", f"cell {number}, line {line} could not be read: {why}", text, number))
        if cell.foreign:
            sentence = f"cell {number} was skipped because it begins with {cell.foreign[:MAX_SHOWN]}"
            self.skipped.append(("foreign", sentence, cell.source))
        for line, text in cell.commands:
            shown = text.partition("\n")[0][:MAX_SHOWN]
            self.skipped.append(("command", f"cell {number}, line {line} was skipped: `{shown}` is not Python", text))

    def place(self, line):
        """(cell, line in it) of a line of `text`."""
        for number, begin, _, _ in reversed(self._code):
            if begin < line:
                return number, line - begin
        return 0, line

    def execute(self, filename, namespace):
        """Execute the statements of all cells in order; one that fails is noted, and the next one still runs."""
        namespace.update(names())
        sys.modules["grader"] = Grader("grader")
        for number, begin, cell, kept in self._code:
            lines = cell.source.split("\n")
            for statement in ast.parse("\n" * begin + cell.python, filename).body:
                if (statement.lineno - begin, statement.col_offset) not in kept:
                    continue
                try:
                    exec(compile(ast.Module([statement], []), filename, "exec", dont_inherit=True), namespace)
                except BaseException as error:
                    first, last = statement.lineno - begin, statement.end_lineno - begin
                    sentence = f"cell {number}, line {first} failed: {in_words(error, filename)}"
                    self.skipped.append(("failed", sentence, "\n".join(lines[first - 1 : last])))

    def stopped_by(self, event, namespace, asked):
        """The event of a notebook whose statements could not be executed one by one."""
        return event

    def warnings(self):
        """What may have cost something, in words; first what could not even be read."""
        found = sorted((one for one in self.skipped if one[0] in _ORDER[:2]), key=lambda one: _ORDER.index(one[0]))
        return [one[1] for one in found]

    def why_missing(self, name):
        """What to report of a missing function, as far as the cells show; else nothing."""
        why = self._about(rf"\bdef\s+{name}\b") or self.why_unknown(name)
        if not why and self._session:
            why = "no cell that defines it has been run"
        if not why and not self._code:
            why = "the notebook has no code cells"
        return {"message": why}

    def why_unknown(self, name):
        """Why a name is not known, as far as the cells show; else ""."""
        return self._about(rf"\b{re.escape(name)}\b|\bimport\s*\*|^%(run|load)\b", ("text",))

    def _about(self, pattern, without=()):
        found = [one for one in self.skipped if one[0] not in without and re.search(pattern, one[2])]
        return min(found, key=lambda one: _ORDER.index(one[0]))[1] if found else ""
