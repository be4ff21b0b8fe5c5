"""Tables that other programs write and open: how they write numbers, and texts that no spreadsheet takes for a formula."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from grader.errors import UsageError
from grader.text import one_line

MAX_CELL = 2000

# What Excel, LibreOffice and Google Sheets take for the beginning of a formula, also behind white space and full width.
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "|", "%")
# Where the decimal sign is a comma, spreadsheets begin a new cell at a semicolon, whatever quotes stand around it.
_LATER_FORMULA = re.compile(rf"""(;[\s"']*)(?=[{re.escape("".join(_FORMULA))}])""")
_DECIMAL = re.compile(r"\d+([.,])(?:\d{1,2}|\d{4,})")  # 1,000 may be a thousand


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
    """At most four decimals, without zeros at the end."""
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def csv_text(rows: Iterable[Sequence[str]], delimiter: str = ",") -> str:
    """A table whose cells are texts already."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def csv_file(rows: Iterable[Sequence[object]]) -> bytes:
    """A table of any values, as a file that Excel opens in UTF-8."""
    return csv_text([cell(value) for value in row] for row in rows).encode("utf-8-sig")


def read_table(path: Path) -> tuple[list[list[str]], str]:
    """(the rows of a CSV file, none of them shorter than the first; the delimiter)

    Raises:
        UsageError: it is not one, or has no row after the first.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        advice = 'take it as the platform gives it, or save it in the spreadsheet as "CSV UTF-8"'
        raise UsageError(f"{path}: cannot be read: it is not in UTF-8: {advice}") from error
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
    except csv.Error as error:
        raise UsageError(f"{path}: not a CSV table: {error}") from error
    if len(rows) < 2:
        raise UsageError(f"{path}: expected a table with a row per student, found {len(rows)} rows")
    return [row + [""] * (len(rows[0]) - len(row)) for row in rows], delimiter


def decimal_comma(rows: Sequence[Sequence[str]], column: int, delimiter: str) -> bool:
    """Whether numbers have a decimal comma: those of the column; if it has no decimals, those elsewhere; if there are none,
    when cells are separated by semicolons, as they are where the comma is taken."""
    for texts in ([row[column] for row in rows], [text for row in rows for text in row]):
        signs = {found[1] for text in texts if (found := _DECIMAL.fullmatch(text.strip()))}
        if signs:
            return signs == {","}
    return delimiter == ";"
