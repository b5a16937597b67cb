"""Which servers are reached without a proxy: this computer always, others by a list as `NO_PROXY` has it.

Owns no setting and looks no name up: a range of numbers covers a server that is addressed by its number.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from fnmatch import fnmatchcase

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_this_computer(host: str) -> bool:
    """Whether `host` can only be this computer."""
    name = host.rstrip(".").lower()
    number = _number(name)
    if number is not None:
        return number.is_loopback or number.is_unspecified
    return name == "localhost" or name.endswith(".localhost")


def is_listed(host: str, port: int, entries: Iterable[str]) -> bool:
    """Whether one of the entries covers this server.

    `studio.lan` and `.studio.lan` are that name and all below it, `*` in a name is anything, `10.0.0.0/8` a range of
    numbers; each may end with a port, `[fd00::1]:8080` if it is a number of IPv6.
    """
    name = host.rstrip(".").lower()
    number = _number(name)
    return any(_covers(entry.strip().lower(), name, number, port) for entry in entries)


def _covers(entry: str, name: str, number: IpAddress | None, port: int) -> bool:
    pattern, only = _without_port(entry)
    if not pattern or only not in ("", str(port)):
        return False
    network = _range(pattern)
    if network is not None:
        return number is not None and number in network
    if "*" in pattern:
        return fnmatchcase(name, pattern)
    ending = pattern.strip(".")
    return name == ending or name.endswith(f".{ending}")


def _without_port(entry: str) -> tuple[str, str]:
    """The entry, and the port that it is for, "" for any."""
    if entry.startswith("["):
        inner, _, rest = entry[1:].partition("]")
        return inner, rest.removeprefix(":")
    if entry.count(":") == 1:
        pattern, _, port = entry.partition(":")
        return pattern, port
    return entry, ""


def _range(pattern: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(pattern, strict=False)
    except ValueError:
        return None


def _number(name: str) -> IpAddress | None:
    """The number that a host is written as, if it is."""
    try:
        number = ipaddress.ip_address(name)
    except ValueError:
        return None
    return getattr(number, "ipv4_mapped", None) or number
