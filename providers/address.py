"""The address of a server: checked, brought into one form, and reduced to the origin that a key belongs to.

Owns the spelling of URLs; it opens nothing. What is sent is always rebuilt from the parts that were checked here, so
that nobody further down can read the same text as another host.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from .errors import ProviderError, problem

_DEFAULT_PORTS = {"http": 80, "https": 443}
_ENDPOINTS = (
    "/chat/completions",
    "/completions",
    "/models",
    "/responses",
    "/embeddings",
    "/messages",
    "/api/chat",
    "/api/tags",
    "/api",
)
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_.])?")
_PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")
_BEGINNING = re.compile(r"([a-z]{3,7})(?::/*|//)(?!\d{1,5}(?:/|$))/*(.*)", re.IGNORECASE)
"""Of what was to begin with a scheme: `http:/x`, `htps:x`, `https//x`; but `nas:8080` is a host with its port."""
_NO_PORT = re.compile(r"^[^/\[]*:(?!\d)")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\]")


@dataclass(frozen=True, slots=True)
class Address:
    """A checked address. `host` is lower case, without the brackets of IPv6; `path` has no slash at its end."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def place(self) -> str:
        """HOST:PORT as people write it: without the port that goes without saying."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.place}"

    @property
    def url(self) -> str:
        return self.origin + self.path

    @property
    def local(self) -> bool:
        """On this computer or in the house: where models load slowly and servers are started by hand."""
        if self.host == "localhost" or self.host.endswith((".localhost", ".local", ".lan", ".internal")):
            return True
        try:
            return ipaddress.ip_address(self.host).is_private
        except ValueError:
            return "." not in self.host


def parse_address(text: str) -> Address:
    """The parts of an address as typed or pasted. Raises ProviderError `bad_address`, with the reason in words."""
    text = text.strip()
    if not text:
        raise _bad("Type the address of the server.")
    if _FORBIDDEN.search(text):
        raise _bad("There is a blank inside the address, or a character that no address has.")
    parts = _split(text)
    if "@" in parts.netloc:
        raise _bad("Leave user name and password out of the address; a key has its own field.")
    if parts.query or parts.fragment:
        raise _bad("Leave out everything from ? or # on; a key has its own field.")
    if not _PATH.fullmatch(parts.path):
        raise _bad("The path has a character that no address has.")
    return Address(parts.scheme, _host(parts), _port(parts), parts.path.rstrip("/"))


def address_problem(text: str) -> str:
    """What is wrong with an address, as a sentence to show beside it; "" for one that can be tried."""
    try:
        parse_address(text)
    except ProviderError as error:
        return error.problem.why
    return ""


def normalise_base_url(text: str, default_path: str = "/v1") -> str:
    """The base URL that is meant: the endpoints follow it directly. Raises ProviderError `bad_address`.

    A path is taken as it is, without its last slash. A host alone means `default_path`: /v1, where nearly all servers
    have their API. A pasted endpoint says exactly where it is, so it is also how a server is named that has its API at
    the root. An API whose place is the root (Ollama) has none under /v1.
    """
    address = parse_address(text)
    path = address.path
    while path.endswith(_ENDPOINTS):
        longest = next(endpoint for endpoint in _ENDPOINTS if path.endswith(endpoint))
        path = path.removesuffix(longest).rstrip("/")
    if not default_path:
        path = path.removesuffix("/v1")
    return address.origin + (path if path or address.path else default_path)


def spelling_of(base_url: str) -> str:
    """What to type so that `normalise_base_url` gives this base URL."""
    return base_url if parse_address(base_url).path else f"{base_url}{_ENDPOINTS[0]}"


def other_forms(base_url: str) -> tuple[str, ...]:
    """Where the same server may have its API as well: with or without /v1, at /v1, at the root."""
    address = parse_address(base_url)
    toggled = base_url.removesuffix("/v1") if base_url.endswith("/v1") else f"{base_url}/v1"
    forms = dict.fromkeys((toggled, f"{address.origin}/v1", address.origin))
    return tuple(form for form in forms if form != base_url)


def origin_of(url: str) -> str:
    """`scheme://host:port`, without the port that goes without saying. Raises ProviderError `bad_address`."""
    return parse_address(url).origin


def _split(text: str) -> SplitResult:
    scheme, mark, _ = text.partition("://")
    if not mark:
        raise _bad(_about_its_beginning(text))
    if scheme.lower() not in _DEFAULT_PORTS:
        raise _bad(f"{scheme[:20]}:// does not work here, http:// and https:// do.")
    try:
        return urlsplit(text)
    except ValueError:
        raise _bad("The name of the server cannot be read.") from None


def _about_its_beginning(text: str) -> str:
    """What to write instead of an address without "://". Raises ProviderError for what else is wrong with it."""
    begun = _BEGINNING.match(text)
    schemes = difflib.get_close_matches(begun[1].lower(), _DEFAULT_PORTS, 1) if begun else []
    if begun and schemes:
        meant, reason = f"{schemes[0]}://{begun[2]}", "The beginning is misspelt, perhaps this is meant"
    elif _NO_PORT.search(text):
        return "It has to begin with http:// or https://."
    else:
        host = text.lstrip("/")
        meant, reason = f"{_guess(host)}://{host}", "Put the kind of connection in front"
    parse_address(meant)
    return f"{reason}: {meant[:200]}"


def _guess(text: str) -> str:
    """Servers on a port of their own, by number or on this computer rarely have a certificate."""
    host, port, _ = text.partition("/")[0].partition(":")
    return "http" if port or host == "localhost" or host.replace(".", "").isdigit() else "https"


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if not host:
        raise _bad("The name of the server is missing.")
    if ":" in host:
        try:
            return str(ipaddress.IPv6Address(host))
        except ValueError:
            raise _bad("The name of the server cannot be read.") from None
    try:
        host = host.encode("idna").decode()
    except UnicodeError:
        raise _bad("The name of the server cannot be read.") from None
    if not _NAME.fullmatch(host):
        raise _bad("The name of the server has a character that no name has.")
    return host


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port is None:
        return _DEFAULT_PORTS[parts.scheme]
    if not port:
        raise _bad("The port is a number from 1 to 65535.")
    return port


def _bad(reason: str) -> ProviderError:
    return ProviderError(problem("bad_address", name="", reason=reason))
