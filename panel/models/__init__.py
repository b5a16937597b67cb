"""Which models the providers have: lists that are shown at once and asked for anew when they are old. No Qt.

words   how a model and the age of a list are told
cache   one file for each provider and address
lists   what is known, in memory and in the files, and the asking
"""

from .cache import ModelCache, ModelList, cache_folder
from .lists import ModelLists

__all__ = ["ModelCache", "ModelList", "ModelLists", "cache_folder"]
