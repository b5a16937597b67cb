"""Refusals that only the Anthropic API words so. Where its wording is known to change, codes decide."""

from __future__ import annotations

from dataclasses import dataclass

from ..answers.refusals import Refusal
from ..answers.signs import Sign


@dataclass(frozen=True, slots=True)
class _WithoutWait(Sign):
    """A row for refusals that do not say when to ask again."""

    def matches(self, refusal: Refusal, text: str) -> bool:
        return refusal.wait is None and Sign.matches(self, refusal, text)


SIGNS: tuple[Sign, ...] = (
    Sign(
        "out_of_credits",
        codes=("enforced_spend_limit_reached", "contract_spend_limit_reached"),
        texts=("you have reached your specified", "credit balance"),
    ),
    _WithoutWait("out_of_credits", (429,)),
    Sign("context_full", (400,), texts=("exceed context limit",)),
    Sign("too_large", (400,), texts=(r"image.*\b(exceeds?|too large)\b",)),
    Sign("no_thinking", (400,), texts=("thinking is not supported",)),
    Sign(
        "bad_parameter",
        (400,),
        texts=(r"^(thinking|output_config|temperature|top_p|top_k)\b", "effort parameter", r"thinking\.type"),
    ),
    Sign("not_an_api", (404,), texts=(r"^(file )?not found\.?$",)),
    Sign("model_unknown", (404,), ("not_found_error",)),
)
