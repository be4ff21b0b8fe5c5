"""What a traced value was made of: the earlier values of the names that its line read, and what those were made of."""

from collections.abc import Collection, Iterator, Sequence

from grader.diagnosis.traced.events import RETURNED, Event


class Origins:
    """The events of a run by what reads them."""

    def __init__(self, found: Sequence[Event], closed: Collection[str]) -> None:
        """Arrange them.

        Args:
            found: all events, in order of time.
            closed: functions into which nothing is followed.
        """
        self.closed = closed
        self._held: dict[tuple[str, str], list[Event]] = {}
        self._given: dict[tuple[str, str], list[Event]] = {}
        self._returned: dict[str, list[Event]] = {}
        self._anywhere: dict[str, list[Event]] = {}
        for one in found:
            if one.called:
                self._given.setdefault((one.called, one.name), []).append(one)
            elif one.returned or one.one_of_several:
                self._returned.setdefault(one.function, []).append(one)
            else:
                self._held.setdefault((one.function, one.name), []).append(one)
                self._anywhere.setdefault(one.name, []).append(one)

    def of(self, event: Event) -> list[Event]:
        """All that a value was made of, the latest first."""
        found, waiting = dict[Event, None](), [event]
        while waiting:
            for one in self.direct(waiting.pop()):
                if one not in found:
                    found[one] = None
                    waiting.append(one)
        return sorted(found, key=lambda one: -one.order)

    def direct(self, event: Event) -> Iterator[Event]:
        """What its line read."""
        if event.function in self.closed and not event.called:
            return
        for name in event.read:
            if name != event.called:
                yield from self._read(event, name)

    def _read(self, event: Event, name: str) -> Iterator[Event]:
        own = self._before(self._held.get((event.function, name), ()), event)
        given = self._before(self._given.get((event.function, name), ()), event)
        latest = max(own + given, key=lambda one: one.order, default=None)
        if latest is not None:
            yield latest
            return
        function, bracket, place = name.partition("[")
        returned = self._before(self._returned.get(function, ()), event)
        if bracket:  # one of its results
            returned = [one for one in returned if one.name == f"{RETURNED}[{place}"] or returned
        if returned:
            yield from {one.name: one for one in returned}.values()
        else:  # of an enclosing function, or of the whole file
            yield from self._before(self._anywhere.get(name, ()), event)[-1:]

    @staticmethod
    def _before(found: Sequence[Event], event: Event) -> list[Event]:
        return [one for one in found if one.order < event.order]
