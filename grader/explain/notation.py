"""Index notation as LaTeX: `∂J/∂U[i, j] = Σ_k h[i] · [k = j]` becomes partial derivatives, sums and Kronecker deltas."""

import re

from grader.derivation.writing.latex import symbol

_OPENING, _CLOSING = "([", ")]"
_NAME = re.compile(r"[A-Za-z_]\w*")
_FUNCTIONS = {name: rf"\{name}" for name in ("exp", "log", "tanh", "sin", "cos", "max", "min")} | {"sigmoid": r"\sigma"}
_SIGNS = {"·": r"\cdot", "@": "", "*": r"\odot", "Σ": r"\sum", "≠": r"\ne", ">=": r"\ge", "<=": r"\le"}
_RELATION = re.compile(r" (=|>=|<=|>|<|≠) ")


def in_latex(text: str) -> str:
    """A line of a derivation as LaTeX."""
    result, position = "", 0
    while position < len(text):
        piece, position = _piece(text, position)
        result += piece
    return result


def _piece(text: str, at: int) -> tuple[str, int]:
    """What starts at a position as LaTeX, and where the next piece starts."""
    if text[at] == "∂":
        return _partial(text, at)
    if over := re.compile(r"(Σ|max|min)_([a-zA-Z]+)").match(text, at):
        sign = _SIGNS.get(over[1], rf"\{over[1]}")
        return rf"{sign}_{{{','.join(over[2])}}}", over.end()
    if name := _NAME.match(text, at):
        return _named(text, name[0], name.end())
    if text[at] in _OPENING:
        end = _end(text, at)
        inside = text[at + 1 : end - 1]
        if text[at] == "(":
            return _in_brackets(in_latex(inside)), end
        return _bracket(inside), end
    if text[at] == "^":
        power = re.compile(r"\^(-?[\d./]+|\w+)").match(text, at)
        return (f"^{{{power[1]}}}", power.end()) if power else ("^", at + 1)
    sign = text[at : at + 2] if text[at : at + 2] in _SIGNS else text[at]
    return _SIGNS.get(sign, sign), at + len(sign)


def _in_brackets(inside: str) -> str:
    """Brackets that are as high as what is in them."""
    high = any(sign in inside for sign in (r"\frac", r"\sum", r"\max", r"\min"))
    return rf"\left({inside}\right)" if high else f"({inside})"


def _end(text: str, start: int) -> int:
    """Where the bracket that opens at a position is closed."""
    depth = 0
    for position in range(start, len(text)):
        depth += (text[position] in _OPENING) - (text[position] in _CLOSING)
        if depth == 0:
            return position + 1
    return len(text)


def _named(text: str, name: str, end: int) -> tuple[str, int]:
    """A quantity with its indices, a gradient, or a function of what is in brackets."""
    if text[end : end + 1] == "[":
        close = _end(text, end)
        return _indexed(name, text[end + 1 : close - 1]), close
    if text[end : end + 1] == "(":
        close = _end(text, end)
        inside = in_latex(text[end + 1 : close - 1])
        if name == "sqrt":
            return rf"\sqrt{{{inside}}}", close
        shown = _FUNCTIONS.get(name) or rf"\operatorname{{{name.replace('_', '-')}}}"
        whole = shown + _in_brackets(inside)
        if text[close : close + 1] == "[":
            after = _end(text, close)
            return f"{whole}_{{{_places(text[close + 1 : after - 1])}}}", after
        return whole, close
    if text[end : end + 2] == ".T":
        return rf"{_indexed(name, '')}^{{\top}}", end + 2
    return _indexed(name, ""), end


def _partial(text: str, at: int) -> tuple[str, int]:
    """∂J/∂U[i, j], where J may be (-J) or an entry."""
    sides = []
    for _ in range(2):
        at += 1  # the sign ∂
        if text[at] == "(":
            end = _end(text, at)
            sides.append(in_latex(text[at + 1 : end - 1]).join(("(", ")")))
        else:
            name = _NAME.match(text, at)
            assert name
            shown, end = _named(text, name[0], name.end())
            sides.append(shown)
        at = end + 1  # the stroke between the two
    return rf"\frac{{\partial {sides[0]}}}{{\partial {sides[1]}}}", at - 1


def _bracket(inside: str) -> str:
    """Kronecker's delta for two letters, Iverson's bracket for anything else."""
    letters = re.fullmatch(r"(\w) = (\w)", inside)
    if letters:
        return rf"\delta_{{{letters[1]}{letters[2]}}}"
    left, relation, right = _RELATION.split(inside, maxsplit=1)
    return rf"\left[{in_latex(left)} {_SIGNS.get(relation, relation)} {in_latex(right)}\right]"


def _places(indices: str) -> str:
    parts = re.findall(r"\w+\[[^\]]*\]|[^,]+", indices)
    return ",".join(in_latex(part.strip()) if len(part.strip()) > 1 else part.strip() for part in parts if part.strip())


def _indexed(name: str, indices: str) -> str:
    """A name with its indices: `h_prev[i]` as h_{prev,i}, `dJ_db2[j]` as a derivative in brackets."""
    below = _places(indices)
    if found := re.fullmatch(r"d([A-Za-z]+)_d(\w+)", name):
        derivative = rf"\frac{{\partial {symbol(found[1])}}}{{\partial {symbol(found[2])}}}"
        return rf"\left({derivative}\right)_{{{below}}}" if below else derivative
    shown = symbol(name)
    if not below:
        return shown
    return f"{shown[:-1]},{below}}}" if re.search(r"_\{[^{}]*(\{[^{}]*\})?[^{}]*\}$", shown) else f"{shown}_{{{below}}}"
