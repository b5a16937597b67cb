"""Every task has an owner, a name and an end. No Qt.

What is where:

    scope   `TaskScope`: the making of tasks, the reporting of their failures, the order of closing
"""

from .scope import OnClose, OnFailure, ScopeClosed, ScopeStats, TaskScope

__all__ = ["OnClose", "OnFailure", "ScopeClosed", "ScopeStats", "TaskScope"]
