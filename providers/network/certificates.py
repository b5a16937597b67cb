"""Whom a TLS connection trusts: the certificates of the system, and those of a file.

Owns the making of the one context that all connections share. There is no switch that turns the check off.

truststore reads the system's certificates on Linux anew for each connection, which holds up the loop for 21 ms each
time (measured, truststore 0.10.5); read once, a connection costs nothing. Elsewhere the system itself checks. In all
three, what is loaded from a file is trusted beside the system's.
"""

from __future__ import annotations

import re
import ssl
import sys
from dataclasses import dataclass
from pathlib import Path

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_LARGEST = 16 * 2**20
"""Bytes: a whole system's collection has a quarter of one MB."""


@dataclass(frozen=True, slots=True)
class Trust:
    """`trouble`: why the file of the settings is not among the trusted, as a sentence; "" if all is well."""

    context: ssl.SSLContext
    trouble: str = ""


class UnusableFile(Exception):
    """No certificates can be had from it. The text says why, with its path."""


def load_trust(ca_file: str) -> Trust:
    """The system's certificates and those of `ca_file`, PEM; "" for none. Blocking: 30 ms and more.

    A file that cannot be used stops nothing: what the system trusts still works, and who fails is told of it.
    """
    context = _of_the_system()
    if not ca_file:
        return Trust(context)
    try:
        context.load_verify_locations(cadata=_certificates_in(ca_file))
    except UnusableFile as unusable:
        return Trust(context, str(unusable))
    return Trust(context)


def ca_file_problem(ca_file: str) -> str:
    """What is wrong with such a file, as a sentence to show beside it; "" if it is as it should be. Blocking."""
    try:
        _certificates_in(ca_file)
    except UnusableFile as unusable:
        return str(unusable)
    return ""


def _of_the_system() -> ssl.SSLContext:
    import truststore

    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if sys.platform in ("win32", "darwin"):
        return context
    context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="localhost")  # it reads them now
    loaded: object = getattr(context, "_ctx", None)
    return loaded if isinstance(loaded, ssl.SSLContext) else context


def _certificates_in(path: str) -> str:
    """The certificates of a file and nothing else of it, checked. Raises UnusableFile."""
    found = _CERTIFICATE.findall(_content(path))
    if not found:
        raise UnusableFile(f"There is no certificate in PEM form in {path}.")
    try:
        text = b"\n".join(found).decode("ascii")
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError):  # of which UnicodeError is one
        raise UnusableFile(f"A certificate in {path} is damaged.") from None
    return text


def _content(path: str) -> bytes:
    try:
        place = Path(path).expanduser()
        if place.exists() and not place.is_file():
            raise UnusableFile(f"{path} is no file.")
        with place.open("rb") as file:
            return file.read(_LARGEST)
    except FileNotFoundError:
        raise UnusableFile(f"There is no file {path}.") from None
    except PermissionError:
        raise UnusableFile(f"{path} may not be read.") from None
    except (OSError, ValueError, RuntimeError) as error:
        raise UnusableFile(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
