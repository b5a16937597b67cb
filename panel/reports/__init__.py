"""Error reports: written before anything else happens, then forwarded. No Qt.

What is where:

    report   what a report is
"""

from .report import Report, Severity

__all__ = ["Report", "Severity"]
