"""A function at work, which stands still at each AWS call and each wait until the scheduler lets it go on.

Greenlets, since the code that runs is ordinary, blocking code: it must be stopped in the middle without its knowing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from greenlet import GreenletExit, getcurrent, greenlet

from simulation.wire import Call, Reply


@dataclass(frozen=True, slots=True)
class Calling:
    """It has sent a call and waits for the answer."""

    call: Call
    since: float


@dataclass(frozen=True, slots=True)
class Returning:
    """Its call was applied, and the answer is on its way back."""

    reply: Reply
    since: float


@dataclass(frozen=True, slots=True)
class Sleeping:
    """It waits, and then goes on, or meets an error that took that long to show."""

    until: float
    then: Exception | None = None


class Invocation:
    """One run of a function, from its event to its result."""

    def __init__(self, name: str, work: Callable[[], Any], done: Callable[["Invocation"], None]) -> None:
        """`work` is what it does; `done` is called once it has ended, in whatever way."""
        self.name = name
        self.waiting: Calling | Returning | Sleeping | None = None
        self.result: Any = None
        self.error: Exception | None = None
        self.was_killed = False
        self._greenlet = greenlet(work)
        self._done = done

    def begin(self) -> None:
        """Run until the first call."""
        self._switch(self._greenlet.switch)

    def answer(self, reply: Reply | None) -> None:
        """Let the call, or the wait, return."""
        self._switch(lambda: self._greenlet.switch(reply))

    def fail(self, error: Exception) -> None:
        """Let the call raise."""
        self._switch(lambda: self._greenlet.throw(error))

    def answer_later(self, reply: Reply, now: float) -> None:
        """Let the call return, but not yet."""
        self.waiting = Returning(reply, now)

    def fail_at(self, until: float, error: Exception) -> None:
        """Let the call raise, but not yet."""
        self.waiting = Sleeping(until, error)

    def wake(self) -> None:
        """End the wait."""
        if isinstance(self.waiting, Sleeping) and self.waiting.then:
            self.fail(self.waiting.then)
        else:
            self.answer(None)

    def kill(self) -> None:
        """End it here, as when its machine goes away."""
        self.was_killed = True
        self._switch(lambda: self._greenlet.throw(GreenletExit))

    def _switch(self, switch: Callable[[], Any]) -> None:
        try:
            outcome = switch()
        except Exception as error:
            outcome, self.error = None, error
        if not self._greenlet.dead:
            if self.was_killed:
                raise RuntimeError(f"{self.name} goes on calling AWS while it is being killed: {outcome}")
            self.waiting = outcome
            return
        self.waiting, self.result = None, None if self.was_killed else outcome
        self._done(self)


def wait_for(what: Calling | Sleeping) -> Any:
    """Stand still until the scheduler goes on with this invocation; called from within it."""
    scheduler = getcurrent().parent
    if scheduler is None:
        raise RuntimeError("an AWS call outside of any invocation")
    return scheduler.switch(what)
