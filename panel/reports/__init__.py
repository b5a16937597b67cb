"""Error reports: written before anything else happens, then forwarded. No Qt.

What is where:

    report      what a report is
    reporter    `Reports`: the way in for every error
    capture     what the caller takes from an error; `rendering` makes a report without secrets of it
    writer      the thread that writes, and the turn to write
    ledger      what was reported, how often, and what of it is on disk
    journal     the files, their lock (`locks`) and their lines (`lines`)
    sessions    what earlier runs left; `crash`: what is written when the interpreter itself dies
    forwarder   on to the sinks: Python logging, NATS

        report() ─> capture ─> queue ─> writer ─> rendering ─> ledger ─> journal
                                          └─> listeners: Diagnostics, forwarder ─> sinks
"""

from .report import Report, ReportCounts, Severity
from .reporter import Reports
from .sessions import PastSession, adopt, crashed_sessions, past_sessions

__all__ = ["PastSession", "Report", "ReportCounts", "Reports", "Severity", "adopt", "crashed_sessions", "past_sessions"]
