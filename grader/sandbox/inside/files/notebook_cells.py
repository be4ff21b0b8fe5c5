"""In a child: the code of a notebook's cell as plain Python, read as IPython reads it.

IPython's own syntax (`%...`, `!...`, `name?`) is replaced by the Python that it runs, or by `pass`.  Lines keep their
numbers.  Nothing is executed here.
"""

import ast
import re
import textwrap
import warnings

ESCAPES = frozenset("%!?,;/")  # a line that begins with one of them is a command
RUNS_CELL = ("time", "capture", "prun")  # what stands below %%time is run like any other cell
# `%time d = f(s)` runs the statement; these are the options that may stand before it.
RUNS_STATEMENT = {
    "time": re.compile(r"(--no-raise-error\s+)*"),
    "prun": re.compile(r"(-[DlsT]\s*\S+\s+|-[rq]+\s+)*"),
}
MAX_JOINED = 100  # lines that may begin at the margin and yet belong to the statement before them

_INDENT = re.compile(r"[ \t\f]*")
_PS1 = re.compile(r"\s*>>>[ \t]?")
_PS2 = re.compile(r"\s*\.\.\.[ \t]?")
_PROMPT = re.compile(r"((\[nav\]|\[ins\])? )?In \[\d+\]: |\s*\.{3,}: ?")
_TRIPLE = re.compile(r"(?<!\\)(\"\"\"|''')")
_PREFIX = re.compile(r"[rubf]*", re.IGNORECASE)
_TOKEN = re.compile(
    r'''(?P<string>[rbuft]{0,3}(?:"""(?:\\.|[^\\])*?(?:"""|\Z)|\'\'\'(?:\\.|[^\\])*?(?:\'\'\'|\Z)'''
    r"""|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))"""
    r"""|(?P<comment>\#[^\n]*)|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<command>=[ \t]*(?=[!%]))|(?P<help>\?)"""
    r"""|(?P<joined>\\\n)|(?P<end>\n)|(?P<space>[ \t\f]+)|(?P<other>\w+|.)""",
    re.DOTALL | re.IGNORECASE,
)
_COMMAND = re.compile(r"(?:.*\\\n)*.*")  # only a backslash continues it on the next line
_BELONGS_ABOVE = re.compile(r"[\s#]|$|(else|elif|except|finally)\b")
_UNFINISHED = re.compile(r"never closed|EOF|unterminated triple|expected an indented block|expected 'except'")
_CONFLICT = re.compile(r"^(<{7}|>{7})(?: .*)?$", re.MULTILINE)
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)


class Cell:
    """One cell as Python.

    Attributes:
        python: its text, as many lines as the cell has; what cannot be read is left empty.
        commands: (line, the text) of those that are left out.
        unreadable: (line, the text, why) for statements that are no Python.
        foreign: the first line of a cell in another language, which is left out as a whole; else "".
    """

    def __init__(self, text):
        self.source = "\n".join(re.split(r"\r\n?|\n", text))
        self.commands, self.unreadable, self.foreign = [], [], ""
        self.python = self._read(self.source)

    def _read(self, text):
        if parses(text) is None and not _has_prompt(text.split("\n")):
            return text
        conflict = conflict_line(text)
        if conflict:
            self.unreadable.append((conflict[0], text, f"merge conflict markers ({conflict[1]})"))
            return _blank(text)
        lines = _without_prompts(_dedented(text).split("\n"))
        first = next((number for number, line in enumerate(lines) if line.strip()), 0)
        if lines[first].startswith("%%") and not re.match(r"%%\w+\?", lines[first]):
            name = (lines[first][2:].split(None, 1) or [""])[0]
            if name in RUNS_CELL:
                return self._read("\n".join([""] * (first + 1) + lines[first + 1 :]))
            self.foreign = lines[first].strip()
            return _blank(text)
        return self._python(lines)

    def _python(self, lines):
        python, skipped = without_commands("\n".join(lines))
        if parses(python) is None:
            self.commands += skipped
            return python
        return "\n".join(self._statements(lines))

    def _statements(self, lines):
        """The lines of each statement by itself, as a bad one costs only itself."""
        starts = [number for number, line in enumerate(lines) if not _BELONGS_ABOVE.match(line)]
        if any(line.strip() and not line.lstrip().startswith("#") for line in lines[: starts[0] if starts else None]):
            starts.insert(0, 0)
        ends = [*starts, len(lines)]
        done, at = 0, 0
        while at < len(starts):
            yield from [""] * (starts[at] - done)
            for end in range(at + 1, min(at + 1 + MAX_JOINED, len(ends))):
                begin, done = starts[at], ends[end]
                python, skipped = without_commands("\n".join(lines[begin:done]))
                error = parses(python)
                if end == at + 1:
                    first_error = error
                if error is None or not (lines[begin].startswith("@") or _UNFINISHED.search(str(error))):
                    break
            if error is None:
                self.commands += [(begin + line, text) for line, text in skipped]
                yield from python.split("\n")
                at = end
            else:
                done = ends[at + 1]
                text = "\n".join(lines[begin:done])
                line = getattr(first_error, "lineno", None) or 1
                self.unreadable.append((begin + line, text, in_words(first_error)))
                yield from [""] * (done - begin)
                at += 1
        yield from [""] * (len(lines) - done)


def parses(text):
    """None where `text` is Python, else the exception that it raises."""
    with warnings.catch_warnings(record=True):  # they are reported when it is executed
        try:
            ast.parse(text)
        except _UNREADABLE as error:
            return error
    return None


def in_words(error):
    return f"{type(error).__name__}: {getattr(error, 'msg', error)}"


def conflict_line(text):
    """(line, mark) of the first mark of a merge conflict, or None."""
    found = _CONFLICT.search(text)
    return found and (text.count("\n", 0, found.start()) + 1, found[1])


def without_commands(text):
    """The text with Python in place of IPython's commands, and (line, text) of those that are left out."""
    parts, skipped, at = [], [], 0
    while at < len(text):
        begin = _INDENT.match(text, at).end()
        if begin < len(text) and text[begin] in ESCAPES:
            kind, start, end = "command", begin, _COMMAND.match(text, begin).end()
        else:
            kind, start, end = _logical_line(text, begin)
        source = text[begin:end]
        if kind == "command":
            python = _of_command(text[begin:start], text[start:end].replace("\\\n", " ").rstrip())
            if python is None:
                skipped.append((text.count("\n", 0, begin) + 1, source.strip()))
            source = (python or "pass") + "\n" * source.count("\n")
        parts += [text[at:begin], source]
        at = end
    return "".join(parts), skipped


def _logical_line(text, begin):
    """(kind, where a command in it starts, its end with the newline): kind is "command" or ""."""
    depth, help_wanted = 0, False
    for token in _TOKEN.finditer(text, begin):
        kind = token.lastgroup
        if kind == "end" and depth <= 0:
            return ("command" if help_wanted else ""), begin, token.start() if help_wanted else token.end()
        if kind == "command" and depth <= 0:
            return "command", token.end(), _COMMAND.match(text, token.end()).end()
        depth += (kind == "open") - (kind == "close" and depth > 0)
        if kind not in ("space", "comment", "end"):
            help_wanted = kind == "help"
    return ("command" if help_wanted else ""), begin, len(text)


def _of_command(before, command):
    """The Python that a command runs, with what it is assigned to `before` it; None where it runs none."""
    if command.endswith("?"):
        return None
    name, _, rest = command[1:].partition(" ")
    if command[:1] == "%" and name in RUNS_STATEMENT:
        statement, skipped = without_commands(RUNS_STATEMENT[name].sub("", rest.strip(), count=1))
        if before and name != "time":  # only %time has a value
            return None
        python = before + statement
        return python if statement.strip() and not skipped and parses(python) is None else None
    calls = {"/": ", ".join(rest.split()), ",": '"' + '", "'.join(rest.split()) + '"', ";": f'"{rest}"'}
    if command[:1] in calls and not before:
        call = f"{name}({calls[command[0]]})"
        return call if parses(call) is None else None
    return None


def _dedented(text):
    first = next((line for line in text.split("\n") if line.strip()), "")
    return textwrap.dedent(text) if first[:1].isspace() else text


def _without_prompts(lines):
    """Without `>>> ` and `In [1]: `, and `...` in the lines that go on, where a cell was pasted from a session."""
    inside = _inside_strings(lines)
    if any(_PS1.match(line) for line, within in zip(lines, inside) if not within):
        found = [within or (_PS1.match(line) or _PS2.match(line)) for line, within in zip(lines, inside)]
        bare = [line if match in (True, None) else line[match.end() :] for line, match in zip(lines, found)]
        outside = "\n".join(line for line, within in zip(bare, inside) if not within)
        rest = iter(textwrap.dedent(outside).split("\n"))
        lines = [line if within else next(rest) for line, within in zip(bare, inside)]
    if _has_prompt(lines):
        lines = [_PROMPT.sub("", line, count=1) for line in lines]
    return lines


def _has_prompt(lines):
    """Whether the first two lines have a prompt of IPython; `In [1]: x = 2` by itself is Python, too."""
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    return any(_PROMPT.match(line) for line in lines[first : first + 2])


def _inside_strings(lines):
    """For each line whether it is inside a triple-quoted string that begins a line and was not itself pasted from a session."""
    inside, quote, own, pasted = [], None, False, False
    for line in lines:
        inside.append(quote is not None and bool(own))
        for found in _TRIPLE.finditer(line):
            if quote is None:
                before = line[: found.start()]
                bare = _PS2.sub("", _PS1.sub("", before, count=1), count=1)
                quote, own = found[1], not (pasted and bare != before) and _PREFIX.fullmatch(bare.strip())
            elif quote == found[1]:
                quote = None
        pasted = pasted or bool(_PS1.match(line))
    return inside


def _blank(text):
    return "\n" * text.count("\n")
