"""In a child: frames on a pipe.  A frame is two big-endian 32-bit lengths, a header, and data.

What comes from the grader is marshalled, the fastest for a new process to read; what goes to it is JSON, for it is read by
one who trusts nothing.
"""

import json
import marshal
import os
import struct


def send_frame(fd, event, value=None, more=b""):
    """One frame: the event, the bytes of the array `value`, and `more` bytes that the event describes."""
    body = (b"" if value is None else value.tobytes()) + more
    head = _head(event).encode("ascii")
    _write(fd, struct.pack("!II", len(head), len(body)) + head + body)


def _head(event):
    """The event as JSON.  The usual ones are written without the encoder, which a new process copies pages to use."""
    if len(event) == 2 and event.get("outcome") == "returned":
        return f'{{"call":{event["call"]},"outcome":"returned"}}'
    if len(event) == 5 and event.get("returned") == "ndarray" and event.get("dtype") == "<f8":
        return f'{{"call":{event["call"]},"outcome":"returned","returned":"ndarray","dtype":"<f8","shape":{[*event["shape"]]}}}'
    return json.dumps(event)


def read_frame(fd):
    head_size, data_size = struct.unpack("!II", read_exactly(fd, 8))
    head = marshal.loads(read_exactly(fd, head_size))  # noqa: S302, the grader wrote it
    return head, memoryview(read_exactly(fd, data_size))


def read_exactly(fd, size):
    """The next `size` bytes.

    Raises:
        EOFError: there are fewer.
    """
    parts = []
    while size:
        part = os.read(fd, min(size, 2**20))
        if not part:
            raise EOFError("the job ended early")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _write(fd, data):
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
