"""Error reports: written before anything else happens, then forwarded. No Qt.

What is where:

    report     what a report is
    reporter   `Reports`: the way in for every error
    sessions   what earlier runs left
"""

from .report import Report, ReportCounts, Severity
from .reporter import Reports
from .sessions import PastSession, adopt, past_sessions

__all__ = ["PastSession", "Report", "ReportCounts", "Reports", "Severity", "adopt", "past_sessions"]
