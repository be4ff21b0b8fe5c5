"""How far a batch is: a bar with rate, time left and failures in a terminal, plain lines elsewhere.  Writes to stderr."""

import sys
import time

_LINE_SECONDS = 5.0


def show_progress(total: int, verb: str = "graded") -> "Progress":
    return _Bar(total, verb) if sys.stderr.isatty() else Progress(total, verb)


class Progress:
    """Counts submissions; prints a line every few seconds, and one at the end."""

    def __init__(self, total: int, verb: str) -> None:
        self.total, self.verb = total, verb
        self.count = self.failed = self._printed = 0
        self.start = self._last = time.monotonic()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        if self._printed < self.count:
            self._print()

    def done(self, *, failed: bool) -> None:
        self.count += 1
        self.failed += failed
        self._show()

    def _failures(self) -> str:
        return f"{self.failed} not graded" if self.failed else ""

    def _seconds(self) -> float:
        return max(time.monotonic() - self.start, 1e-6)

    def _rate(self, seconds: float) -> str:
        """Submissions a second."""
        rate = self.count / seconds
        return f"{rate:.0f}" if rate >= 10 else f"{rate:.1f}"

    def _show(self) -> None:
        if time.monotonic() - self._last >= _LINE_SECONDS:
            self._last = time.monotonic()
            self._print()

    def _print(self) -> None:
        self._printed = self.count
        seconds = self._seconds()
        left = f", {(self.total - self.count) * seconds / self.count:.0f} s left"
        timing = left if self.count < self.total else f" in {seconds:.1f} s"
        failures = f", {self._failures()}" if self.failed else ""
        counted = f"{self.verb} {self.count} of {self.total}"
        print(f"{counted} ({self._rate(seconds)} a second{timing}{failures})", file=sys.stderr, flush=True)


class _Bar(Progress):
    """A bar by rich, redrawn a few times a second."""

    def __init__(self, total: int, verb: str) -> None:
        from rich import progress
        from rich.console import Console

        super().__init__(total, verb)
        self._bar = progress.Progress(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TextColumn("{task.fields[rate]}/s"),
            progress.TimeRemainingColumn(),
            progress.TextColumn("left"),
            progress.TextColumn("[red]{task.fields[failures]}[/red]"),
            console=Console(stderr=True),
        )
        self._task = self._bar.add_task(verb, total=total, rate="-", failures="")

    def __enter__(self) -> "Progress":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def _show(self) -> None:
        self._bar.update(self._task, advance=1, rate=self._rate(self._seconds()), failures=self._failures())
