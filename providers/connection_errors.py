"""What an error of the operating system or of TLS means to a user.

Owns the reading of `OSError` and `ssl.SSLError`; no HTTP.
"""

from __future__ import annotations

import errno
import re
import socket
import ssl
from dataclasses import replace

from .errors import Problem, Service
from .network.certificates import Trust

_REFUSED = frozenset({errno.ECONNREFUSED, 61, 10061})
_NO_WAY = frozenset({errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTUNREACH, errno.EHOSTDOWN, 10051, 10065})
_BROKEN = frozenset({errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED, 10053, 10054})
_NAME_MISMATCH = frozenset({62, 63, 64})
_OUT_OF_DATE = frozenset({9, 10})
"""X.509 verify codes: not yet valid, expired; host name, e-mail and IP address mismatch above."""


def kind_of_os_error(error: BaseException, service: Service) -> str:
    """The kind of problem that this error means for a connection to `service`."""
    match error:
        case ssl.SSLCertVerificationError():
            return _certificate(error)
        case ssl.SSLError():
            return "tls_on_http" if _is_plain_text(error) else "tls_failed"
        case socket.gaierror():
            return "host_unknown"
        case TimeoutError():
            return "connect_timeout"
        case ConnectionResetError() | ConnectionAbortedError() | BrokenPipeError():  # asyncio's own have no number
            return "stream_cut"
        case _:
            return _by_number(_number(error), service)


def with_ca_trouble(problem: Problem, trust: Trust) -> Problem:
    """A certificate that is not trusted may be one of the file that could not be read."""
    if problem.kind != "cert_untrusted" or not trust.trouble:
        return problem
    why = f"The file with your own certificates is not in use. {trust.trouble}"
    return replace(problem, why=why, next="Correct it in the network settings, then try again.")


def _certificate(error: ssl.SSLCertVerificationError) -> str:
    code = getattr(error, "verify_code", 0)
    text = str(error).lower()
    if code in _NAME_MISMATCH or "mismatch" in text or "not valid for" in text:
        return "cert_name"
    if code in _OUT_OF_DATE or "expired" in text or "not yet valid" in text:
        return "cert_expired"
    return "cert_untrusted"


def _is_plain_text(error: ssl.SSLError) -> bool:
    text = str(error).lower()
    return any(sign in text for sign in ("wrong version", "wrong_version", "record layer", "http request"))


def _number(error: BaseException) -> int | None:
    """The error number, also out of the text into which asyncio folds several of them."""
    if isinstance(error, OSError) and error.errno:
        return error.errno
    found = re.search(r"(?:Errno|WinError) (\d+)", str(error))
    return int(found[1]) if found else None


def _by_number(number: int | None, service: Service) -> str:
    if number in _REFUSED:
        return "server_not_running"
    if number in _NO_WAY:
        return "server_not_running" if service.local else "offline"
    if number in _BROKEN:
        return "stream_cut"
    return "unknown"
