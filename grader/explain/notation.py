"""Index notation as LaTeX: `∂J/∂U[i, j] = Σ_k h[i] · [k = j]` becomes partial derivatives, sums and Kronecker deltas."""

import re

from grader.derivation.writing.latex import symbol

_TOKEN = re.compile(
    r"∂(?P<top>\w+)(?:\[(?P<top_at>[^\]]*)\])?/∂(?P<below>\w+)(?:\[(?P<below_at>[^\]]*)\])?"
    r"|Σ_(?P<sum>\w+)"
    r"|\[(?P<left>\w+) = (?P<right>\w+)\]"
    r"|(?P<name>[A-Za-z_]\w*)(?:\[(?P<at>[^\]]*)\])?(?P<transposed>\.T)?"
    r"|(?P<sign>[·@*^])"
)
_FUNCTIONS = {"exp", "log", "tanh", "sin", "cos", "max", "min"}
_SIGNS = {"·": r"\cdot", "@": "", "*": r"\odot", "^": "^"}


def in_latex(text: str) -> str:
    """A line of a derivation as LaTeX."""
    return _TOKEN.sub(_converted, text)


def _indexed(name: str, indices: str | None) -> str:
    """A name with its indices: `h_prev[i]` as h_{prev,i}, `dJ_db2[j]` as a derivative in brackets."""
    below = ",".join(part.strip() for part in (indices or "").split(",") if part.strip())
    if found := re.fullmatch(r"d([A-Za-z]+)_d(\w+)", name):
        derivative = rf"\frac{{\partial {symbol(found[1])}}}{{\partial {symbol(found[2])}}}"
        return rf"\left({derivative}\right)_{{{below}}}" if below else derivative
    shown = symbol(name)
    if not below:
        return shown
    return f"{shown[:-1]},{below}}}" if re.search(r"_\{[^{}]*(\{[^{}]*\})?[^{}]*\}$", shown) else f"{shown}_{{{below}}}"


def _converted(found: re.Match[str]) -> str:
    if found["below"]:
        top, below = _indexed(found["top"], found["top_at"]), _indexed(found["below"], found["below_at"])
        return rf"\frac{{\partial {top}}}{{\partial {below}}}"
    if found["sum"]:
        return rf"\sum_{{{found['sum']}}}"
    if found["left"]:
        return rf"\delta_{{{found['left']}{found['right']}}}"
    if found["sign"]:
        return _SIGNS[found["sign"]]
    if found["name"] in _FUNCTIONS:
        return rf"\{found['name']}"
    if found["name"] == "sqrt":
        return r"\operatorname{sqrt}"
    return _indexed(found["name"], found["at"]) + (r"^{\top}" if found["transposed"] else "")
