"""A recorded stream: bytes of a file to the events of an answer, as if they came from the service.

Owns the forms that such a file may have: one JSON event a line, the raw bytes of server-sent events or of lines, a
whole answer, or what the panel has recorded itself. Lines that begin with `:` say where a recording comes from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

from .answers.reader import AnswerReader, Asked
from .answers.refusals import error_in, read_refusal
from .answers.signs import problem_of
from .api.wire_format import WireFormat
from .errors import ProviderError, Service
from .messages import JSON, StreamEvent
from .redact import Redactor
from .wire.framing import EVENT_LIMIT, EventTooLarge, KeepAlive, ServerEvent, event_reader
from .wire.json_values import as_document, as_object, as_text, parse_json
from .wire.recording import TITLE, Head, read_head

_SERVICE = Service("recording", "The recording")
_LIMIT = 8 * 2**20
"""Characters of a whole answer, as for a live one."""
_TITLES = re.compile(rb"^(?=" + re.escape(TITLE.encode()) + rb")", re.MULTILINE)
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")


def replayed(recording: bytes, wire: WireFormat) -> Iterator[StreamEvent]:
    """What the adapter of this format makes of it. Raises ProviderError, after all that came before it.

    Of several answers that the panel has recorded, one that failed was asked for again: the last one decides.
    """
    *earlier, last = _TITLES.split(recording)
    for answer in filter(None, earlier):
        with suppress(ProviderError):
            yield from _answer(answer, wire)
    yield from _answer(last, wire)


def _answer(recording: bytes, wire: WireFormat) -> Iterator[StreamEvent]:
    head, body = _parted(recording)
    if head.status != 200:
        refusal = read_refusal(head.status, body, head.headers, Redactor())
        problem = problem_of(refusal, _SERVICE, model=head.model, with_key=head.with_key, signs=wire.signs)
        raise ProviderError(problem)
    if head.content_type == "text/html":
        raise _SERVICE.error("not_an_api")
    whole = _whole(body, head) if wire.framing == "sse" else None
    if whole is not None and (wire.is_answer(whole) or error_in(whole)):
        yield from _reader(wire, head).whole(whole)
    else:
        yield from _streamed(wire, head, events_in(body))


def _parted(recording: bytes) -> tuple[Head, bytes]:
    """What stands at the top, and the answer: after the first empty line if the panel wrote it."""
    if not recording.startswith(TITLE.encode()):
        return Head(), recording
    top, *body = _END_OF_HEAD.split(recording, maxsplit=1)
    return read_head(top.decode("utf-8", errors="replace").splitlines()), b"".join(body)


def _reader(wire: WireFormat, head: Head) -> AnswerReader:
    return wire.reader(Asked(_SERVICE, Redactor(), head.model, _LIMIT))


def _streamed(wire: WireFormat, head: Head, events: Iterator[ServerEvent]) -> Iterator[StreamEvent]:
    """One answer after the other: who records a turn with tools has several. What says nothing after one is none."""
    reader, begun = _reader(wire, head), True
    for event in events:
        if reader.done:
            if begun:
                yield from reader.finish()
            reader, begun = _reader(wire, head), False
        for told in reader.feed(event):
            begun = True
            yield told
    if begun:
        yield from reader.finish()


def events_in(recording: bytes) -> Iterator[ServerEvent]:
    """The events of a stream, in any of the forms. Raises ProviderError `event_too_large`."""
    framed = any(line.startswith((b"data:", b"event:")) for line in recording.splitlines())
    reader = event_reader("sse" if framed else "ndjson", EVENT_LIMIT)
    try:
        events = (*reader.feed(recording), *reader.finish())
    except EventTooLarge as error:
        raise _SERVICE.error("event_too_large", other=f"{error.limit / 2**20:.0f} MB") from None
    for event in events:
        if not isinstance(event, KeepAlive) and not event.data.startswith(":"):
            yield event if framed else _named(event)


def _named(event: ServerEvent) -> ServerEvent:
    """Services that name their events say the name in the event, too."""
    try:
        return ServerEvent(event.data, as_text(as_object(parse_json(event.data)).get("type")))
    except ValueError:
        return event


def _whole(recording: bytes, head: Head) -> dict[str, JSON] | None:
    """The document, if the file is one of several lines, as a stream has an event on each; or if its head says so."""
    if recording.strip().count(b"\n") == 0 and head.content_type != "application/json":
        return None
    try:
        return as_document(parse_json(recording))
    except ValueError:
        return None
