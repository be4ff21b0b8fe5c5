"""Assignments of any size: a chain of layers  h_k = tanh(h_{k-1} W_k + ...),  with two gradients each."""

from pathlib import Path

from grader.config.load import load_config
from grader.problem.assignment import load_assignment

ROOT = Path(__file__).parents[1]


def chain(folder, layers, biases=0):
    """The assignment, written to a folder: `layers` layers, with `biases` biases added in each."""
    (folder / "assignment").mkdir(parents=True)
    (folder / "solutions").mkdir()
    added = [f"b{i}" for i in range(biases)]
    last = f"h{layers}"
    model = "import numpy as np\n\n\ndef squash(a):\n    return np.tanh(a)\n"
    solution = f"def dJ_dz{layers}(s):\n    return (s.{last} - s.t) * (1 - s.{last} ** 2)\n"
    for k in range(1, layers + 1):
        names = ", ".join([f"h{k - 1}", f"W{k}", *added])
        total = " + ".join([f"h{k - 1} @ W{k}", *added])
        model += f"\n\ndef z{k}({names}):\n    return {total}\n\n\ndef h{k}(z{k}):\n    return squash(z{k})\n"
        solution += f"def dJ_dW{k}(s):\n    return s.h{k - 1}.T @ dJ_dz{k}(s)\n"
    for k in range(layers - 1, 0, -1):
        solution += f"def dJ_dz{k}(s):\n    return (dJ_dz{k + 1}(s) @ s.W{k + 1}.T) * (1 - s.h{k} ** 2)\n"
    model += f"\n\ndef J({last}, t):\n    return 0.5 * np.sum(({last} - t) ** 2, axis=(-2, -1))\n"
    (folder / "assignment" / "model.py").write_text(model)
    (folder / "solutions" / "gradients.py").write_text(solution)
    (folder / "config.yaml").write_text(_config(layers, added))
    return load_assignment(load_config(folder / "config.yaml"), folder, with_solution=True)


def _config(layers, added):
    row = "{sample: normal, shape: [1, n]}"
    lines = ["title: chain", "model: assignment/model.py", "solution: solutions/gradients.py", "loss: J"]
    lines += ["submission: gradients.py", "objective: cross_entropy"]
    lines += [
        "dimensions: {n: [5, 6, 7]}",
        "steps: {count: 3, seed: '00000000000000000000000000000004'}",
        "quantities:",
    ]
    lines += [f"  {name}: {row}" for name in ("h0", "t", *added)]
    for k in range(1, layers + 1):
        lines += [f"  W{k}: {{sample: normal, shape: [n, n], scale: 0.5}}"]
        lines += [f"  {name}{k}: {{sample: model, shape: [1, n]}}" for name in ("z", "h")]
    lines += ["gradients:"]
    for k in range(layers, 0, -1):
        lines += [f"  - {{name: dJ_d{name}{k}, of: {name}{k}, max_score: 1}}" for name in ("z", "W")]
    text = (ROOT / "config.yaml").read_text()
    tail = text[text.index("checks:") :].replace("solutions/hints.yaml", '""')
    return (
        "\n".join(lines) + "\n" + "".join(f"{x}\n" for x in tail.splitlines() if not x.strip().startswith("mistakes:"))
    )
