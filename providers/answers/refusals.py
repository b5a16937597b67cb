"""What a service says when it does not answer, read from any of the shapes in which services say it.

Owns the shapes of error bodies; what a refusal means is told by `signs`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ..messages import JSON
from ..redact import Redactor
from ..retry import retry_after_seconds
from ..wire.json_values import as_count, as_list, as_object, as_text, parse_json

PAGE = "text/html"
"""What stands for a code where a page for people came: a sign-in, a router, another program."""

_DETAIL_LENGTH = 2000
_CODE_LENGTH = 200
_MOST_PARTICULARS = 32
"""So many of a kind are looked at: no service writes more, and a hostile one could write millions."""

_CODE_NAMES = ("code", "type", "error_type", "status", "error_code", "reason", "quotaId")
_AGAIN = {"true": True, "false": False}
_ID_HEADERS = ("x-request-id", "request-id", "x-generation-id")
_ID_LENGTH = 100
_TEXT_NAMES = ("message", "msg", "error_message", "error", "detail")


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a service said when it did not answer. `status` 0: it said so in a stream, where `told` may be its status.

    `codes` are its machine-readable words (code, type, ...), in lower case; `message` is for people; `field` is the
    part of the question that it is about, dotted where it is nested, if it names one; `wait` is in seconds, if it asks
    to wait; `instead` are the models that it proposes; `again`: what it says of asking again, if anything.
    """

    status: int
    codes: frozenset[str] = frozenset()
    message: str = ""
    request_id: str = ""
    field: str = ""
    wait: float | None = None
    told: int = 0
    instead: tuple[str, ...] = ()
    again: bool | None = None

    @property
    def statuses(self) -> set[int]:
        return {self.status, self.told} if self.told else {self.status}


def read_refusal(status: int, body: bytes, headers: Mapping[str, str], redactor: Redactor) -> Refusal:
    """What an error answer says, with keys removed. Header names are in lower case."""
    document: JSON
    try:
        document = parse_json(body)
    except ValueError:
        is_page = headers.get("content-type", "").startswith(PAGE)
        document = {"message": body.decode("utf-8", errors="replace"), "type": PAGE if is_page else ""}
    refusal = refusal_of(status, document, redactor)
    named = next((headers[name] for name in _ID_HEADERS if headers.get(name)), refusal.request_id)
    wait = retry_after_seconds(headers)
    return replace(
        refusal,
        request_id=redactor.excerpt(named, _ID_LENGTH),
        wait=refusal.wait if wait is None else wait,
        again=_AGAIN.get(headers.get("x-should-retry", "").strip().lower()),
    )


def refusal_of(status: int, document: JSON, redactor: Redactor) -> Refusal:
    """What an error document says, whichever of the many shapes it has, with keys removed."""
    outer = _said(document)
    inner = _inner(outer)
    levels = (inner, outer, *_particulars(inner))
    said = (level.get(name) for level in levels for name in _CODE_NAMES)
    codes = frozenset(redactor.excerpt(str(code), _CODE_LENGTH).lower() for code in said if code)
    message = next((text for level in (inner, outer) for name in _TEXT_NAMES if (text := as_text(level.get(name)))), "")
    identity = next((text for level in (inner, outer) if (text := as_text(level.get("request_id")))), "")
    return Refusal(
        status,
        codes,
        redactor.excerpt(message, _DETAIL_LENGTH),
        redactor.excerpt(identity, _ID_LENGTH),
        redactor.excerpt(_field_in(inner), _CODE_LENGTH),
        next((wait for level in levels if (wait := _wait_in(level)) is not None), None),
        0 if status else next((told for level in levels if (told := _status_in(level))), 0),
        tuple(redactor.excerpt(model, _CODE_LENGTH) for level in levels for model in _models_in(level)),
    )


def _inner(outer: dict[str, JSON]) -> dict[str, JSON]:
    """The error itself; Mistral puts the list of what is wrong with the question even into the message."""
    error = _said(outer.get("error") or outer.get("detail") or outer)
    message = error.get("message")
    return _inner(as_object(message)) if isinstance(message, dict) else error


def _field_in(error: dict[str, JSON]) -> str:
    """The part of the question that is refused: `param` (OpenAI), or a path of names (Mistral, FastAPI)."""
    path = [as_text(name) for name in as_list(error.get("loc")) if name != "body"]
    return as_text(error.get("param")) or ".".join(name for name in path if name)


def _status_in(level: dict[str, JSON]) -> int:
    """An HTTP status that is written in the body, also as text (LiteLLM); 0 if there is none."""
    written = (as_count(level.get(name)) for name in ("code", "status_code", "raw_status_code"))
    return next((status for status in written if status and 400 <= status < 600), 0)


def _models_in(level: dict[str, JSON]) -> list[str]:
    """Models that OpenRouter proposes instead."""
    proposed = as_list(level.get("fallback_models"))[:_MOST_PARTICULARS]
    return [name for model in proposed if (name := as_text(model))]


def _particulars(error: dict[str, JSON]) -> Iterator[dict[str, JSON]]:
    """What services put below their error: OpenRouter, Anthropic and Google each in another place."""
    for name in ("metadata", "availability", "details"):
        value = error.get(name)
        for item in as_list(value)[:_MOST_PARTICULARS] or [value]:
            particular = as_object(item)
            yield particular
            yield from map(as_object, as_list(particular.get("violations"))[:_MOST_PARTICULARS])


def _wait_in(level: dict[str, JSON]) -> float | None:
    """Seconds, from a number or a text such as `34.4s` (Google)."""
    asked = level.get("retryDelay", level.get("retry_after"))
    return retry_after_seconds({"retry-after": str(asked).removesuffix("s")}) if asked else None


def error_in(event: dict[str, JSON], name: str = "") -> bool:
    """Whether an event of a stream carries an error. `name` is the event's own."""
    return bool(event.get("error")) or "error" in (name, event.get("type")) or "error_message" in event


def _said(value: JSON) -> dict[str, JSON]:
    """An error as an object; some services send a list of one, or a bare text."""
    if isinstance(value, list):
        value = value[0] if value else None
    return {"message": value} if isinstance(value, str) else as_object(value)
