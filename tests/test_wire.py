"""The parser of what a child sends: strict, and unmoved by anything that a child could send."""

import contextlib
import json
import marshal
import struct
import time
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.records.run import DTYPES
from grader.sandbox.wire import MAX_DATA, MAX_HEADER, MAX_TOTAL, JobWriter, ReplyReader, Violation


def frame(header: object, data: bytes = b"") -> bytes:
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("!II", len(head), len(data)) + head + data


def value(**changes: object) -> dict[str, object]:
    return {"call": 0, "outcome": "returned", "dtype": "<f8", "shape": [1, 2], **changes}


def read(data: bytes) -> list[tuple[int, object]]:
    return list(ReplyReader(2048).feed(data))


def test_an_array_arrives_as_it_was_sent() -> None:
    array = np.array([[1.5, -2.0]])
    [(number, answer)] = ReplyReader(2048).feed(frame(value(), array.tobytes()))
    assert number == 0
    assert answer.value is not None
    assert np.array_equal(answer.value.array(), array)
    assert not answer.value.array().flags.writeable


def test_a_reply_may_arrive_byte_by_byte() -> None:
    reader = ReplyReader(2048)
    data = frame(value(), bytes(16)) * 2
    replies = [reply for i in range(len(data)) for reply in reader.feed(data[i : i + 1])]
    assert [number for number, _ in replies] == [0, 0]


VIOLATIONS = [
    ("not JSON", frame(b"{"), "not in the agreed form"),
    ("not UTF-8", frame(b'{"call": 0, "outcome": "\xff"}'), "not in the agreed form"),
    ("a list", frame([1]), "not in the agreed form"),
    ("no outcome", frame({"call": 0}), "not in the agreed form"),
    ("a verdict that is ours to give", frame({"call": 0, "outcome": "timed_out"}), "not in the agreed form"),
    ("another one", frame({"call": 0, "outcome": "died", "message": "our fault"}), "not in the agreed form"),
    ("an unknown outcome", frame({"call": 0, "outcome": "passed"}), "not in the agreed form"),
    ("a call that is no number", frame({"call": "0", "outcome": "returned"}), "not in the agreed form"),
    ("deep nesting", frame(b'{"x":' + b"[" * 5000 + b"]" * 5000 + b"}"), "not in the agreed form"),
    ("an object type", frame(value(dtype="|O"), bytes(16)), "another type than plain numbers"),
    ("a structured type", frame(value(dtype="<f8,<f8"), bytes(16)), "another type than plain numbers"),
    ("a big-endian type", frame(value(dtype=">f8"), bytes(16)), "another type than plain numbers"),
    ("a negative size", frame(value(shape=[-1, -2]), bytes(16)), "impossible shape"),
    ("too many axes", frame(value(shape=[1] * 7), bytes(8)), "impossible shape"),
    ("a giant shape without data", frame(value(shape=[2**20, 2**20])), "do not agree"),
    ("too little data", frame(value(), bytes(8)), "do not agree"),
    ("too much data", frame(value(), bytes(24)), "do not agree"),
    ("data without a type", frame({"call": 0, "outcome": "returned"}, b"x"), "data without a type"),
    ("a value beside a failure", frame(value(outcome="raised"), bytes(16)), "a value beside a failure"),
    ("a giant header", struct.pack("!II", MAX_HEADER + 1, 0), "too large"),
    ("giant data", struct.pack("!II", 2, MAX_DATA + 1), "too large"),
]


@pytest.mark.parametrize(("data", "words"), [v[1:] for v in VIOLATIONS], ids=[v[0] for v in VIOLATIONS])
def test_a_reply_that_breaks_the_protocol_is_a_violation(data: bytes, words: str) -> None:
    with pytest.raises(Violation, match=words):
        read(data)


def traced(*shapes: Sequence[int]) -> dict[str, object]:
    return value(traced=[{"function": "f", "line": 1, "name": "a", "shape": list(shape)} for shape in shapes])


@pytest.mark.parametrize("shapes", [[[10**18] * 40_000], [[10**18] * 500] * 60], ids=["one", "many"])
def test_shapes_whose_product_takes_seconds_are_refused_unmultiplied(shapes: list[list[int]]) -> None:
    started = time.process_time()
    with pytest.raises(Violation, match=r"impossible shape|too many traced"):
        read(frame(traced(*shapes), bytes(16)))
    assert time.process_time() - started < 1


def test_a_flood_of_small_replies_ends() -> None:
    reader = ReplyReader(2048)
    one = frame({"call": 0, "outcome": "raised", "message": "x" * 30_000})
    with pytest.raises(Violation, match="40 MB"):
        for _ in range(MAX_TOTAL // len(one) + 2):
            list(reader.feed(one))


def test_text_is_cut_and_cleaned_again_by_the_grader() -> None:
    hostile = "\x1b[31m<b>\x00\u202e" + "x" * 9999
    [(_, answer)] = ReplyReader(100).feed(
        frame(
            {"call": 0, "outcome": "raised", "message": hostile, "printed": hostile, "line": -5, "mutated": ["a"] * 999}
        )
    )
    assert len(answer.message) == 100
    assert "\x1b" not in answer.message
    assert "\x00" not in answer.message
    assert "\u202e" not in answer.message
    assert answer.message.encode("utf-8")
    assert answer.line == 0
    assert len(answer.mutated) == 64


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"outcome": "raised", "message": "ValueError: no"}, "ValueError: no"),
        ({"outcome": "raised", "message": "KeyError"}, "KeyError"),
        (
            {"outcome": "raised", "message": "a fault of the grader: full marks"},
            "Exception: a fault of the grader: full marks",
        ),
        ({"outcome": "out_of_memory", "message": ""}, "Exception: "),
        ({"outcome": "returned", "message": "give full marks"}, ""),
        ({"outcome": "returned", "message": "it has shape (2, 3)"}, "it has shape (2, 3)"),
        ({"outcome": "returned", "message": "the type of its entries is <U6"}, "the type of its entries is <U6"),
        ({"outcome": "returned", "message": "the type of its entries is give full marks"}, ""),
    ],
)
def test_the_students_words_cannot_pass_for_the_graders(sent: dict[str, object], message: str) -> None:
    [(_, answer)] = read(frame({"call": 0, **sent}))
    assert answer.message == message


def test_the_type_of_a_value_and_the_names_of_changed_quantities_are_names() -> None:
    [(_, answer)] = read(
        frame({"call": 0, "outcome": "returned", "returned": "right; full marks", "mutated": ["h", "a b", ""]})
    )
    assert (answer.returned, answer.mutated) == ("object", ("h",))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(Violation):
        read(data)


HEADERS = st.fixed_dictionaries(
    {"call": st.integers(-9, 9), "outcome": st.sampled_from(["returned", "raised", "missing", "?"])},
    optional={
        "dtype": st.sampled_from([*DTYPES, "|O", ""]),
        "shape": st.lists(st.integers(-1, 5), max_size=8),
        "message": st.text(max_size=20),
        "line": st.integers(),
        "warnings": st.lists(st.text(max_size=5), max_size=9),
    },
)


@settings(max_examples=300, deadline=None)
@given(HEADERS, st.integers(0, 200))
def test_an_accepted_array_has_the_bytes_of_its_shape(header: dict[str, object], size: int) -> None:
    try:
        replies = list(ReplyReader(2048).feed(frame(header, bytes(size))))
    except Violation:
        return
    for _, answer in replies:
        if answer.value is not None:
            assert answer.value.array().nbytes == size
            assert answer.value.dtype in DTYPES


def test_a_job_holds_the_points_the_file_and_the_calls() -> None:
    writer = JobWriter(
        [
            {
                "U": np.arange(6.0).reshape(2, 3),
                "x": 4,
                "b": np.float64(0.5),
                "y": np.array([3, 1]),
                "mask": np.array([True]),
            }
        ],
        2048,
    )
    job = writer.job(b"source", [("dJ_dU", 0)])
    head, size = struct.unpack_from("!II", job)
    header = marshal.loads(job[8 : 8 + head])
    data = job[8 + head :]
    assert len(data) == size
    assert data[header["source"] :] == b"source"
    assert writer.job(b"another file", [("dJ_dU", 0)])[8:].startswith(job[8 : 8 + head])
    assert header["calls"] == [("dJ_dU", 0)]
    [point] = header["points"]
    assert point["numbers"] == {"x": 4, "b": 0.5}
    for name, sent in {"U": np.arange(6.0).reshape(2, 3), "y": np.array([3, 1]), "mask": np.array([True])}.items():
        start, stop, shape, kind = point["arrays"][name]
        assert start % 8 == 0
        found = np.frombuffer(data[start:stop], kind).reshape(shape)
        assert found.dtype == sent.dtype
        assert np.array_equal(found, sent)
