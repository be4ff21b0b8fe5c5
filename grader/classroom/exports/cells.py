"""Tables that other programs write and open: how they write numbers, and texts that no spreadsheet takes for a formula."""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from grader.errors import UsageError, reason_of
from grader.text import one_line

MAX_CELL = 2000
_DELIMITERS = (",", ";", "\t")
_ZIP = b"PK\x03\x04"  # how a workbook begins

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


def read_table(path: Path, *, blank: bool = False) -> tuple[list[list[str]], str]:
    """(the rows of a CSV file, none of them shorter than the first; the delimiter)

    Args:
        blank: keep empty lines, so that rows can be counted as a spreadsheet counts them.

    Raises:
        UsageError: it is not one, or has no row after the first.
    """
    text = _decoded(path)
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        rows = [*csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]
    except csv.Error as error:
        raise UsageError(f"{path}: not a CSV table: {error}") from error
    filled = [row for row in rows if row]
    if len(filled) < 2:
        found = "found a single row" if filled else "it is empty"
        raise UsageError(f"{path}: expected a table with titles and then a row per student, {found}")
    kept = rows[rows.index(filled[0]) :] if blank else filled
    return [row + [""] * (len(filled[0]) - len(row)) for row in kept], delimiter


def _decoded(path: Path) -> str:
    """The text of a table, in UTF-8, or in UTF-16 as Excel writes "Unicode text".

    Raises:
        UsageError: it cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {reason_of(error)}") from error
    if data.startswith(_ZIP):
        raise UsageError(f'{path}: expected a CSV table, found a workbook: save it in the spreadsheet as "CSV UTF-8"')
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        advice = 'take it as the platform gives it, or save it in the spreadsheet as "CSV UTF-8"'
        raise UsageError(f"{path}: cannot be read: it is not in UTF-8: {advice}") from error
    if "\0" in text:
        raise UsageError(f'{path}: not a table of text: save it in the spreadsheet as "CSV UTF-8"')
    return text


def decimal_comma(rows: Sequence[Sequence[str]], column: int, delimiter: str) -> bool:
    """Whether numbers have a decimal comma: those of the column; if it has no decimals, those elsewhere; if there are none,
    when cells are separated by semicolons, as they are where the comma is taken."""
    for texts in ([row[column] for row in rows], [text for row in rows for text in row]):
        signs = {found[1] for text in texts if (found := _DECIMAL.fullmatch(text.strip()))}
        if signs:
            return signs == {","}
    return delimiter == ";"
