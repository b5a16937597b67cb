"""Every setting, declared once; the files, the environment, the dialog, `doctor` and the documentation follow from it.

What is where:

    setting     what a declaration says: type, limits, words, and whether a value can be used
    text_rules  what is asked of addresses, hosts and paths
    declared    all declarations, and the pages that they stand on
    headers     what a header of the user's own may say
    services    services of the user's own: tables whose id no row of the catalog has
    studio      what the studio's file decides, and which of it nobody else may
    changes     what was set since the file was read
    origin      where a value in force comes from, and who decides it
    layers      `Settings`: the values in force
    file        TOML on disk: read, and replaced in one step
    loading     all of that together

        defaults < studio's file < user's file < environment; what the studio has locked comes before all of them

It knows no widget and no key: keys are in the keyring, only the names of saved ones are listed here (`ID@ORIGIN`),
because a keyring cannot be listed.
"""

from .changes import Change
from .declared import (
    AT_ONCE,
    CA_FILE,
    CONNECT,
    CONTEXT,
    DIRECT_HOSTS,
    FIRST_EVENT_CLOUD,
    FIRST_EVENT_LOCAL,
    IDLE_CLOUD,
    IDLE_LOCAL,
    LOG_LEVEL,
    NATS_SERVER,
    NATS_SUBJECT,
    OFFERED,
    PROVIDER,
    PROXY,
    PROXY_ADDRESS,
    PROXY_USER,
    RETRIES,
    SEND_KEY,
    SETTINGS,
    TEST,
    TOOL_ROUNDS,
    TOTAL,
)
from .layers import ProviderSettings, Settings
from .loading import load, save, settings_path
from .origin import NOWHERE, InForce, Origin
from .services import OwnService
from .setting import AnySetting, Setting, Unusable, Value
from .studio import STUDIO_VARIABLE

__all__ = [
    "AT_ONCE",
    "CA_FILE",
    "CONNECT",
    "CONTEXT",
    "DIRECT_HOSTS",
    "FIRST_EVENT_CLOUD",
    "FIRST_EVENT_LOCAL",
    "IDLE_CLOUD",
    "IDLE_LOCAL",
    "LOG_LEVEL",
    "NATS_SERVER",
    "NATS_SUBJECT",
    "NOWHERE",
    "OFFERED",
    "PROVIDER",
    "PROXY",
    "PROXY_ADDRESS",
    "PROXY_USER",
    "RETRIES",
    "SEND_KEY",
    "SETTINGS",
    "STUDIO_VARIABLE",
    "TEST",
    "TOOL_ROUNDS",
    "TOTAL",
    "AnySetting",
    "Change",
    "InForce",
    "Origin",
    "OwnService",
    "ProviderSettings",
    "Setting",
    "Settings",
    "Unusable",
    "Value",
    "load",
    "save",
    "settings_path",
]
