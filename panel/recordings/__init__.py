"""Recordings of answers, as the service sent them, for `nuke-ai-panel replay`: so that trouble can be looked at again.

recorder    what is recorded, and until when
cleaning    without keys, also those that come in pieces
pictures    without pictures
folder      the files
"""

from .folder import Recorded
from .recorder import Recordings, RecordingState

__all__ = ["Recorded", "RecordingState", "Recordings"]
