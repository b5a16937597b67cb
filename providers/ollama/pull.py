"""A download that Ollama makes for us: status lines in, `Progress` values out.

Owns the sum over the layers of which a model consists. Leaving the stream stops the download; Ollama keeps what it has
and goes on there the next time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..answers.reader import AnswerLog, Asked
from ..answers.refusals import error_in
from ..messages import JSON, Progress, StreamEvent
from ..wire.framing import ServerEvent
from ..wire.json_values import as_count, as_text
from .signs import PULL_SIGNS

_MOST_LAYERS = 10_000
_DIGEST_LENGTH = 200
_REGISTRY = "registry.ollama.ai"
_AFTER = ("verifying", "writing", "removing")
"""How statuses begin once everything has been fetched."""


class PullReader:
    """An `AnswerReader` of a download. Raises ProviderError if it fails, `stream_cut` if it ends without success."""

    def __init__(self, asked: Asked) -> None:
        self._model = asked.model
        service = replace(asked.service, host=_registry_of(asked.model))
        self._log = AnswerLog(replace(asked, service=service), PULL_SIGNS)
        self._layers: dict[str, tuple[int, int]] = {}
        self._have = self._total = 0
        self._fraction = 0.0
        self._last: Progress | None = None
        self._done = False

    @property
    def done(self) -> bool:
        return self._done

    @property
    def finished(self) -> bool:
        return self._done

    def feed(self, event: ServerEvent) -> Iterator[StreamEvent]:
        document = self._log.parse(event.data)
        if document is not None:
            yield from self._line(document)

    def whole(self, document: dict[str, JSON]) -> Iterator[StreamEvent]:
        yield from self._line(document)
        yield from self.finish()

    def finish(self) -> Iterator[StreamEvent]:
        if not self._done:
            raise self._log.cut()
        yield Progress(f"Downloaded {self._model}", 1.0)

    def _line(self, document: dict[str, JSON]) -> Iterator[StreamEvent]:
        if error_in(document):
            raise self._log.error(document)
        status = as_text(document.get("status"))
        if status == "success":
            self._done = True
            return
        self._note_layer(document)
        progress = self._progress(status)
        if progress != self._last:
            self._last = progress
            yield progress

    def _note_layer(self, document: dict[str, JSON]) -> None:
        digest, total = as_text(document.get("digest"))[:_DIGEST_LENGTH], as_count(document.get("total"))
        if digest and total and (digest in self._layers or len(self._layers) < _MOST_LAYERS):
            had, of = self._layers.get(digest, (0, 0))
            have = min(as_count(document.get("completed")) or 0, total)
            self._layers[digest] = (have, total)
            self._have += have - had
            self._total += total - of

    def _progress(self, status: str) -> Progress:
        if status.startswith(_AFTER):
            return Progress(f"Checking {self._model}")
        if not self._layers:
            return Progress(f"Downloading {self._model}")
        # Layers are named one after the other: the sum grows on both sides, what is shown does not go back.
        self._fraction = max(self._fraction, self._have / self._total)
        return Progress(f"Downloading {self._model}", self._fraction)


def _registry_of(model: str) -> str:
    """Where a model comes from: names may begin with a host, such as `hf.co/owner/model`."""
    host, slash, _ = model.partition("/")
    return host if slash and "." in host else _REGISTRY
