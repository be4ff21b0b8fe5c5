"""Untrusted text shows as text and does nothing else: in every place where it reaches a terminal or a file."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.text import MAX_MARKS, one_line, several_lines

NAMES = [
    "Zoë Müller", "Zoe\u0308 Mu\u0308ller", "王伟", "Ñandú O'Brien", "Mary-Jane d’Arc", "Иван Петров", "محمد علي", "נֹעָה כֹּהֵן",
    "Nguyễn Thị Ánh", unicodedata.normalize("NFD", "Nguyễn Thị Ánh"), "ก้องภพ", "अर्जुन", "Ann 🎓",
]  # fmt: skip
HOSTILE = (
    "\x00\x07\x1b\x7f\x85\x9b\xad\u061c\u200b\u200e\u200f\u202a\u202e\u2066\u2069\u2028\u2060\ufeff\ufff9\U000e0041"
)


@pytest.mark.parametrize("name", NAMES)
def test_names_of_every_script_stay_as_they_are(name):
    assert one_line(name) == name
    assert several_lines(name) == name


@pytest.mark.parametrize("c", [*HOSTILE, "\udc80", "\ue000", "\u3164", "\u115f", "\u2800"])
def test_what_cannot_be_seen_or_acts_on_a_terminal_is_replaced_and_leaves_a_trace(c):
    assert one_line(f"a{c}b") in ("a\N{REPLACEMENT CHARACTER}b", "a b")
    assert several_lines(f"a{c}b") == one_line(f"a{c}b")


def test_a_name_becomes_one_line():
    assert one_line("Ann\r\nLee\tWu\xa0Li\u2028") == "Ann  Lee Wu Li "


def test_text_keeps_its_line_breaks():
    assert several_lines("a\r\nb\nc\td\re") == "a\nb\nc d e"


def test_a_joiner_that_chooses_the_form_of_a_letter_is_left_out_and_one_in_an_address_is_not_overlooked():
    assert one_line("می\u200cخواهم") == "میخواهم"
    assert one_line("葛\U000e0100城") == "葛城"
    assert one_line("ann\u200d@x.edu") == "ann\N{REPLACEMENT CHARACTER}@x.edu"


def test_accents_do_not_pile_up():
    assert one_line("e" + "\u0301" * 200 + "f") == "e" + "\u0301" * MAX_MARKS + "f"


def test_a_character_can_be_named_or_kept():
    assert several_lines("a\u202eb", named=True) == "a⟨U+202E⟩b"
    assert several_lines("\u200b- a", keep="\u200b") == "\u200b- a"


@given(st.text(max_size=200), st.integers(1, 100))
def test_any_text_is_printable_encodes_and_ends(text, limit):
    for shown in (one_line(text, limit), several_lines(text, limit).replace("\n", "")):
        assert shown.isprintable()
        assert not any(unicodedata.category(c)[0] == "C" for c in shown)
        assert len(shown) <= limit
        shown.encode()
    assert one_line(one_line(text, limit), limit) == one_line(text, limit)
