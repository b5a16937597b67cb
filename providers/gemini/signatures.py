"""What Gemini signs: parts of its answers, each of which goes back with the signature that came on it, or is refused.

Owns both ways: the `Opaque` that stands behind a signed part in a message, and the parts of such a message with their
signatures. A message joins text that came in pieces, while a signed piece may not be merged with an unsigned one; so a
signature of text says how many of the characters before it were signed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ..messages import JSON, Opaque, Part, Reasoning, Text, ToolCall
from ..wire.json_values import as_count, as_object, as_text

PROVIDER = "gemini"
"""Whose blobs these are; those of others never go to Gemini."""

_KINDS: dict[str, type[Text] | type[Reasoning]] = {"text": Text, "thought": Reasoning}

_STAND_IN = "skip_thought_signature_validator"
"""What Google documents for calls that its model did not make: from Gemini 3 on, a call without any is refused."""


@dataclass(frozen=True, slots=True)
class SignedPart:
    """A part of an answer. `signature` is "" where there is none."""

    part: Part
    signature: str = ""


def signed_call(signature: str) -> Opaque:
    """What stands behind a call that came with this signature."""
    return Opaque(PROVIDER, {"signed": "call", "signature": signature})


def signed_text(kind: Literal["text", "thought"], length: int, signature: str) -> Opaque:
    """What stands behind a piece of text that came with this signature; `length` 0: the signature came alone."""
    return Opaque(PROVIDER, {"signed": kind, "length": length, "signature": signature})


def signed_parts(parts: Iterable[Part]) -> list[SignedPart]:
    """The parts of an answer as Gemini wrote them, each with its signature; blobs are gone."""
    found: list[SignedPart] = []
    for part in parts:
        if not isinstance(part, Opaque):
            found.append(SignedPart(part))
        elif part.provider == PROVIDER:
            found[-1:] = _signed(found[-1] if found else None, as_object(part.data))
    return found


def vouched(parts: list[SignedPart]) -> list[SignedPart]:
    """The same, with a stand-in on the first call if none is signed: one signature is enough for calls side by side."""
    calls = [place for place, signed in enumerate(parts) if isinstance(signed.part, ToolCall)]
    if not calls or any(parts[place].signature for place in calls):
        return parts
    first = calls[0]
    return [*parts[:first], SignedPart(parts[first].part, _STAND_IN), *parts[first + 1 :]]


def _signed(last: SignedPart | None, mark: dict[str, JSON]) -> list[SignedPart]:
    """What takes the place of the last part, if this mark follows it."""
    before = [last] if last else []
    signature, signed = as_text(mark.get("signature")), mark.get("signed")
    free = last.part if last and not last.signature else None
    if signed == "call":
        return [SignedPart(free, signature)] if isinstance(free, ToolCall) else before
    kind = _KINDS.get(as_text(signed))
    if kind is None or not signature:
        return before
    length = as_count(mark.get("length")) or 0
    if not (isinstance(free, kind) and 0 < length <= len(free.text)):
        return [*before, SignedPart(kind(""), signature)]
    unsigned, text = free.text[:-length], free.text[-length:]
    return [*([SignedPart(kind(unsigned))] if unsigned else []), SignedPart(kind(text), signature)]
