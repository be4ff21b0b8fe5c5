"""In a child: why a file could not even be compiled, in words for the student who submitted it."""

import json
import re
import sys

from grader.sandbox.inside.files.notebook_cells import ESCAPES, conflict_line

_STARTS = {
    b"\xff\xfe": 'it is saved as UTF-16 ("Unicode"): save it as UTF-8',
    b"\xfe\xff": 'it is saved as UTF-16 ("Unicode"): save it as UTF-8',
    b"%PDF": "it is a PDF, not Python: hand in the plain text of the code",
    b"PK\x03\x04": "it is a zip or an office document, not Python: hand in the plain text of the code",
    b"\x89PNG": "it is a picture, not Python: hand in the plain text of the code",
    b"\xff\xd8\xff": "it is a picture, not Python: hand in the plain text of the code",
    b"{\\rtf": "it is a word processor's document, not Python: hand in the plain text of the code",
    b"<!doctype": "it is a web page, not Python: hand in the plain text of the code",
    b"<html": "it is a web page, not Python: hand in the plain text of the code",
}
_NOTEBOOK = re.compile(rb'^\s*\{.*?"(cells|worksheets|nbformat|cell_type)"\s*:', re.DOTALL)


def like_a_notebook(source):
    """Whether a file was meant to be a notebook, whatever has become of it."""
    return _NOTEBOOK.match(source.removeprefix(b"\xef\xbb\xbf")) is not None


def in_words(source, event):
    """`event`, a failure to compile, with what is wrong with the file where that is no mistake in its Python."""
    beginning = source[:64].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for start, words in _STARTS.items():
        if beginning.startswith(start.lower()):
            return {**event, "message": words, "line": 0}
    text = source.decode("utf-8-sig", "replace")
    notebook = like_a_notebook(source)
    event = {**event, "returned": "notebook"} if notebook else event
    conflict = conflict_line(text)
    if conflict:
        line, mark = conflict
        of = " of the notebook" if notebook else ""
        words = f"merge conflict markers ({mark}) in line {line}{of}: choose one version and delete the markers"
        return {**event, "message": words, "line": 0}
    if notebook:
        return {**event, "message": _no_notebook(text), "line": 0}
    return {**event, "message": _no_python(event, text)}


def _no_notebook(text):
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return (
            f"the notebook is damaged or incomplete: it is not valid JSON from line {error.lineno} on;"
            " open it in Jupyter, save it and submit it again"
        )
    except (ValueError, RecursionError):
        return "the notebook is damaged: it is not valid JSON; open it in Jupyter, save it and submit it again"
    return "this is JSON, but not a notebook: it has no cells or no nbformat; save it in Jupyter and submit it again"


def _no_python(event, text):
    message = event["message"]
    if "codec can't decode" in message:
        return f"{message}: save the file as UTF-8"
    if not message.startswith("SyntaxError"):
        return message
    line = text.split("\n")[event["line"] - 1].strip() if event["line"] <= text.count("\n") + 1 else ""
    if line[:1] in ESCAPES:
        return f"{message}: `{line[:60]}` is a command for notebooks; delete it, or submit the notebook"
    return f"{message} (read by Python {sys.version_info[0]}.{sys.version_info[1]})"
