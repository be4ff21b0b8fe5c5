"""In a child: a student's Python file, executed as a whole."""

import re

from grader.sandbox.inside.files import notebook, unread


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
        if unread.like_a_notebook(self.source):  # some JSON is Python
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
        """The event of a file that failed: what it defined before is there to be called, if it is any of what is asked for."""
        if not self._compiled:
            return unread.in_words(self.source, event)
        if event["outcome"] != "raised" or not any(callable(namespace.get(name)) for name in asked):
            return event
        self._stop = {**event, "line": self._stopped_at}
        return {**self._stop, "outcome": "returned"}

    def warnings(self):
        return []

    def why_missing(self, name):
        """What to report of a function that is not there because the file stopped before it; else nothing."""
        return (
            self._stop if self._stop is not None and re.search(rf"\bdef\s+{name}\b|\b{name}\s*=", self._rest()) else {}
        )

    def why_unknown(self, name):
        """Why a name is not known: the file stopped before it got its value; else ""."""
        if self._stop is None or not re.search(rf"\b{re.escape(name)}\b", self._rest()):
            return ""
        return f"the file stopped at line {self._stop['line']}: {self._stop['message']}"

    def _rest(self):
        """The text from the line that failed, where that is known."""
        return "\n".join(self.text.split("\n")[max(0, self._stop["line"] - 1) :])
