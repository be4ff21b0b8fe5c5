"""A derivation as text for the terminal, as Markdown, as LaTeX, or as an HTML page.  Every format is one function."""

import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import replace
from html import escape

from grader.explain.blocks import NUMPY, Block
from grader.explain.notation import in_latex

WIDTH = 100
COLUMN = 13  # of the labels in front of formulas
WORDS = ("indices",)  # the labels of lines that are no formulas


def text(blocks: Sequence[Block]) -> str:
    """For a terminal."""
    parts = []
    for block in blocks:
        match block.kind:
            case "title":
                parts.append(f"\n{block.text}\n{'=' * len(block.text)}\n")
            case "heading":
                parts.append(f"\n{block.text}\n{'-' * len(block.text)}\n")
            case "text":
                parts.append("\n" + "\n".join(_wrapped(line) for line in block.text.splitlines()) + "\n")
            case "markdown":
                parts.append(f"\n{block.text}\n")
            case "formula" | "aligned":
                parts.append(textwrap.indent(_columns(block), "  "))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts)).strip() + "\n"


def markdown(blocks: Sequence[Block]) -> str:
    """For a page; formulas as blocks of code, so that they read the same everywhere."""
    parts: list[str] = []
    for fenced, group in _fenced(blocks):
        if fenced:
            body = textwrap.dedent("\n".join(map(_columns, group)))
            parts.append(f"```text\n{body}\n```")
            continue
        block = group[0]
        parts.append({"title": "## ", "heading": "### "}.get(block.kind, "") + block.text)
    return "\n\n".join(parts) + "\n"


def latex(blocks: Sequence[Block]) -> str:
    """A document for `pdflatex`."""
    parts = [
        r"\documentclass{article}",
        r"\usepackage{amsmath,amssymb}",
        r"\setlength{\parindent}{0pt}",
        r"\begin{document}",
    ]
    for block in blocks:
        match block.kind:
            case "title":
                parts.append(rf"\section*{{{_plain_latex(block.text)}}}")
            case "heading":
                parts.append(rf"\subsection*{{{_plain_latex(block.text)}}}")
            case "text":
                zero = re.fullmatch(r"since (Σ.*):", block.text) if block.label == "note" else None
                shown = f"since ${in_latex(zero[1])}$:" if zero else _plain_latex(block.text)
                parts.append(shown.replace("\n", "\\\\\n") + "\n")
            case "formula":
                parts.append(_display(block))
            case "markdown":
                parts.append("See derivation.md.\n")
            case "aligned":
                parts.append("\\begin{verbatim}\n" + block.text + "\n\\end{verbatim}")
    return "\n".join([*parts, r"\end{document}"]) + "\n"


def _display(block: Block) -> str:
    """A formula on a line of its own; numpy's code where that has no mathematical form."""
    formula = block.latex or ("" if block.label in WORDS or _is_code(block) else in_latex(block.text).lstrip())
    if block.label in WORDS:
        formula = rf"\text{{{_plain_latex(block.text)}}}"
    if not formula:
        return "\\begin{verbatim}\n" + block.text + "\n\\end{verbatim}"
    rule = rf" \quad \text{{({_plain_latex(block.rule)})}}" if block.rule else ""
    return rf"\[ {'{}' * formula.startswith('=')}{formula}{rule} \tag*{{{_plain_latex(block.label)}}} \]"


def _is_code(block: Block) -> bool:
    return block.label == NUMPY or "np." in block.text or "\n" in block.text


STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "pre,code{font-family:ui-monospace,monospace;font-size:.92em}pre{overflow-x:auto;line-height:1.6}"
    "pre span{display:block;white-space:pre-wrap;overflow-wrap:anywhere;padding-left:15ch;text-indent:-15ch}"
    "pre i{opacity:.65}p{overflow-wrap:anywhere}"
    "@media(max-width:40rem){pre span{padding-left:3ch;text-indent:-3ch}}"
)


def html(blocks: Sequence[Block]) -> str:
    """One page without scripts or anything from elsewhere; long formulas are wrapped."""
    parts = []
    for fenced, group in _fenced(blocks):
        if fenced:
            parts += [f"<pre>{''.join(map(_row, rows))}</pre>" for rows in _rows_alike(group)]
            continue
        block = group[0]
        if block.kind == "markdown":
            parts.append(_rendered(block.text))
            continue
        tag = {"title": "h2", "heading": "h3"}.get(block.kind, "p")
        parts.append(f"<{tag}>{escape(block.text).replace(chr(10), '<br>')}</{tag}>")
    head = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(blocks[0].text)}</title><style>{STYLE}</style>"
    )
    return head + "\n".join(parts) + "</html>\n"


def _rows_alike(group: list[Block]) -> list[list[Block]]:
    """Formulas together, which may be wrapped, and each piece of aligned lines alone, which may not."""
    rows: list[list[Block]] = []
    for block in group:
        wrapped = block.kind == "formula"
        if wrapped and rows and rows[-1][0].kind == "formula":
            rows[-1].append(block)
        else:
            rows.append([block])
    return rows


def _row(block: Block) -> str:
    if block.kind != "formula":
        return escape(block.text)
    rule = f"  <i>({escape(block.rule)})</i>" if block.rule else ""
    return "".join(f"<span>{escape(line)}</span>" for line in _columns(replace(block, rule="")).splitlines())[:-7] + (
        f"{rule}</span>"
    )


def _rendered(text: str) -> str:
    """An instructor's Markdown; HTML in it is shown as text."""
    from markdown_it import MarkdownIt

    return str(MarkdownIt("commonmark", {"html": False}).enable("table").render(text))


FORMATS: dict[str, Callable[[Sequence[Block]], str]] = {
    "text": text,
    "markdown": markdown,
    "latex": latex,
    "html": html,
}


def _fenced(blocks: Sequence[Block]) -> list[tuple[bool, list[Block]]]:
    """Formulas and aligned lines that follow one another, together."""
    groups: list[tuple[bool, list[Block]]] = []
    for block in blocks:
        fenced = block.kind in ("formula", "aligned")
        if fenced and groups and groups[-1][0]:
            groups[-1][1].append(block)
        else:
            groups.append((fenced, [block]))
    return groups


def _columns(block: Block) -> str:
    """A formula after its label, or lines aligned below it."""
    if block.kind == "formula":
        rule = f"      ({block.rule})" if block.rule else ""
        first, *others = f"{block.text}{rule}".splitlines()
        return "\n".join([f"{block.label:{COLUMN}}{first}", *(f"{'':{COLUMN}}{line}" for line in others)])
    return textwrap.indent(block.text, " " * COLUMN)


def _wrapped(line: str) -> str:
    indent = "  " if line.startswith("- ") else ""
    return textwrap.fill(line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _plain_latex(text: str) -> str:
    escaped = re.sub(r"([&%$#_{}])", r"\\\1", text.replace("\\", r"\textbackslash "))
    return escaped.replace("^", r"\^{}").replace("~", r"\~{}").replace("Σ", r"$\Sigma$").replace("∂", r"$\partial$")
