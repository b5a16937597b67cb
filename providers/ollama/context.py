"""How many tokens a question is given.

Ollama sets memory aside for a number of tokens when it loads a model: by itself for 4,096 on most computers, whatever
the model could read, and it drops the beginning of a chat that does not fit. So every question asks for a number.
"""

from __future__ import annotations

DEFAULT_CONTEXT = 16_384
"""Tokens: a long chat about a script, and memory that a computer for compositing has beside its work."""


def context_given(trained: int | None, running: int | None) -> int | None:
    """What a question gets that asks for nothing special; None if nothing is known of the model.

    `trained`: the most that the model can read. `running`: what is set aside for it now, if it is loaded. A loaded
    model keeps what it has: asking for less would load it anew for everybody who uses it.
    """
    if trained is None and running is None:
        return None
    return max(min(trained or DEFAULT_CONTEXT, DEFAULT_CONTEXT), running or 0)
