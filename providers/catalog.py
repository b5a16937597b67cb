"""Which services there are: one row each.

Owns the facts about a service that are the same for everybody. An OpenAI-compatible service is a row here, not a class.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from .address import Address, normalise_base_url, origin_of, parse_address
from .errors import Service
from .formats import FormatName
from .openai_chat.quirks import ChatQuirks

__all__ = ["PROVIDERS", "Address", "ProviderRow", "normalise_base_url", "origin_of", "provider_for_key", "row_of"]

GUIDE = "offline"
"""The id of the built-in guide."""
ANY_SERVER = "compatible"
"""The id of a server that no row is about."""
OWN_KEY_VARIABLE = "NUKE_AI_PANEL_API_KEY"
"""The only environment variable that is read for an address other than a row's own."""


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """One service. `base_url` is empty where only the user knows it. `key_page` is where its keys are made,
    `billing_page` where its account is filled.

    `host_path`: where its API is on a host that is named without a path, if not where its format has it.
    """

    id: str
    label: str
    format: FormatName | Literal["offline"]
    base_url: str = ""
    host_path: str = ""
    address_hint: str = ""
    """What to write where there is no `base_url`."""
    key_variable: str = ""
    key_page: str = ""
    billing_page: str = ""
    local: bool = False
    needs_key: bool = False
    key_prefixes: tuple[str, ...] = ()
    start_hint: str = ""
    key_hint: str = ""
    """How to be let in by a server in the house, where a key is not all that may be missing."""
    quirks: ChatQuirks = field(default_factory=ChatQuirks)
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """Sent along with everything; `{key}` in one stands for the key."""

    @property
    def downloads(self) -> bool:
        """Its server fetches models when it is told to: `ProviderManager.pull`."""
        return self.format == "ollama"

    @property
    def default_path(self) -> str:
        """Where the API is on a host that is named without a path."""
        return self.host_path or {"ollama": "", "gemini": "/v1beta"}.get(self.format, "/v1")

    def base_url_of(self, address: str = "") -> str:
        """The base URL that is meant by an address as typed. Raises ProviderError `bad_address`."""
        return normalise_base_url(address or self.base_url, self.default_path)

    def service(self, base_url: str = "") -> Service:
        """Whom problems at this address are about. Raises ProviderError `bad_address`."""
        address = parse_address(base_url or self.base_url)
        own = bool(self.base_url) and address.origin == origin_of(self.base_url)
        variable = self.key_variable if own else OWN_KEY_VARIABLE
        return Service(
            id=self.id,
            name=address.place if self.id == ANY_SERVER else self.label,
            host=address.place,
            local=address.local,
            start_hint=self.start_hint if address.local else "",
            key_hint=(address.local and self.key_hint) or f"Paste one in the settings, or set {variable}.",
        )


_CLOUD = (
    ProviderRow(
        id="openai",
        label="OpenAI",
        format="openai_responses",
        base_url="https://api.openai.com/v1",
        key_variable="OPENAI_API_KEY",
        key_page="https://platform.openai.com/api-keys",
        billing_page="https://platform.openai.com/settings/organization/billing",
        needs_key=True,
        key_prefixes=("sk-proj-", "sk-svcacct-", "sk-admin-"),
    ),
    ProviderRow(
        id="openrouter",
        label="OpenRouter",
        format="openai_chat",
        base_url="https://openrouter.ai/api/v1",
        key_variable="OPENROUTER_API_KEY",
        key_page="https://openrouter.ai/settings/keys",
        billing_page="https://openrouter.ai/settings/credits",
        needs_key=True,
        key_prefixes=("sk-or-",),
        quirks=ChatQuirks(effort="object", reasoning_details="openrouter", key_path="/key"),
    ),
    ProviderRow(
        id="anthropic",
        label="Anthropic",
        format="anthropic",
        base_url="https://api.anthropic.com/v1",
        key_variable="ANTHROPIC_API_KEY",
        key_page="https://console.anthropic.com/settings/keys",
        billing_page="https://console.anthropic.com/settings/billing",
        needs_key=True,
        key_prefixes=("sk-ant-",),
    ),
    ProviderRow(
        id="gemini",
        label="Google Gemini",
        format="gemini",
        base_url="https://generativelanguage.googleapis.com/v1beta",
        key_variable="GEMINI_API_KEY",
        key_page="https://aistudio.google.com/apikey",
        billing_page="https://console.cloud.google.com/billing",
        needs_key=True,
        key_prefixes=("AIza",),
    ),
    ProviderRow(
        id="mistral",
        label="Mistral",
        format="openai_chat",
        base_url="https://api.mistral.ai/v1",
        key_variable="MISTRAL_API_KEY",
        key_page="https://console.mistral.ai/api-keys",
        billing_page="https://console.mistral.ai/billing",
        needs_key=True,
        quirks=ChatQuirks(
            stream_options=False,
            known_fields_only=True,
            content_with_calls=False,
            user_after_tools=False,
            call_ids="mistral",
        ),
    ),
    ProviderRow(
        id="groq",
        label="Groq",
        format="openai_chat",
        base_url="https://api.groq.com/openai/v1",
        key_variable="GROQ_API_KEY",
        key_page="https://console.groq.com/keys",
        billing_page="https://console.groq.com/settings/billing",
        needs_key=True,
        key_prefixes=("gsk_",),
        quirks=ChatQuirks(max_tokens_field="max_completion_tokens"),
    ),
    ProviderRow(
        id="deepseek",
        label="DeepSeek",
        format="openai_chat",
        base_url="https://api.deepseek.com/v1",
        key_variable="DEEPSEEK_API_KEY",
        key_page="https://platform.deepseek.com/api_keys",
        billing_page="https://platform.deepseek.com/top_up",
        needs_key=True,
        quirks=ChatQuirks(effort="switch", schema=False, reasoning_with_calls=True),
    ),
    ProviderRow(
        id="xai",
        label="xAI",
        format="openai_chat",
        base_url="https://api.x.ai/v1",
        key_variable="XAI_API_KEY",
        key_page="https://console.x.ai",
        billing_page="https://console.x.ai",
        needs_key=True,
        key_prefixes=("xai-",),
    ),
    ProviderRow(
        id="together",
        label="Together",
        format="openai_chat",
        base_url="https://api.together.xyz/v1",
        key_variable="TOGETHER_API_KEY",
        key_page="https://api.together.ai/settings/api-keys",
        billing_page="https://api.together.ai/settings/billing",
        needs_key=True,
        key_prefixes=("tgp_v1_",),
    ),
    ProviderRow(
        id="azure",
        label="Azure OpenAI",
        format="openai_chat",
        host_path="/openai/v1",
        address_hint="https://RESOURCE.openai.azure.com/openai/v1; its models are your deployments.",
        key_page="https://portal.azure.com",
        billing_page="https://portal.azure.com",
        needs_key=True,
        quirks=ChatQuirks(max_tokens_field="max_completion_tokens", call_ids="openai", server="azure"),
        headers={"api-key": "{key}"},
    ),
)

_LOCAL = (
    ProviderRow(
        id="ollama",
        label="Ollama",
        format="ollama",
        base_url="http://127.0.0.1:11434",
        key_variable="OLLAMA_API_KEY",
        local=True,
        start_hint="Start the Ollama app or run `ollama serve`, or check the port.",
        key_hint="For models of Ollama's cloud run `ollama signin`; else paste a key in the settings.",
    ),
    ProviderRow(
        id="lmstudio",
        label="LM Studio",
        format="openai_chat",
        base_url="http://127.0.0.1:1234/v1",
        key_variable="LM_API_TOKEN",
        local=True,
        start_hint="In LM Studio open Developer and start the server, or check the port.",
        quirks=ChatQuirks(server="lmstudio", one_model=True),
    ),
    ProviderRow(
        id="llama_cpp",
        label="llama.cpp server",
        format="openai_chat",
        base_url="http://127.0.0.1:8080/v1",
        key_variable="LLAMA_API_KEY",
        local=True,
        start_hint="Start `llama-server` with your model, or check the port.",
        quirks=ChatQuirks(server="llama_cpp", one_model=True),
    ),
    ProviderRow(
        id="vllm",
        label="vLLM",
        format="openai_chat",
        base_url="http://127.0.0.1:8000/v1",
        key_variable="VLLM_API_KEY",
        local=True,
        start_hint="Start it with `vllm serve`, or check the port.",
        quirks=ChatQuirks(server="vllm"),
    ),
    ProviderRow(
        id="litellm",
        label="LiteLLM proxy",
        format="openai_chat",
        base_url="http://127.0.0.1:4000/v1",
        key_variable="LITELLM_API_KEY",
        local=True,
        start_hint="Start the `litellm` proxy, or check the port.",
        quirks=ChatQuirks(server="litellm"),
    ),
)

_ALL = (
    ProviderRow(id=GUIDE, label="Guide (no model)", format="offline", local=True),
    *_CLOUD,
    *_LOCAL,
    ProviderRow(
        id=ANY_SERVER,
        label="OpenAI-compatible",
        format="openai_chat",
        address_hint="Any server that speaks the OpenAI chat format, at an address of yours.",
        key_variable=OWN_KEY_VARIABLE,
        quirks=ChatQuirks(one_model=True),
    ),
)

PROVIDERS: dict[str, ProviderRow] = {row.id: row for row in _ALL}
"""Every service by its id, in the order in which it is offered."""


def row_of(provider_id: str) -> ProviderRow:
    """The row of this id. Raises KeyError."""
    return PROVIDERS[provider_id]


def provider_for_key(text: str) -> ProviderRow | None:
    """Whose key this is, if its beginning says so without doubt: a wrong guess would show it to a stranger.

    A bare `sk-` says nothing: OpenAI, DeepSeek and others use it.
    """
    key = text.strip()
    return next((row for row in _ALL if key.startswith(row.key_prefixes or ("\0",))), None)
