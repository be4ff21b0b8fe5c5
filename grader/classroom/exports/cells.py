"""Cells of tables that other programs open: safe against spreadsheet formulas."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from grader.text import one_line

MAX_CELL = 2000

# What Excel, LibreOffice and Google Sheets take for the beginning of a formula, also behind white space and full width.
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "|", "%")
# Where the decimal sign is a comma, spreadsheets begin a new cell at a semicolon, whatever quotes stand around it.
_LATER_FORMULA = re.compile(rf"""(;[\s"']*)(?=[{re.escape("".join(_FORMULA))}])""")


def cell(value: object) -> str:
    """A value as a cell.  A text that a spreadsheet could run as a formula gets an apostrophe before it; numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(value)
    text = one_line(str(value), MAX_CELL)
    if ";" in text:
        text = _LATER_FORMULA.sub(r"\1'", text)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) or text.startswith(_FORMULA) else text


@lru_cache(512)
def number(value: float) -> str:
    """At most four decimals, none that say nothing."""
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def csv_text(rows: Iterable[Sequence[str]], delimiter: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return text.getvalue()
