"""What goes wrong with a service, in the words of each wire format."""

from __future__ import annotations

import json
from collections.abc import Callable

from dialect import MODEL, Dialect
from fault_server import (
    Call,
    Handler,
    closes_kept_connections,
    drips,
    fails,
    garbage_status_line,
    head,
    never_answers,
    redirects_to,
    web_page,
)

_STATUSES = (400, 402, 403, 404, 418, 429, 500, 502, 503, 529)


SILENT = ("silence", "no answer", "drips")
"""Those of `faults` that nothing but a deadline ends."""


def serves(dialect: Dialect, *events: bytes, then: Callable[[Call], None] | None = None) -> Handler:
    """A server that lists one model, and answers with these events. `then`: instead of an orderly end."""

    async def handle(call: Call) -> None:
        call.keep_open = True
        if call.method == "GET":
            await call.reply(json.dumps(dialect.model_list(MODEL)))
            return
        await call.begin(dialect.content_type)
        for event in events:
            await call.part(event)
        if then is None:
            await call.end()
        else:
            then(call)

    return handle


def faults(dialect: Dialect) -> dict[str, Handler]:
    """One server for each thing that goes wrong."""
    refused = {
        f"{status} {form}": fails(f"{status} x", body, kind=kind)
        for status in _STATUSES
        for form, body, kind in (
            ("error", dialect.error(status, "no"), "application/json"),
            ("page", "<html>no</html>", "text/html"),
        )
    }
    events = dialect.stream("Hi")
    return refused | {
        "healthy": serves(dialect, *events),
        "wrong key": fails("401 Unauthorized", dialect.error(401, "Incorrect API key provided: odd-")),
        "web page": web_page(),
        "cut": serves(dialect, *dialect.beginning("Hi"), events[-1][:5], then=Call.hang_up),
        "no end mark": serves(dialect, *dialect.beginning("Hi")),
        "broken event": serves(dialect, *[dialect.broken_event] * 20),
        "error in stream": serves(dialect, *dialect.beginning("Hi"), dialect.error_event("It fell over")),
        "too large": serves(dialect, *dialect.stream("x" * 2**21)),
        "silence": _silent(dialect),
        "no answer": never_answers,
        "drips": drips(0.02),
        "no HTTP": garbage_status_line,
        "redirect": redirects_to("http://elsewhere.invalid/"),
        "stale": closes_kept_connections(serves(dialect, *events)),
    }


def _silent(dialect: Dialect) -> Handler:
    healthy = serves(dialect)

    async def handle(call: Call) -> None:
        if call.method == "GET":
            await healthy(call)
            return
        await call.begin(dialect.content_type)
        await call.part(b"".join(dialect.beginning("Hi")))
        await call.gone.wait()

    return handle


def echoes(dialect: Dialect, text: str) -> dict[str, Handler]:
    """Servers that say a text back, one in each place where an answer has any."""

    async def in_the_status_line(call: Call) -> None:
        await call.reply("{}", status=f"500 {text}")

    async def in_a_wrong_status_line(call: Call) -> None:
        await call.send(f"{text}\r\n\r\n".encode())

    async def in_a_wrong_header(call: Call) -> None:
        await call.send(f"HTTP/1.1 200 OK\r\n{text}\r\n\r\n".encode())

    async def in_events_that_are_none(call: Call) -> None:
        line = f"{'x' * 480}{text}\n"
        events = line * 20 if dialect.content_type != "text/event-stream" else f"data: {line}\n" * 20
        await call.send(head("200 OK", dialect.content_type) + events.encode())

    async def as_the_model(call: Call) -> None:
        events = b"".join(dialect.beginning("Hi")).replace(json.dumps(MODEL).encode(), json.dumps(text).encode())
        await call.send(head("200 OK", dialect.content_type) + events)

    everywhere = {"error": {"message": text, "type": text, "code": text, "status": text}}
    return {
        "status line": in_the_status_line,
        "wrong status line": in_a_wrong_status_line,
        "wrong header": in_a_wrong_header,
        "bad events": in_events_that_are_none,
        "model": as_the_model,
        "message": fails("418 Teapot", everywhere),
        "own message": fails("400 Bad", dialect.error(400, text)),
        "message of a 401": fails("401 Unauthorized", dialect.error(401, text), X_Request_Id=text),
        "page": fails("200 OK", "x" * 190 + text, kind="text/html"),
        "page of a 404": fails("404 Not Found", "x" * 1990 + text, kind="text/html"),
        "redirect": redirects_to(f"http://elsewhere.invalid/{'x' * 170}?{text}"),
        "stream": serves(dialect, *dialect.beginning("Hi"), dialect.error_event(text)),
    }
