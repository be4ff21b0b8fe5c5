"""Moodle's feedback zip: a file per student in folders named as Moodle named them, for "Upload multiple feedback files"."""

import io
import zipfile

from grader.classroom.exports.feedback import page, web_page
from grader.classroom.store.query import Results
from grader.config.keys import Config
from grader.errors import UsageError

_DATE = (1980, 1, 1, 0, 0, 0)  # the same results give the same zip


def moodle_zip(results: Results, config: Config) -> tuple[bytes, int]:
    """The zip, and for how many students with marks it has feedback.

    Raises:
        UsageError: no submission came from Moodle.
    """
    data, folders, count = io.BytesIO(), 0, 0
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for row in results.students():
            folder = row.ids.get("moodle_folder", "")
            folders += bool(folder)
            if row.grade is None or not folder:
                continue
            count += row.status == "graded"
            info = zipfile.ZipInfo(f"{folder.strip('/')}/feedback.html", _DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, web_page(list(page(row, config))))
    if not folders:
        raise UsageError("moodle-feedback: none of these submissions came in a Moodle download, whose folders it needs")
    return data.getvalue(), count
