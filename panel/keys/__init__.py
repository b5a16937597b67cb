"""API keys: for this session, from the environment, or from the OS keyring; each bound to one origin.

What is where:

    keyrings   this system's own keyring, chosen by class, never one that writes plain files
    asking     a keyring asked on a thread, with a deadline, its errors in words
    store      `KeyStore`: the order of the sources, what is saved and removed
"""

from .keyrings import Keyring, KeyringTrouble, platform_keyring
from .store import PROXY_LOGIN, KeyFound, KeyStore, variable_for

__all__ = [
    "PROXY_LOGIN",
    "KeyFound",
    "KeyStore",
    "Keyring",
    "KeyringTrouble",
    "platform_keyring",
    "variable_for",
]
