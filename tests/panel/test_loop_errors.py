"""Whatever a callback raises, and whatever the handler of errors raises: the loop goes on, or ends in order."""

from __future__ import annotations

import asyncio
import concurrent.futures

import pytest
from guards import UnseenErrors
from nuke_ai_panel.panel.loop import PanelLoop
from qt_host import Host, running


class OfAnotherKind(BaseException):
    """Such as a framework's own way out."""


ODD_ERRORS = [
    StopIteration(1),
    StopAsyncIteration(),
    GeneratorExit(),
    RecursionError("too deep"),
    MemoryError(),
    OfAnotherKind("out"),
    asyncio.CancelledError(),
    concurrent.futures.CancelledError(),
    ExceptionGroup("some", [ValueError("no")]),
    BaseExceptionGroup("some", [OfAnotherKind("out")]),
]


def name_of(error: BaseException) -> str:
    return type(error).__name__


def fails(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize("error", ODD_ERRORS, ids=name_of)
@pytest.mark.parametrize("debug", [False, True])
async def test_whatever_a_callback_raises_is_told_once_and_hurts_nothing(error: BaseException, debug: bool):
    loop, told = running(), list[object]()
    loop.set_exception_handler(lambda _, context: told.append(context.get("exception")))
    loop.set_debug(debug)
    await asyncio.sleep(0)
    loop.call_soon(fails, error)
    loop.call_later(0, fails, error)
    loop.call_soon_threadsafe(fails, error)
    await asyncio.sleep(0.001)
    loop.set_debug(False)
    loop.set_exception_handler(None)
    assert told == [error] * 3


async def test_a_stack_that_is_used_up_in_a_callback_is_told():
    loop, told = running(), list[type]()
    loop.set_exception_handler(lambda _, context: told.append(type(context["exception"])))

    def forever() -> None:
        forever()

    loop.call_soon(forever)
    await asyncio.sleep(0.001)
    loop.set_exception_handler(None)
    assert told == [RecursionError]


async def test_a_handler_that_fails_itself_is_told_of_and_the_loop_goes_on(unseen_errors: UnseenErrors):
    loop = running()
    loop.set_exception_handler(lambda *_: fails(OfAnotherKind("the handler")))
    loop.call_soon(fails, ValueError("no"))
    await asyncio.sleep(0.001)
    loop.set_exception_handler(None)
    unseen_errors.expect("Unhandled error in exception handler")
    assert unseen_errors.lines == []


@pytest.mark.parametrize("error", [SystemExit(5), KeyboardInterrupt()], ids=name_of)
def test_a_handler_that_wants_to_exit_ends_a_run_as_a_callback_does(qapp, error: BaseException):
    """Out of a slot of Qt's it would end the process, with nothing closed."""
    loop = PanelLoop(qapp)
    loop.set_exception_handler(lambda *_: fails(error))
    loop.call_soon(fails, ValueError("no"))
    with pytest.raises(type(error)):
        loop.run_forever()
    assert not loop.pulse.busy_since(), "for the watchdog it would stand for ever"
    loop.close()


@pytest.mark.parametrize("first", [ValueError("no"), SystemExit(4)], ids=name_of)
def test_a_handler_that_wants_to_exit_does_not_end_the_host(qapp, unseen_errors: UnseenErrors, first: BaseException):
    host, loop = Host(qapp), PanelLoop(qapp).attach()
    loop.set_exception_handler(lambda *_: fails(SystemExit(5)))
    loop.call_soon(fails, first)
    loop.call_later(0.001, host.quit, 7)
    assert host.exec(int) == 7
    loop.detach()
    unseen_errors.expect("A callback tried to end the host")
    assert unseen_errors.lines == [] and not loop.pulse.busy_since()
