"""How far a batch is: a bar with rate, time left and failures in a terminal, plain lines elsewhere.  Writes to stderr."""

import sys
import time
from types import TracebackType
from typing import Protocol

_LINE_SECONDS = 5.0


class Progress(Protocol):
    """Counts submissions; a context manager."""

    def done(self, *, failed: bool) -> None: ...
    def __enter__(self) -> "Progress": ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def show_progress(total: int, what: str = "graded") -> Progress:
    return _Bar(total, what) if sys.stderr.isatty() else _Lines(total, what)


class _Lines:
    """A line every few seconds, and one at the end."""

    def __init__(self, total: int, what: str) -> None:
        self.total, self.what = total, what
        self.count = self.failed = self.printed = 0
        self.start = self.last = time.monotonic()

    def done(self, *, failed: bool) -> None:
        self.count += 1
        self.failed += failed
        if time.monotonic() - self.last >= _LINE_SECONDS:
            self.last = time.monotonic()
            self._print()

    def _print(self) -> None:
        seconds = max(time.monotonic() - self.start, 1e-6)
        rate = self.count / seconds
        left = (
            f", {(self.total - self.count) / rate:.0f} s left"
            if 0 < self.count < self.total
            else f" in {seconds:.1f} s"
        )
        failed = f", {self.failed} not graded" if self.failed else ""
        self.printed = self.count
        print(
            f"{self.what} {self.count} of {self.total} ({_rate(rate)} a second{left}{failed})",
            file=sys.stderr,
            flush=True,
        )

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.total and self.printed < self.count:
            self._print()


def _rate(rate: float) -> str:
    return f"{rate:.0f}" if rate >= 10 else f"{rate:.1f}"


class _Bar:
    """A bar by rich, redrawn a few times a second."""

    def __init__(self, total: int, what: str) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}/s"),
            TimeRemainingColumn(),
            TextColumn("left"),
            TextColumn("[red]{task.fields[failures]}[/red]"),
            console=Console(stderr=True),
        )
        self._task = self._progress.add_task(what, total=total, rate="-", failures="")
        self.count = self.failed = 0
        self.start = time.monotonic()

    def done(self, *, failed: bool) -> None:
        self.count += 1
        self.failed += failed
        rate = _rate(self.count / max(time.monotonic() - self.start, 1e-6))
        failures = f"{self.failed} not graded" if self.failed else ""
        self._progress.update(self._task, advance=1, rate=rate, failures=failures)

    def __enter__(self) -> "Progress":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
