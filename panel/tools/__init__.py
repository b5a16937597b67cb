"""What a model may do with the open script: `box` calls, `overview` and `reading` are the tools."""

from .box import ToolBox, ToolOutcome

__all__ = ["ToolBox", "ToolOutcome"]
