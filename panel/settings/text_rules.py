"""What is asked of a text beyond being one. Each rule gives what is wrong as a sentence, "" if nothing is.

None of them looks at the disk or the network, and none repeats the text: it may hold a password.
"""

from __future__ import annotations

import re

from ...providers.address import address_problem
from ..reports.nats_address import SERVER_VARIABLE, check_subject, parse_address
from ..reports.sink import SinkTrouble

_HOST = re.compile(
    r"""
    ( [.*]?[\w*-]+(\.[\w*-]+)*          # a name, its ending, a number, with * for anything
    | [\d.]+ / \d{1,2}                  # a range of numbers
    | \[[0-9a-f:.]+ (/\d{1,3})? \]      # IPv6, in brackets where a port follows
    ) ( : \d{1,5} )?
    | [0-9a-f]*:[0-9a-f:.]* (/\d{1,3})?
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""What `providers.network.direct` understands."""
_ID = re.compile(r"[\w-]+")


def entries(text: str) -> tuple[str, ...]:
    """What stands between the commas."""
    return tuple(entry for part in text.split(",") if (entry := part.strip()))


def address(text: str) -> str:
    if "://" not in text:
        return "Put the kind of connection in front, http:// or https://."
    return address_problem(text)


def proxy_address(text: str) -> str:
    if "@" in text:
        return "Leave the login out: the user has a field, and the password is kept in the keyring."
    return address(text)


def hosts(text: str) -> str:
    if all(_HOST.fullmatch(entry) for entry in entries(text)):
        return ""
    return "Names, numbers or ranges of hosts with commas between them, without http:// and without a path."


def ids(text: str) -> str:
    if all(_ID.fullmatch(entry) for entry in entries(text)):
        return ""
    return "Ids with commas between them, as `nuke-ai-panel providers` lists them."


def nats_server(text: str) -> str:
    try:
        address = parse_address(text)
    except SinkTrouble:
        return "It has to be an address such as nats://host:4222."
    return f"Leave the login out: an address with one belongs into {SERVER_VARIABLE}." if address.user else ""


def nats_subject(text: str) -> str:
    try:
        check_subject(text)
    except SinkTrouble:
        return "It has to be words with dots between them, without blanks, * and >."
    return ""
