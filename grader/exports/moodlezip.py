"""Moodle's feedback zip: a file per student in folders named as Moodle named them, for "Upload multiple feedback files"."""

import io
import zipfile

from grader.config import Config
from grader.exports.feedback import page, web_page
from grader.store.query import Results

_DATE = (1980, 1, 1, 0, 0, 0)  # the same results give the same zip


def moodle_zip(results: Results, config: Config) -> tuple[bytes, int]:
    """The zip, and for how many students it has feedback: those whose submission came from Moodle."""
    data, count = io.BytesIO(), 0
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for row in results.students():
            folder = row.ids.get("moodle_folder", "")
            if row.grade is None or not folder:
                continue
            count += 1
            info = zipfile.ZipInfo(f"{folder.strip('/')}/feedback.html", _DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, web_page(list(page(row, config))))
    return data.getvalue(), count
