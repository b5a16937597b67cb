"""What the settings say of NATS, judged before anything is connected. Owns what may be shown of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from ...providers.redact import Redactor, Secret
from .sink import SinkTrouble

PORT = 4222
SERVER_VARIABLE = "NUKE_AI_PANEL_NATS_SERVER"
"""Comes before the setting, and may hold a login."""
_SUBJECT = re.compile(r"[^\s.*>\x00-\x1f\x7f]+(\.[^\s.*>\x00-\x1f\x7f]+)*")


@dataclass(frozen=True, slots=True)
class NatsTarget:
    """Where reports go, as typed. An empty server: nowhere. `in_file`: the address lies in a settings file."""

    server: str = field(default="", repr=False)
    subject: str = "nuke_ai_panel.reports"
    in_file: bool = False

    @property
    def address(self) -> NatsAddress:
        """Raises SinkTrouble, also for a login in a file, where it would lie as text."""
        address = parse_address(self.server)
        if self.in_file and address.user:
            words = "The NATS address in the settings holds a login. Put the whole address into"
            raise SinkTrouble(f"{words} {SERVER_VARIABLE}, and take it out there.", retry=False)
        return address


@dataclass(frozen=True, slots=True)
class NatsAddress:
    """A server. `str()` of it is without what it is reached with: user and password, or a token alone as user."""

    scheme: str
    host: str
    port: int
    user: Secret | None = None
    password: Secret | None = None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    def login(self) -> dict[str, str]:
        """The secrets by nats-py's names for them."""
        if self.user is None:
            return {}
        if self.password is None:
            return {"token": self.user.reveal()}
        return {"user": self.user.reveal(), "password": self.password.reveal()}

    @property
    def redactor(self) -> Redactor:
        """Takes user, password and token out of what others say."""
        redactor = Redactor()
        for secret in (self.user, self.password):
            if secret:
                redactor.add(secret)
        return redactor


def parse_address(text: str) -> NatsAddress:
    """`[nats://|tls://][user:password@|token@]host[:port]`. Raises SinkTrouble, which does not repeat the text."""
    text = text.strip()
    try:
        parts = urlsplit(text if "://" in text else f"nats://{text}")
        host, port = parts.hostname, parts.port or PORT
    except ValueError:
        host, port, parts = None, PORT, None
    if parts is None or not host or parts.scheme not in ("nats", "tls") or re.search(r"\s", host):
        raise SinkTrouble("The NATS server in the settings is no address such as nats://host:4222.", retry=False)
    return NatsAddress(parts.scheme, host, port, _secret(parts.username), _secret(parts.password))


def check_subject(subject: str) -> str:
    """The subject. Raises SinkTrouble: older clients would send whatever follows a line break as a command."""
    if not _SUBJECT.fullmatch(subject):
        words = "The NATS subject in the settings has to be words with dots between them, without spaces, * and >."
        raise SinkTrouble(words, retry=False)
    return subject


def _secret(text: str | None) -> Secret | None:
    return Secret(unquote(text)) if text else None
