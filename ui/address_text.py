"""Whether an address can be one of a server, and if not, what to do about it. Resolves and opens nothing."""

from __future__ import annotations

from urllib.parse import urlsplit


def address_problem(text: str) -> str:
    """A sentence to show at the field; "" for an address that can be tried."""
    if not text:
        return "Type the address of the server."
    if any(character.isspace() or not character.isprintable() for character in text):
        return "There is a blank inside the address."
    scheme, found, _ = text.partition("://")
    if not found:
        return f"Put the kind of connection in front: {_guess(text)}://{text}"
    if scheme.lower() not in ("http", "https"):
        return f"{scheme}:// does not work here. Use http:// or https://."
    return _parts_problem(text)


def _guess(text: str) -> str:
    """Servers on a port of their own, by number or on this computer rarely have a certificate."""
    host, port, _ = text.partition("/")[0].partition(":")
    return "http" if port or host == "localhost" or host.replace(".", "").isdigit() else "https"


def _parts_problem(text: str) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return "The port or the brackets of the address are not right. Example: http://127.0.0.1:8080/v1"
    if not parts.hostname:
        return "The name of the server is missing. Example: http://127.0.0.1:8080/v1"
    if port == 0:
        return "Port 0 cannot be connected to."
    if parts.username is not None or parts.password is not None:
        return "Leave user name and password out of the address."
    if parts.query or parts.fragment or text[-1] in "?#":
        return "Leave out everything from ? or # on."
    return ""
