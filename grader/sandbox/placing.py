"""Where the arrays of a job are in its bytes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

_SENT = {"f": "<f8", "i": "<i8", "b": "|b1"}  # whole numbers and truth values arrive as such


def placed(blob: bytearray, array: "np.ndarray[Any, Any]", start: int) -> tuple[int, int, tuple[int, ...]]:
    """Where an array is in the job's data, and its shape; its bytes are added to `blob`, which begins there at `start`."""
    blob += (data := array.astype("<f8", copy=False).tobytes())
    return start + len(blob) - len(data), start + len(blob), array.shape


def described(blob: bytearray, point: Mapping[str, Any], sizes: Mapping[str, int], *, start: int) -> dict[str, Any]:
    """A point as the header has it; the bytes of its arrays are added to `blob`, which begins at `start` of the job's data."""
    arrays: dict[str, tuple[int, int, tuple[int, ...], str]] = {}
    numbers: dict[str, int | float] = {}
    for name, value in point.items():
        if isinstance(value, int):
            numbers[name] = int(value)
        elif isinstance(value, float):
            numbers[name] = float(value)
        else:
            dtype = _SENT[value.dtype.kind]
            begin = start + len(blob)
            blob += value.astype(dtype, copy=False).tobytes()
            arrays[name] = (begin, start + len(blob), value.shape, dtype)
            blob += bytes(-len(blob) % 8)
    return {"numbers": numbers, "arrays": arrays, "sizes": dict(sizes)}
