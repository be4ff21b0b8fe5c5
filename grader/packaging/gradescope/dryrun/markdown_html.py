"""The Markdown of our pages, for a rehearsal: paragraphs, **bold**, *emphasis*, `code`, line breaks, escapes; no more."""

import html
import re
from collections.abc import Callable

# In this order: an escaped character is itself, code holds no markup.
_TOKEN = re.compile(
    r"\\(?P<escaped>[!-/:-@\[-`{-~])|`(?P<code>[^`\n]+)`|\*\*(?P<bold>.+?)\*\*"
    r"|\*(?P<emphasis>[^*\s][^*]*)\*|(?P<entity>&(?:amp|lt);)|  (?P<break>\n)",
    re.DOTALL,
)
_ELEMENTS = {"bold": "strong", "emphasis": "em"}


def to_html(text: str) -> str:
    """As HTML; whatever is not the Markdown above is shown as it is."""
    paragraphs = [part for part in re.split(r"\n\s*\n", text.strip()) if part]
    return "".join(f"<p>{_inline(part, _html)}</p>" for part in paragraphs)


def to_terminal(text: str) -> str:
    """As text without markup."""
    return "\n".join(_inline(part, _terminal) for part in re.split(r"\n\s*\n", text.strip()) if part)


def _inline(text: str, render: Callable[[str, str], str]) -> str:
    pieces, end = [], 0
    for match in _TOKEN.finditer(text):
        pieces.append(render("text", text[end : match.start()]))
        kind = match.lastgroup or "text"
        inside = match.group(kind)
        pieces.append(_nested(kind, inside, render) if kind in _ELEMENTS else render(kind, inside))
        end = match.end()
    return "".join([*pieces, render("text", text[end:])])


def _nested(kind: str, inside: str, render: Callable[[str, str], str]) -> str:
    text, element = _inline(inside, render), _ELEMENTS[kind]
    return f"<{element}>{text}</{element}>" if render is _html else text


def _html(kind: str, text: str) -> str:
    if kind == "code":
        return f"<code>{html.escape(text)}</code>"
    if kind == "break":
        return "<br>\n"
    return text if kind == "entity" else html.escape(text)


def _terminal(kind: str, text: str) -> str:
    return html.unescape(text) if kind == "entity" else text
