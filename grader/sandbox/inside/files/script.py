"""In a child: a student's Python file, executed as a whole, or why it cannot even be compiled."""

import json
import re
import sys

from grader.sandbox.inside.files import notebook
from grader.sandbox.inside.files.notebook_cells import ESCAPES, conflict_line

_NOT_PYTHON = "not Python; submit the code as plain text"
_UTF16 = 'it is saved as UTF-16 ("Unicode"): save it as UTF-8'
_STARTS = {
    b"\xff\xfe": _UTF16,
    b"\xfe\xff": _UTF16,
    b"%pdf": f"it is a PDF, {_NOT_PYTHON}",
    b"pk\x03\x04": f"it is a zip or an office document, {_NOT_PYTHON}",
    b"\x89png": f"it is a picture, {_NOT_PYTHON}",
    b"\xff\xd8\xff": f"it is a picture, {_NOT_PYTHON}",
    b"{\\rtf": f"it is a word processor's document, {_NOT_PYTHON}",
    b"<!doctype": f"it is a web page, {_NOT_PYTHON}",
    b"<html": f"it is a web page, {_NOT_PYTHON}",
}
_NOTEBOOK = re.compile(rb'^(\xef\xbb\xbf)?\s*\{.*?"(cells|worksheets|nbformat|cell_type)"\s*:', re.DOTALL)


class Script:
    """A Python file.

    Attributes:
        text: the file as text; line numbers of exceptions are those of this text.
    """

    def __init__(self, source):
        self.source = source
        self.text = source.decode("utf-8-sig", "replace")
        self._compiled = False
        self._stop = None
        self._stopped_at = 0

    def place(self, line):
        """(cell, line): there are no cells here."""
        return 0, line

    def execute(self, filename, namespace):
        """Execute it; raises what it raises."""
        if _NOTEBOOK.match(self.source):  # some JSON is Python
            raise SyntaxError("a damaged notebook")
        code = compile(self.source, filename, "exec", dont_inherit=True)
        self._compiled = True
        if b"get_ipython(" in self.source:  # a notebook that was exported as a script
            namespace.update(notebook.names())
        try:
            exec(code, namespace)
        except BaseException as error:
            entry = error.__traceback__.tb_next  # of the file itself, whatever it called
            self._stopped_at = entry.tb_lineno if entry is not None else 0
            raise

    def stopped_by(self, event, namespace, asked):
        """The event of a file that failed; the functions that it defined before can still be called."""
        if not self._compiled:
            return self._not_compiled(event)
        if event["outcome"] != "raised" or not any(callable(namespace.get(name)) for name in asked):
            return event
        self._stop = {**event, "line": self._stopped_at}
        return {**self._stop, "outcome": "returned"}

    def warnings(self):
        return []

    def why_missing(self, name):
        """What to report of a function that is not there because the file stopped before it; else nothing."""
        defined = self._stop and re.search(rf"\bdef\s+{name}\b|\b{name}\s*=", self._rest())
        return self._stop if defined else {}

    def why_unknown(self, name):
        """Why a name is not known: the file stopped before it got its value; else ""."""
        if self._stop is None or not re.search(rf"\b{re.escape(name)}\b", self._rest()):
            return ""
        return f"the file stopped at line {self._stop['line']}: {self._stop['message']}"

    def _rest(self):
        """The text from the line that failed, where that is known."""
        return "\n".join(self.text.split("\n")[max(0, self._stop["line"] - 1) :])

    def _not_compiled(self, event):
        """`event`, a failure to compile, with what is wrong with the file where that is no mistake in its Python."""
        beginning = self.source[:64].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        for start, words in _STARTS.items():
            if beginning.startswith(start):
                return {**event, "message": words, "line": 0}
        first = self.source[:1000]
        if first.strip(b"\0") and first.count(0) > len(first) // 3:  # every second byte of Latin letters
            return {**event, "message": _UTF16, "line": 0}
        is_notebook = _NOTEBOOK.match(self.source) or beginning.startswith(b"{")  # no Python file begins like that
        if is_notebook:
            event = {**event, "message": _not_json(self.text), "line": 0}
        if conflict := conflict_line(self.text):
            line, mark = conflict
            where = f"line {line} of the notebook" if is_notebook else f"line {line}"
            words = f"merge conflict markers ({mark}) in {where}: choose one version and delete the markers"
            return {**event, "message": words, "line": 0}
        return event if is_notebook else {**event, "message": self._not_python(event["message"], event["line"])}

    def _not_python(self, message, number):
        if "codec can't decode" in message:
            return f"{message}: save the file as UTF-8"
        if not message.startswith("SyntaxError"):
            return message
        lines = self.text.split("\n")
        line = lines[number - 1].strip() if 0 < number <= len(lines) else ""
        if line[:1] in ESCAPES:
            return f"{message}: `{line[:60]}` is a command for notebooks; delete it, or submit the notebook"
        return f"{message} (read by Python {sys.version_info[0]}.{sys.version_info[1]})"


def _not_json(text):
    """What is wrong with a file that was meant to be a notebook."""
    repair = "open it in Jupyter, save it and submit it again"
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return f"the notebook is damaged or incomplete: it is not valid JSON from line {error.lineno} on; {repair}"
    except (ValueError, RecursionError):
        return f"the notebook is damaged: it is not valid JSON; {repair}"
    return "this is JSON, but not a notebook: it has no cells or no nbformat; save it in Jupyter and submit it again"
