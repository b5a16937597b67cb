"""The connections: tracked `aiohttp` sessions, bound to one origin each, with deadlines and caps on everything.

    sessions    `HttpSessions`: makes, counts and closes them
    session     `HttpSession`: the requests to one origin
    replies     an answer whose head has come, or a whole one
    routes      through which proxy, and what it is shown
    failures    what `aiohttp` raises, as a `ProviderError`
    client      how `aiohttp` is set up, and what is read out of its insides

The only package that knows `aiohttp`: what that raises leaves here as `ProviderError`. It knows no wire format: a
status other than 200 is an answer like any other.

What is never done: following a redirect (headers and body would go along to the other host), leaving it to aiohttp to
read `.netrc` or proxy variables (`trust_env`), ignoring a certificate.
"""

from ..limits import Limits
from .replies import Reply, StreamReply
from .session import HttpSession
from .sessions import HttpSessions

__all__ = ["HttpSession", "HttpSessions", "Limits", "Reply", "StreamReply"]
