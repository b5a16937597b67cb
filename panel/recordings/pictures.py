"""Takes pictures, sounds and films out of JSON and text, and says in their place what was there.

Owns how they are recognised: by what stands beside them, by their name, by a `data:` address, or by how a file of that
kind begins. Sealed reasoning is base64 as well and has to stay, or an answer could not be replayed.
"""

from __future__ import annotations

import re

from ...providers.messages import JSON
from ...providers.wire.json_values import as_text

_ADDRESS = re.compile(r"data:([\w.+-]+/[\w.+-]+)?(?:;[\w.+-]+=[\w.+-]+)*;base64,([A-Za-z0-9+/_=%-]*)")
_BEGINNINGS = {
    "iVBORw0KGgo": "image/png",
    "/9j/": "image/jpeg",
    "R0lGOD": "image/gif",
    "UklGR": "image/webp",
    "SUkqA": "image/tiff",
    "TU0AK": "image/tiff",
    "di8xAQ": "image/x-exr",
    "U0RQW": "image/x-dpx",
    "WFBEU": "image/x-dpx",
    "OEJQU": "image/x-psd",
    "JVBERi0": "application/pdf",
}
"""Of files, in base64."""
_FILE = re.compile(
    rf"(?<![A-Za-z0-9+/_-])({'|'.join(map(re.escape, _BEGINNINGS))}|AAAA[\w+/]{{2}}Z0eX)[A-Za-z0-9+/_-]{{40,}}={{0,2}}"
)
_KIND_NAMES = ("media_type", "mimeType", "mime_type")
_PICTURE_NAMES = frozenset({"b64_json", "partial_image_b64", "image_base64"})
_LIST = "images"
"""Ollama's; bare base64."""


def without_pictures(value: JSON) -> JSON:
    """The document without them; what has none is as it was. Raises RecursionError for one nested too deeply."""
    match value:
        case str():
            return in_text(value)
        case list():
            return [without_pictures(entry) for entry in value]
        case dict():
            return {name: _member(name, entry, value) for name, entry in value.items()}
        case _:
            return value


def in_text(text: str) -> str:
    """The text without pictures that stand in it."""
    if "base64," in text:
        text = _ADDRESS.sub(lambda found: _removed(found[2], found[1] or "image"), text)
    return _FILE.sub(lambda found: _removed(found[0], _BEGINNINGS.get(found[1], "video/mp4")), text)


def _member(name: str, value: JSON, beside: dict[str, JSON]) -> JSON:
    kind = next((kind for known in _KIND_NAMES if (kind := as_text(beside.get(known)))), "")
    if isinstance(value, str) and (name in _PICTURE_NAMES or (name == "data" and kind)):
        return _removed(value, kind or "image")
    if isinstance(value, str) and name == "result" and beside.get("type") == "image_generation_call":
        return _removed(value, "image")
    if name == _LIST and isinstance(value, list):
        return [_removed(entry, "image") if isinstance(entry, str) else without_pictures(entry) for entry in value]
    return without_pictures(value)


def _removed(coded: str, kind: str) -> str:
    size = len(coded) * 3 // 4
    told = f"{size / 1000:.0f} kB" if size >= 1000 else f"{size} bytes"
    what = kind.partition("/")[0]
    return f"[{what} removed, {told}, {kind}]" if "/" in kind else f"[{what} removed, {told}]"
