"""What only Ollama says no with. Looked at before the signs that all services share."""

from __future__ import annotations

from ..answers.signs import Sign

SIGNS = (
    Sign("host_blocked", (403,), texts=(r"\A\Z",)),  # it says nothing to a Host header that it does not know
    Sign("unknown", (403,), texts=("cloud is disabled",)),  # by the server's owner: no key would help
    Sign("model_not_pulled", (404,), texts=(r"model .*not found",)),
    Sign("model_unknown", (400,), texts=("model is required",)),
    Sign("model_unknown", texts=("pull model manifest: file does not exist",)),
    Sign("context_full", texts=("longer than the context length", "exceeds (the )?(maximum )?context length")),
    Sign("no_vision", texts=("missing data required for image input", "does not support multi-image")),
    Sign("bad_parameter", (400,), texts=("cannot unmarshal .* field", "invalid think value", "think must be a")),
    Sign(
        "no_memory",
        texts=(
            "out of (device )?memory",
            "more system memory",
            "(not enough|insufficient) memory",
            "(malloc|allocation) failed",
            "(failed|unable) to allocate",
            "process has terminated",
            "process no longer running",
            "unexpectedly stopped",
        ),
    ),
)

PULL_SIGNS = (
    Sign("offline", texts=("no such host", "network is unreachable", "dial tcp")),  # it, not us, asks the registry
    *SIGNS,
)
