"""A run as the bytes that the store keeps: msgpack, compressed where it is unusually large."""

import hashlib
import zlib

import msgspec

from grader.answers import Run

_PACK_BYTES = 256 * 1024  # larger answers are packed: honest ones are a tenth of this
_PACKED = b"\x78"  # how zlib data begins, and msgpack of a Run never


def pack_run(run: Run) -> bytes:
    data = msgspec.msgpack.encode(run)
    return zlib.compress(data, 1) if len(data) > _PACK_BYTES else data


def unpack_run(data: bytes) -> Run:
    return msgspec.msgpack.decode(zlib.decompress(data) if data[:1] == _PACKED else data, type=Run)


def answers_hash(run: Run) -> str:
    """The same for two runs that gave the same answers, and tried the same, however long they took."""
    tried = [run.violations] if run.violations else []
    return hashlib.sha256(msgspec.msgpack.encode([run.loading, run.answers, *tried])).hexdigest()
