"""In a child: a notebook as a Python file.  The grader itself never reads one.

Each statement is executed by itself, so that an experiment that fails does not take the gradients with it.
"""

import ast
import json

MAGIC = ("%", "!", "?")
AROUND_PYTHON = ("%%time", "%%capture", "%%prun")  # what stands below these is run like any other cell


def code_cells(source):
    """The code cells of a notebook as texts, or None where `source` (bytes) is none."""
    if not source.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return None
    try:
        notebook = json.loads(source.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    cells = _cells(notebook) if isinstance(notebook, dict) else None
    if not isinstance(cells, list) or "nbformat" not in notebook:
        return None
    return [code(cell) for cell in cells if isinstance(cell, dict) and cell.get("cell_type") == "code"]


def _cells(notebook):
    """The cells, which until version 3 were in worksheets."""
    sheets = notebook.get("worksheets")
    if not isinstance(sheets, list):
        return notebook.get("cells")
    found = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
    return [cell for cells in found if isinstance(cells, list) for cell in cells]


def code(cell):
    """The text of one cell; lines for the notebook's own program (`%matplotlib inline`, `!pip install`) are left out."""
    source = cell.get("source", cell.get("input"))
    text = "".join(map(str, source)) if isinstance(source, list) else str(source)
    if text.startswith("%%") and text.split(None, 1)[0] not in AROUND_PYTHON:  # the whole cell is in another language
        return ""
    return "\n".join("" if line.lstrip().startswith(MAGIC) else line for line in text.split("\n"))


def joined(cells):
    """All cells as one text."""
    return "\n\n".join(cells)


def execute(cells, filename, namespace, failed):
    """Execute the statements of all cells in order; `failed` is called with each exception, and the next one has its turn.

    Line numbers are those of the joined text.
    """
    line = 0
    for text in cells:
        try:
            statements = ast.parse("\n" * line + text, filename).body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            failed(error)
            statements = []
        for statement in statements:
            try:
                exec(compile(ast.Module([statement], []), filename, "exec", dont_inherit=True), namespace)
            except Exception as error:
                failed(error)
        line += text.count("\n") + 2


def in_words(failures, limit):
    """What failed while a notebook was executed; first what could not even be read, for it may hold a gradient."""
    unreadable = ("SyntaxError", "IndentationError", "TabError")
    ordered = sorted(failures, key=lambda one: not one["message"].startswith(unreadable))
    return [f"line {one['line']} of the notebook: {one['message']}"[:limit] for one in ordered]


def blame(event, stopped):
    """Where a function or a name is not there, what `stopped` the notebook is likely why: say so."""
    message = event.get("message", "")
    if event["outcome"] == "missing":
        event["message"] = message or stopped
    elif message.startswith("NameError"):
        event["message"] = f"{message}; {stopped}"
