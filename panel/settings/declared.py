"""All settings, in the order in which the dialog and the documentation have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...providers.catalog import GUIDE, PROVIDERS, ProviderRow
from . import text_rules
from .setting import AnySetting, Setting

CHAT, NETWORK, LIMITS, REPORTS = "Chat", "Network", "Limits", "Reports"
_ANSWERS, _WRITING = "Answers", "Writing"
_PROXY, _TRUST = "Proxy", "Trust"
_WAITING, _ASKING = "Waiting", "Asking"
_LOG, _NATS = "Log", "NATS"

PROVIDER = Setting(
    "chat.provider",
    GUIDE,
    "Who answers",
    "The provider that new questions go to. Until you choose one, the built-in guide answers and nothing is sent.",
    page=CHAT,
    group=_ANSWERS,
    choices=tuple((row.id, row.label) for row in PROVIDERS.values()),
)
OFFERED = Setting(
    "chat.offered",
    "",
    "Offered",
    "The ids of the providers to choose from, with commas between them. Empty: all. The guide is always among them.",
    page=CHAT,
    group=_ANSWERS,
    text="list",
    rule=text_rules.ids,
)
SEND_KEY = Setting(
    "chat.send_key",
    "enter",
    "Send with",
    "The other one of the two starts a new line.",
    page=CHAT,
    group=_WRITING,
    choices=(("enter", "Enter"), ("ctrl+enter", "Ctrl+Enter")),
    lockable=False,
)

PROXY = Setting(
    "network.proxy",
    "system",
    "Proxy",
    "The way out of your network. Servers on this computer are always reached directly.",
    page=NETWORK,
    group=_PROXY,
    choices=(("system", "As this system says"), ("none", "None"), ("manual", "The one below")),
)
PROXY_ADDRESS = Setting(
    "network.proxy_address",
    "",
    "Proxy address",
    "Such as http://proxy.studio.lan:3128. Counts where the proxy is the one below.",
    page=NETWORK,
    group=_PROXY,
    rule=text_rules.proxy_address,
)
PROXY_USER = Setting(
    "network.proxy_user",
    "",
    "Proxy user",
    "If the proxy wants a login. Its password is kept in the keyring.",
    page=NETWORK,
    group=_PROXY,
)
DIRECT_HOSTS = Setting(
    "network.direct_hosts",
    "",
    "Direct hosts",
    "Hosts without the proxy, with commas between them, such as .studio.lan, 10.0.0.5.",
    page=NETWORK,
    group=_PROXY,
    text="list",
    rule=text_rules.hosts,
)
CA_FILE = Setting(
    "network.ca_file",
    "",
    "Certificates",
    "A file with the certificates of your studio (.pem), trusted besides those of this system.",
    page=NETWORK,
    group=_TRUST,
    text="path",
)

CONNECT = Setting(
    "network.connect_seconds",
    10.0,
    "Connect within",
    "A server that was not reached within this time counts as out of reach.",
    page=LIMITS,
    group=_WAITING,
    low=1,
    high=120,
    unit="s",
)
FIRST_EVENT_CLOUD = Setting(
    "network.first_event_seconds",
    120.0,
    "First sign",
    "How long a service may think before the first sign of an answer.",
    page=LIMITS,
    group=_WAITING,
    low=1,
    high=3600,
    unit="s",
)
FIRST_EVENT_LOCAL = Setting(
    "network.first_event_local_seconds",
    600.0,
    "First sign, local",
    "The same for servers on this computer and in the house: loading a model takes minutes.",
    page=LIMITS,
    group=_WAITING,
    low=1,
    high=7200,
    unit="s",
)
IDLE_CLOUD = Setting(
    "network.idle_seconds",
    60.0,
    "Silence",
    "How long a service may be silent in the middle of an answer.",
    page=LIMITS,
    group=_WAITING,
    low=1,
    high=3600,
    unit="s",
)
IDLE_LOCAL = Setting(
    "network.idle_local_seconds",
    300.0,
    "Silence, local",
    "The same for servers on this computer and in the house.",
    page=LIMITS,
    group=_WAITING,
    low=1,
    high=7200,
    unit="s",
)
TOTAL = Setting(
    "network.total_seconds",
    1800.0,
    "Whole answer",
    "An answer that is still being written after this time ends.",
    page=LIMITS,
    group=_WAITING,
    low=10,
    high=86400,
    unit="s",
)
TEST = Setting(
    "network.test_seconds",
    15.0,
    "Connection test",
    "A connection test gives up after this time.",
    page=LIMITS,
    group=_WAITING,
    low=1,
    high=120,
    unit="s",
)
RETRIES = Setting(
    "requests.retries",
    2,
    "Tries again",
    "How often a question is sent again when a service is overloaded, before the first word has come.",
    page=LIMITS,
    group=_ASKING,
    low=0,
    high=5,
)
AT_ONCE = Setting(
    "requests.at_once",
    8,
    "Asked at once",
    "Questions to one provider at the same time; more of them wait for their turn.",
    page=LIMITS,
    group=_ASKING,
    low=1,
    high=64,
)
TOOL_ROUNDS = Setting(
    "chat.tool_rounds",
    25,
    "Tool rounds",
    "After this many rounds of tool calls an answer stops. Counts for new chats.",
    page=LIMITS,
    group=_ASKING,
    low=1,
    high=200,
)
CONTEXT = Setting(
    "requests.context_tokens",
    0,
    "Local context",
    "What a local server sets aside for one conversation. 0: what the model was made for, up to 16384.",
    page=LIMITS,
    group=_ASKING,
    low=0,
    high=1_048_576,
    unit="tokens",
)

LOG_LEVEL = Setting(
    "reports.log_level",
    "warning",
    "Log level",
    "What is written to Python's log. Reports of errors are kept in any case.",
    page=REPORTS,
    group=_LOG,
    choices=(("debug", "Debug"), ("info", "Info"), ("warning", "Warning"), ("error", "Error")),
)
NATS_SERVER = Setting(
    "reports.nats_server",
    "",
    "NATS server",
    "Where reports are sent as well, such as nats://host:4222, without a login. Empty: nowhere.",
    page=REPORTS,
    group=_NATS,
    rule=text_rules.nats_server,
)
NATS_SUBJECT = Setting(
    "reports.nats_subject",
    "nuke_ai_panel.reports",
    "NATS subject",
    "Under which subject reports are published.",
    page=REPORTS,
    group=_NATS,
    rule=text_rules.nats_subject,
)

SETTINGS: tuple[AnySetting, ...] = (
    PROVIDER,
    OFFERED,
    SEND_KEY,
    PROXY,
    PROXY_ADDRESS,
    PROXY_USER,
    DIRECT_HOSTS,
    CA_FILE,
    CONNECT,
    FIRST_EVENT_CLOUD,
    FIRST_EVENT_LOCAL,
    IDLE_CLOUD,
    IDLE_LOCAL,
    TOTAL,
    TEST,
    RETRIES,
    AT_ONCE,
    TOOL_ROUNDS,
    CONTEXT,
    LOG_LEVEL,
    NATS_SERVER,
    NATS_SUBJECT,
)


def with_services(setting: AnySetting, own: Mapping[str, ProviderRow]) -> AnySetting:
    """The setting as it is where there are these services of the user's own as well: they can be chosen."""
    if setting.id != PROVIDER.id or not own:
        return setting
    return replace(setting, choices=(*setting.choices, *((row.id, row.label) for row in own.values())))
