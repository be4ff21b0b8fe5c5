"""In a child: why a file could not even be compiled, in words for whoever handed it in."""

import sys

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


def in_words(source, event, limit):
    """`event`, a failure to compile, with what the first bytes show, or with the version that read the file."""
    beginning = source[:64].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for start, words in _STARTS.items():
        if beginning.startswith(start.lower()):
            return {**event, "message": words, "line": 0}
    message = event["message"]
    if "codec can't decode" in message:
        message = f"{message}: save the file as UTF-8"
    elif message.startswith("SyntaxError"):
        message = f"{message} (read by Python {sys.version_info[0]}.{sys.version_info[1]})"
    return {**event, "message": message[:limit]}
