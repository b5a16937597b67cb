"""What the ways in say of themselves, before anything is imported."""

from __future__ import annotations

from typing import Literal

WayIn = Literal["window", "nuke"]

LOADING = 60.0
"""Seconds for importing the services, from a slow network drive too."""
