"""A little Ollama, as faithful as its clients can tell: a handler for `fault_server`.

    ollama = LittleOllama({"tiny:latest": Installed()})
    async with fault_server(ollama) as server:
        ...  # ollama.loaded says what is in memory, with which context

It loads a model when it is asked, with the context that it is asked for, downloads what it knows, and refuses as the
real one does. `says="2025"` leaves out of the list what servers of that year had in `/api/show` only, `"early"` also
what those of early 2025 had not at all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from dialects.ollama import NDJSON, entry, error_event, last, line, said
from fault_server import Call

OWN_CONTEXT = 4096
"""What it sets aside by itself."""


@dataclass(frozen=True)
class Installed:
    capabilities: tuple[str, ...] = ("completion", "tools")
    context: int = 131_072
    digest: str = "sha256:5ee4f07cdb9beadbbb293e85803c569b01bd37ed059d2715faa7bb405f31caa6"
    size: int = 4_000


@dataclass
class LittleOllama:
    """`library`: what can be downloaded. `answer`: what every model says, in these pieces."""

    models: dict[str, Installed]
    answer: tuple[str, ...] = ("Hel", "lo")
    library: Mapping[str, Installed] = field(default_factory=dict)
    says: Literal["2026", "2025", "early"] = "2026"
    version: str = "0.12.3"
    loaded: dict[str, int] = field(default_factory=dict)

    async def __call__(self, call: Call) -> None:
        call.keep_open = True
        match call.method, call.path:
            case "GET", "/":
                await call.reply("Ollama is running", kind="text/plain; charset=utf-8")
            case "GET", "/api/version":
                await self._reply(call, {"version": self.version})
            case "GET", "/api/tags":
                await self._reply(call, {"models": [self._entry(name) for name in self.models]})
            case "GET", "/api/ps":
                await self._reply(call, {"models": [self._process(name) for name in self.loaded]})
            case "POST", "/api/show":
                await self._show(call)
            case "POST", "/api/chat":
                await self._chat(call)
            case "POST", "/api/pull":
                await self._pull(call)
            case _:
                await call.reply("404 page not found", status="404 Not Found", kind="text/plain")

    def _entry(self, name: str) -> dict[str, Any]:
        model = self.models[name]
        return entry(name, *model.capabilities, context=model.context) if self.says == "2026" else entry(name)

    def _process(self, name: str) -> dict[str, Any]:
        runs = {"name": name, "model": name, "size": 1, "size_vram": 1, "expires_at": "2026-11-20T10:10:00Z"}
        return runs if self.says == "early" else runs | {"context_length": self.loaded[name]}

    async def _show(self, call: Call) -> None:
        model = self.models.get(self._full(call.json["model"]))
        if model is None:
            await self._refuse(call, "404 Not Found", f"model '{call.json['model']}' not found")
            return
        info = {"general.architecture": "llama", "llama.context_length": model.context, "llama.block_count": 32}
        shown: dict[str, Any] = {"license": "MIT", "modelfile": "FROM x", "details": {}, "model_info": info}
        await self._reply(call, shown if self.says == "early" else shown | {"capabilities": [*model.capabilities]})

    async def _chat(self, call: Call) -> None:
        asked = call.json
        name = self._full(asked["model"])
        if refusal := self._refusal(asked, self.models.get(name)):
            await self._refuse(call, *refusal)
            return
        self.loaded[name] = min(asked["options"].get("num_ctx", OWN_CONTEXT), self.models[name].context)
        await call.begin(NDJSON)
        for text in self.answer:
            await call.part(said(text, model=asked["model"]))
        await call.part(last(model=asked["model"], prompt_eval_count=26, eval_count=len(self.answer)))
        await call.end()

    def _refusal(self, asked: dict[str, Any], model: Installed | None) -> tuple[str, str] | None:
        name = asked["model"]
        if model is None:
            return "404 Not Found", f"model '{name}' not found"
        if "completion" not in model.capabilities:
            return "400 Bad Request", f'"{name}" does not support chat'
        if asked.get("tools") and "tools" not in model.capabilities:
            return "400 Bad Request", f"registry.ollama.ai/library/{name} does not support tools"
        if asked.get("think") and "thinking" not in model.capabilities:
            return "400 Bad Request", f'"{name}" does not support thinking'
        return None

    async def _pull(self, call: Call) -> None:
        name = self._full(call.json["model"])
        await call.begin(NDJSON)
        await call.part(line({"status": "pulling manifest"}))
        if model := self.library.get(name):
            layer = {"status": f"pulling {model.digest[7:19]}", "digest": model.digest, "total": model.size}
            for share in (None, 4, 2, 1):
                await call.part(line(layer | ({"completed": model.size // share} if share else {})))
            for status in ("verifying sha256 digest", "writing manifest", "success"):
                await call.part(line({"status": status}))
            self.models[name] = model
        else:
            await call.part(error_event("pull model manifest: file does not exist"))
        await call.end()

    def _full(self, name: str) -> str:
        return name if ":" in name or name in self.models else f"{name}:latest"

    @staticmethod
    async def _reply(call: Call, document: Any) -> None:
        await call.reply(json.dumps(document), kind="application/json; charset=utf-8")

    async def _refuse(self, call: Call, status: str, message: str) -> None:
        await call.reply(json.dumps({"error": message}), status=status, kind="application/json; charset=utf-8")
