"""Write gallery/README.md and the picture of each assignment's graph; `make gallery` runs this.  Needs Graphviz' `dot`."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from grader.config.keys import Config
from grader.config.load import load_config
from grader.newassignment.gallery.labelled import read_cases
from grader.problem.assignment import load_assignment

GALLERY = Path(__file__).parents[1] / "gallery"
_BEGIN, _END = "<!-- table -->\n", "<!-- end -->\n"


def parameters_of(folder: Path) -> tuple[Config, Mapping[str, list[str]]]:
    """The config, and for each quantity that the model computes the quantities that it is computed from."""
    config = load_config(folder / "config.yaml")
    graph = load_assignment(config, folder, with_solution=False).graph
    return config, {name: list(graph.parameters[name]) for name in [*graph.order, config.loss]}


def dot_of(config: Config, parameters: Mapping[str, list[str]]) -> str:
    """The graph in Graphviz' language: inputs are plain, what is differentiated with respect to has a colored box."""
    asked = {gradient.of for gradient in config.gradients}
    return "\n".join(["digraph {", *_head(), *_nodes(asked, parameters), *_arrows(parameters), "}", ""])


def _head() -> Iterator[str]:
    yield '  rankdir=LR; bgcolor="white"; margin=0.1; nodesep=0.15; ranksep=0.35;'
    yield '  node [fontname="Helvetica", fontsize=11, height=0.28, width=0.3, margin="0.08,0.03"];'
    yield '  edge [color="#57606a", arrowsize=0.6];'


def _nodes(asked: set[str], parameters: Mapping[str, list[str]]) -> Iterator[str]:
    named = dict.fromkeys(name for each, given in parameters.items() for name in [*given, each])
    for name in named:
        shape = "box" if name in parameters else "plaintext"
        style = 'shape=box, style="filled,rounded", fillcolor="#ddf4ff"' if name in asked else f"shape={shape}"
        yield f'  "{name}" [{style}];'


def _arrows(parameters: Mapping[str, list[str]]) -> Iterator[str]:
    for name, given in parameters.items():
        for each in given:
            yield f'  "{each}" -> "{name}";'


def table_row(folder: Path, config: Config) -> str:
    """The row of an assignment in gallery/README.md."""
    name = folder.name
    gradients = ", ".join(f"`{gradient.name}`" for gradient in config.gradients)
    cases = len(read_cases(folder))
    return (
        f"| [`{name}`]({name}/assignment/README.md) | {config.title} | {gradients} | {cases} |"
        f" [![{name}]({name}/graph.svg)]({name}/graph.svg) |"
    )


def table() -> str:
    """The table of gallery/README.md."""
    folders = sorted(path.parent for path in GALLERY.glob("*/config.yaml"))
    rows = [table_row(folder, load_config(folder / "config.yaml")) for folder in folders]
    return "\n".join(
        ["| name | subject | gradients | wrong submissions | the model |", "|---|---|---|---|---|", *rows, ""]
    )


def main() -> int:
    for folder in sorted(path.parent for path in GALLERY.glob("*/config.yaml")):
        text = dot_of(*parameters_of(folder))
        done = subprocess.run(["dot", "-Tsvg"], input=text, capture_output=True, text=True, check=True)
        (folder / "graph.svg").write_text(done.stdout, encoding="utf-8")
    page = GALLERY / "README.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(_BEGIN)
    page.write_text(before + _BEGIN + table() + _END + rest.partition(_END)[2], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
