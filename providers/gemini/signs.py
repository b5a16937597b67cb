"""The refusals that only Google words so; those that all services share stand in `answers.signs`. Owns no behaviour.

A wrong key is a 400 here, and a 429 says only in its details whether it is the minute or the day that is used up.
"""

from __future__ import annotations

from ..answers.signs import Sign

SIGNS = (
    Sign("key_wrong", (400,), ("api_key_invalid",), ("api key not valid", "api key expired")),
    Sign("key_wrong", (403,), texts=("unregistered callers",)),
    Sign("region", (400,), texts=(r"location is not (supported|available)", r"not available in your (country|region)")),
    Sign("out_of_credits", (400,), texts=(r"\bbilling\b",)),
    Sign("out_of_credits", (429,), texts=("credits are depleted",)),
    Sign("daily_quota", (429,), parts=("perday",)),
    Sign("rate_limited", codes=("resource_exhausted",)),
    Sign("context_full", (400,), texts=(r"token count .*exceeds the maximum",)),
    Sign("too_large", (400,), texts=("payload size exceeds",)),
    Sign("no_tools", (400,), texts=("function calling is not enabled", "function calling is unsupported")),
    Sign("no_vision", (400,), texts=("image input modality is not enabled",)),
    Sign("no_thinking", (400,), texts=(r"\bthinking\b.* is not (supported|enabled)", "include_thoughts is only")),
    Sign("no_thinking", (400,), texts=(r"\bbudget -?\d+ is invalid",)),
    Sign("bad_parameter", (400,), texts=('unknown name "',)),
    Sign("model_unknown", (400,), texts=("unexpected model name format",)),
    Sign("model_unknown", (404,), ("not_found",)),
)
"""In the order in which they are looked at."""
