"""The terminal: the same engine as the panel, without a screen. No module here imports Qt, but for opening a window."""

from .main import main

__all__ = ["main"]
