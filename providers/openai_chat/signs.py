"""The refusals that only services of the OpenAI chat format word so; those that all share stand in `answers.signs`.

Owns no behaviour. Each group names whose words they are: several services and servers hide behind one format, and what
answers at an address need not be what its row says.
"""

from __future__ import annotations

from ..answers.signs import Sign

_OPENROUTER = (
    Sign("key_wrong", codes=("authentication",)),
    Sign("out_of_credits", codes=("payment_required",)),
    Sign("no_vision", texts=("no endpoints found that support (image|vision)",)),
    Sign("no_tools", texts=("no endpoints found that support tool",)),
    Sign("region", codes=("region_restricted",)),
    Sign("overloaded", codes=("capacity_exhausted", "temporarily_unavailable", "provider_unavailable")),
    Sign(
        "model_unknown",
        codes=(
            "no_endpoints",
            "model_deprecated",
            "free_variant_ended",
            "privacy_restricted",
            "constraint_filtered",
        ),
        texts=("no endpoints found", "no allowed providers"),
    ),
    Sign("model_unknown", (404, 0), ("not_found",)),
    Sign("refused", codes=("refusal",)),
    Sign("filtered", (403,), texts=("moderation",)),
    Sign("bad_parameter", codes=("max_tokens_exceeded",)),
    Sign("timeout_silence", codes=("timeout",)),
)

_LITELLM = (
    Sign("key_not_allowed", codes=("key_model_access_denied", "team_model_access_denied", "user_model_access_denied")),
    Sign("out_of_credits", codes=("budget_exceeded",), texts=("budget has been exceeded",)),
    Sign("key_wrong", texts=(r"litellm\.authenticationerror",)),
    Sign("context_full", texts=(r"litellm\.contextwindowexceedederror",)),
    Sign("filtered", texts=(r"litellm\.contentpolicyviolationerror",)),
    Sign("rate_limited", texts=(r"litellm\.ratelimiterror",)),
    Sign("bad_parameter", texts=(r"litellm\.unsupportedparamserror",)),
    Sign("timeout_silence", texts=(r"litellm\.(api)?timeout",)),
    Sign("overloaded", texts=(r"litellm\.serviceunavailableerror",)),
    Sign("model_unknown", texts=(r"litellm\.notfounderror", "llm provider not provided")),
)

_LM_STUDIO = (
    Sign("not_an_api", texts=("unexpected endpoint or method",)),
    Sign("model_not_loaded", texts=("no models? loaded", "lms load")),
    Sign("no_memory", texts=("insufficient system resources", "failed to load model", "model has crashed")),
    Sign("context_full", texts=("greater than the context length", "context length of only")),
)

_LLAMA_CPP = (
    Sign("model_not_loaded", (400, 503), texts=("model is not loaded",)),
    Sign("no_tools", texts=("tools param requires --jinja",)),
    Sign("bad_parameter", (501,), ("not_supported_error",)),
)

_VLLM = (
    Sign("no_vision", texts=("is not a multimodal model", r"at most 0 (image|multimodal)")),
    Sign("context_full", texts=("longer than the maximum model length",)),
    Sign("model_unknown", (0,), ("notfounderror",)),
)

_CLOUD = (
    # xAI answers 400 to a wrong key, and 403 to a team that has not paid yet.
    Sign("key_wrong", (400,), texts=("incorrect api key",)),
    Sign("out_of_credits", (403,), texts=("have any credits", "no credits")),
    Sign("bad_parameter", (400,), texts=("argument not supported",)),
    # Groq and DeepSeek, where a model reads text only.
    Sign("no_vision", (400, 422), texts=("unknown variant `?image_url", "content must be a string")),
    # Groq
    Sign("no_tools", (400,), texts=("tool calling`? is not supported",)),
    Sign("bad_parameter", (400,), texts=(r"is not supported (with|by|for) this model",)),
    Sign("overloaded", (498,)),
    # Together
    Sign("context_full", (400, 422), texts=("max_new_tokens` must be",)),
    # Mistral
    Sign("overloaded", codes=("service_tier_capacity_exceeded",)),
)

CHAT_SIGNS = (*_OPENROUTER, *_LITELLM, *_LM_STUDIO, *_LLAMA_CPP, *_VLLM, *_CLOUD)
"""In the order in which they are looked at."""
