"""Where an entry stands along an axis: a letter, a number, `2·i + k`, or `words[t]` where an index array picks."""

import re
from collections.abc import Callable, Mapping
from typing import Any

Affine = tuple[dict[str, int], int]  # the multiple of each letter, and a number


def affine(place: str) -> Affine | None:
    """`2·i + k + 1` as ({"i": 2, "k": 1}, 1); None for what an index array picks."""
    if "[" in place or not place:
        return None
    letters: dict[str, int] = {}
    number = 0
    for sign, part in re.findall(r"([+-]?) ?([\w·]+)", place):
        factor, _, letter = part.rpartition("·")
        size = int(factor or 1) * (-1 if sign == "-" else 1)
        if letter.isdigit():
            number += size * int(letter)
        else:
            letters[letter] = letters.get(letter, 0) + size
    return letters, number


def written(place: Affine) -> str:
    """The other way round."""
    letters, number = place
    parts = sorted(((size, letter) for letter, size in letters.items() if size), key=lambda part: -abs(part[0]))
    terms = [(size, letter if abs(size) == 1 else f"{abs(size)}·{letter}") for size, letter in parts]
    terms += [(number, str(abs(number)))] if number or not terms else []
    text = "".join(f" {'-' if size < 0 else '+'} {term}" for size, term in sorted(terms, key=lambda each: each[0] < 0))
    return text.removeprefix(" + ").lstrip() if not text.startswith(" - ") else f"-{text[3:]}"


def moved(letter: str, start: int, step: int) -> str:
    """The place in an array of an entry of its slice start:stop:step."""
    known = affine(letter)
    if known is None:
        return letter or str(start)
    return written(({each: step * size for each, size in known[0].items()}, step * known[1] + start))


def swapped(place: str, old: str, new: str) -> str:
    """The place with a letter exchanged for another, or for a place of its own."""
    known, other = affine(place), affine(new)
    if known is None or other is None:
        return re.sub(rf"\b{re.escape(old)}\b", new, place) if "[" in place else new if place == old else place
    letters, number = known
    if old not in letters:
        return place
    rest = {letter: size for letter, size in letters.items() if letter != old}
    for letter, size in other[0].items():
        rest[letter] = rest.get(letter, 0) + letters[old] * size
    return written((rest, number + letters[old] * other[1]))


def letters_of(place: str) -> list[str]:
    """The letters in a place."""
    if "[" in place:
        return place.partition("[")[2].rstrip("]").split(", ")
    known = affine(place)
    return list(known[0]) if known else []


def place_value(place: str, places: Mapping[str, Any]) -> int:
    """Its number, for these values of the letters and index arrays."""
    name, bracket, inner = place.partition("[")
    if bracket:
        return int(places[name][tuple(places[each] for each in inner.rstrip("]").split(", "))])
    known = affine(place)
    assert known is not None
    return sum(size * int(places[letter]) for letter, size in known[0].items()) + known[1]


def joined(place: str, letter: str, length: int) -> str:
    """The place along an axis that was cut into pieces of `length`: `letter` within the piece at `place`."""
    outer, inner = affine(place) or ({}, 0), affine(letter)
    if inner is None:
        return letter
    letters = {each: length * size for each, size in outer[0].items()}
    for each, size in inner[0].items():
        letters[each] = letters.get(each, 0) + size
    return written((letters, length * outer[1] + inner[1]))


def fitted(texts: list[str], through: Callable[[list[int]], Affine | None]) -> str | None:
    """Places that differ in a number only, as one place; `through` expresses their numbers by new letters."""
    known = [affine(text) for text in texts]
    if len(set(texts)) == 1 or any(each is None for each in known):
        return texts[0] if len(set(texts)) == 1 else None
    letters = [each[0] for each in known if each]
    found = through([each[1] for each in known if each])
    if found is None or any(each != letters[0] for each in letters):
        return None
    return written(({**letters[0], **found[0]}, found[1]))
