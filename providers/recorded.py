"""A recorded stream: bytes of a file to the events of an answer, as if they came from the service.

Owns the forms that such a file may have: one JSON event a line, the raw bytes of server-sent events or of lines, or a
whole answer. Lines that begin with `:` say where a recording comes from.
"""

from __future__ import annotations

from collections.abc import Iterator

from .answer import AnswerReader, Asked
from .api import WireFormat
from .errors import Service
from .framing import EVENT_LIMIT, EventTooLarge, KeepAlive, ServerEvent, event_reader
from .json_values import as_document, as_object, as_text, parse_json
from .messages import JSON, StreamEvent
from .redact import Redactor

_SERVICE = Service("recording", "The recording")
_LIMIT = 8 * 2**20
"""Characters of a whole answer, as for a live one."""


def replayed(recording: bytes, wire: WireFormat) -> Iterator[StreamEvent]:
    """What the adapter of this format makes of it. Raises ProviderError, after all that came before it."""
    whole = _whole(recording)
    if whole is not None and wire.framing == "sse" and wire.is_answer(whole):
        yield from _reader(wire).whole(whole)
    else:
        yield from _streamed(wire, events_in(recording))


def _reader(wire: WireFormat) -> AnswerReader:
    return wire.reader(Asked(_SERVICE, Redactor(), "", _LIMIT))


def _streamed(wire: WireFormat, events: Iterator[ServerEvent]) -> Iterator[StreamEvent]:
    """One answer after the other: who records a turn with tools has several. What says nothing after one is none."""
    reader, begun = _reader(wire), True
    for event in events:
        if reader.done:
            if begun:
                yield from reader.finish()
            reader, begun = _reader(wire), False
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


def _whole(recording: bytes) -> dict[str, JSON] | None:
    """The document, if the file is one of several lines: a stream has an event on each."""
    if recording.strip().count(b"\n") == 0:
        return None
    try:
        return as_document(parse_json(recording))
    except ValueError:
        return None
