"""Pictures of shapes: read from the sentences of an explanation, drawn as text and as SVG."""

import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from grader.output.pictures import as_text, pictures
from grader.output.svg import as_svg
from grader.packaging.gradescope.emit import gradient_page
from grader.records.result import RUNTIME, CheckResult, Diagnosis, FollowThrough, GradientResult, Mistake
from grader.sandbox.shared import sentences


def raised(*lines: str) -> GradientResult:
    text = "\n".join(line.replace(sentences.OPEN, "").replace(sentences.CLOSE, "") for line in lines)
    mistake = Mistake(RUNTIME, "line 3", text, text)
    return GradientResult("dJ_dU", 0.0, 15.0, "raised", [], diagnosis=Diagnosis("exact", [mistake]))


def of_shape(message: str, *notes: str) -> GradientResult:
    return GradientResult(
        "dJ_dU", 0.0, 15.0, "failed", [CheckResult("shape", "failed", 0.0, 3.0, message)], notes=[*notes]
    )


def drawn(result: GradientResult) -> str:
    return "\n".join(line for picture in pictures(result) for line in as_text(picture))


def test_a_product_joins_the_axes_that_meet_and_crosses_them_where_they_differ() -> None:
    line = sentences.OPERATION("s.h", "(1, Dh)", "@", "dJ_db2(s)", "(1, V)")
    assert drawn(raised(line)) == "    s.h   dJ_db2(s)\n(1, Dh) @ (1, V)\n     └──✗──┘"


def test_a_product_that_numpy_accepts_is_drawn_with_what_comes_out_and_what_should() -> None:
    message = "expected shape (Dh, V) = (3, 4), got (4, 3) = (V, Dh): the axes are in the wrong order"
    note = sentences.IN_LINE("3") + sentences.PRODUCT("dJ_db2(s).T", "(V, 1)", "@", "s.h", "(1, Dh)", "(V, Dh)")
    other = sentences.IN_LINE("2") + sentences.PRODUCT("s.h", "(1, Dh)", "@", "s.U", "(Dh, V)", "(1, V)")
    lines = [line.replace(sentences.OPEN, "").replace(sentences.CLOSE, "") for line in (note, other)]
    result = of_shape(message, *lines)
    assert drawn(result) == ("dJ_db2(s).T   s.h\n     (V, 1) @ (1, Dh)\n         └──✓──┘\ngives (V, Dh), not (Dh, V)")
    [picture] = pictures(result)
    assert as_svg(picture).count("<rect") == 5, "the factors, what they give, what is expected, and the mark"


def test_an_operation_entry_by_entry_aligns_the_axes_from_the_right() -> None:
    line = sentences.IN_FUNCTION("helper") + sentences.OPERATION("(s.h + s.z)", "(1, Dh)", "*=", "s.b2", "(1, V)")
    assert drawn(raised(line)) == "(s.h + s.z)    1  Dh\ns.b2        *= 1   V\n               ✓   ✗"


def test_a_call_of_numpys_products_is_drawn_and_other_calls_are_not() -> None:
    assert "└" in drawn(raised(sentences.CALLS[2]("np.dot", "s.h", "(1, Dh)", "s.b2", "(1, V)")))
    assert drawn(raised(sentences.CALLS[2]("np.stack", "s.h", "(1, Dh)", "s.b2", "(1, V)"))) == ""


def test_what_numpy_accepts_shows_what_comes_out_and_a_wrong_shape_what_should() -> None:
    note = "cell 3, line 2: s.y - q is (V, V): numpy broadcasts both (1, V) and (V, 1)"
    message = "expected shape (1, V) = (1, 11), got (11, 11) = (V, V) (sample point 2)"
    text = drawn(of_shape(message, note))
    assert "gives (V, V)" in text
    assert "yours    V  V\nexpected 1  V\n         ✗  ✓" in text


@pytest.mark.parametrize(
    "line",
    [
        "s.h is (1, Dh)  @  f is a function",
        "s.h is (1, Dh)  @  s.U is (Dh, V)",
        "numpy is not imported: write `import numpy as np` at the top of the file",
        "a is (1, 2, 3, 4, 5, 6, 7)  +  b is (2, 2)",
    ],
)
def test_nothing_is_drawn_where_no_axes_clash_or_there_are_too_many(line: str) -> None:
    assert pictures(raised(line)) == []


def test_nothing_is_drawn_where_the_mistake_is_in_another_gradient() -> None:
    wrong = of_shape("expected shape (1, V) = (1, 11), got (11, 11) = (V, V)")
    assert pictures(wrong)
    assert pictures(replace(wrong, inherits=["dJ_db2"])) == []
    assert pictures(replace(wrong, follow_through=FollowThrough(["dJ_db2"], 3.0))) == []


def test_a_hidden_check_of_the_shape_has_no_picture_on_gradescope() -> None:
    wrong = of_shape("expected shape (1, V) = (1, 11), got (11, 11) = (V, V)")
    assert "yours" in gradient_page(wrong, wrong.checks, [])
    assert "yours" not in gradient_page(wrong, [], [])


AXES = st.lists(st.sampled_from(["1", "V", "Dh", "d·V", "7"]), min_size=1, max_size=6).map(tuple)


@given(AXES, AXES, st.sampled_from(["@", "+", "*="]), st.text(max_size=50))
def test_every_picture_is_wellformed_and_free_of_markup_from_students(
    left: tuple[str, ...], right: tuple[str, ...], operator: str, name: str
) -> None:
    name = f"<script>{name}</script>".replace("\n", " ")
    for picture in pictures(raised(f"{name} is ({', '.join(left)},)  {operator}  b is ({', '.join(right)},)")):
        root = ElementTree.fromstring(as_svg(picture))
        assert root.get("aria-label")
        assert "<script" not in as_svg(picture)
        marks = "".join(as_text(picture)).count("✗")
        assert marks == sum(not pair.fits for pair in picture.pairs) > 0


def test_what_a_page_leaves_of_a_picture_without_its_elements_can_be_read() -> None:
    """As JupyterLab shows a notebook that it does not trust: no SVG, only the characters in it."""
    line = sentences.OPERATION("s.h", "(1, Dh)", "@", "dJ_db2(s)", "(1, V)")
    [product] = pictures(raised(line))
    assert (
        "".join(ElementTree.fromstring(as_svg(product)).itertext()).split()
        == "s.h (1, Dh) @ dJ_db2(s) (1, V) ✗".split()
    )
    [compared] = pictures(of_shape("expected shape (1, V) = (1, 11), got (11,) = (V,)"))
    assert (
        "".join(ElementTree.fromstring(as_svg(compared)).itertext()).split() == "yours (V) ≠ expected (1, V) ✓".split()
    )


@given(AXES, AXES)
def test_the_line_of_a_product_ends_below_the_axes_that_meet(left: tuple[str, ...], right: tuple[str, ...]) -> None:
    for picture in pictures(raised(f"a is ({', '.join(left)},)  @  b is ({', '.join(right)},)")):
        _, shapes, line = as_text(picture)
        begin, end = line.index("└"), line.index("┘")
        assert any(shapes[begin - len(axis) // 2 :].startswith(axis) for axis in left)
        assert any(shapes[end - len(axis) // 2 :].startswith(axis) for axis in right)
