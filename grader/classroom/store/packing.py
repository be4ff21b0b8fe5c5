"""A run as the bytes that the store keeps: msgpack, compressed where it is unusually large, and never more than MAX_BYTES."""

import hashlib
import zlib

import msgspec

from grader.records.run import Answer, Run, Substituted

MAX_BYTES = 7 * 2**19  # 3.5 MB
_PACK_BYTES = 256 * 1024  # larger answers are packed: honest ones are a tenth of this
_PACKED = b"\x78"  # how zlib data begins, and msgpack of a Run never
_WITHOUT_ARRAYS = b"\x00"  # before a run whose arrays were too large to be kept


def pack_run(run: Run) -> bytes:
    data = _packed(run)
    return data if len(data) <= MAX_BYTES else _WITHOUT_ARRAYS + _packed(_without_arrays(run))


def unpack_run(data: bytes) -> Run:
    data = data.removeprefix(_WITHOUT_ARRAYS)
    return msgspec.msgpack.decode(zlib.decompress(data) if data[:1] == _PACKED else data, type=Run)


def is_whole(data: bytes) -> bool:
    """Whether a stored run has its arrays, and can be graded again without being run again."""
    return not data.startswith(_WITHOUT_ARRAYS)


def answers_hash(run: Run) -> str:
    """Equal for runs with the same answers at the shared sample points and the same violations, however long they took."""
    compared = [run.loading, run.answers, run.inconsistent, run.violations, run.substituted]
    return hashlib.sha256(msgspec.msgpack.encode(compared)).hexdigest()


def _packed(run: Run) -> bytes:
    data = msgspec.msgpack.encode(run)
    return zlib.compress(data, 1) if len(data) > _PACK_BYTES else data


def _without_arrays(run: Run) -> Run:
    """The same run with only the type, the shape and a hash of each array, and without traces, which are never stored."""
    return msgspec.structs.replace(
        run,
        answers={gradient: [_without_array(answer) for answer in found] for gradient, found in run.answers.items()},
        traces={},
        fresh={gradient: _without_array(answer) for gradient, answer in run.fresh.items()},
        inconsistent={gradient: _without_array(answer) for gradient, answer in run.inconsistent.items()},
        substituted={
            gradient: Substituted(one.replaced, [_without_array(answer) for answer in one.answers])
            for gradient, one in run.substituted.items()
        },
    )


def _without_array(answer: Answer) -> Answer:
    return answer if answer.value is None else msgspec.structs.replace(answer, value=answer.value.within(0))
