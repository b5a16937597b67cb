"""The words of every problem: one row for each kind, in the order in which symptoms are matched.

Owns no behaviour: `errors.problem` fills the blanks. `{name}` is the service, `{host}` its HOST:PORT, `{model}` the
model asked for, `{answered_by}` the one that answered, `{other}` another address or a size, `{span}` a time, `{reason}`
the service's own first line, cleaned, `{hint}` what helps with this one service, `{log}` where it tells more of itself.
Titles fit in 60 characters: long values are cut, never the sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "notice"]


@dataclass(frozen=True, slots=True)
class Wording:
    """What the user is told. `why` and `next` are one sentence each."""

    title: str
    why: str
    next: str
    severity: Severity = "error"


WORDINGS: dict[str, Wording] = {
    # the way there
    "server_not_running": Wording(
        "Nothing is listening at {host}",
        "The server there is probably not running, or it uses another port.",
        "{hint}",
    ),
    "host_unknown": Wording(
        "The address {host} could not be found",
        "The name is misspelled, or this computer is offline.",
        "Check the spelling, the internet connection and the VPN.",
    ),
    "offline": Wording(
        "There seems to be no internet connection",
        "{host} cannot be reached from this computer.",
        "Try again when you are online; local models and the guide still work.",
    ),
    "connect_timeout": Wording(
        "{host} did not answer within {span}",
        "A firewall, a VPN or a proxy may be in the way, or the other computer is off.",
        "Check these, or raise the connect limit in the settings.",
    ),
    "proxy_refused": Wording(
        "No connection through your proxy {other}",
        "{reason}",
        "Check the proxy settings, or try without the proxy.",
    ),
    "proxy_auth": Wording(
        "The proxy wants a user name and password",
        "It does not let this computer through to {host} without them.",
        "Add them to the proxy settings.",
    ),
    "cert_untrusted": Wording(
        "The certificate of {host} is not trusted",
        "This is common behind company proxies, and with servers that sign for themselves.",
        "Ask whoever runs the network for its certificate file (.pem), and choose it in the network settings.",
    ),
    "cert_name": Wording(
        "The certificate of {host} is for another name",
        "Another server answers there, or the address is not the one that the server calls itself.",
        "Use the server's own name in the address.",
    ),
    "cert_expired": Wording(
        "The certificate of {host} is out of date",
        "It has expired or is not valid yet, or the clock of this computer is wrong.",
        "Check the clock, or tell whoever runs the server.",
    ),
    "tls_on_http": Wording(
        "{host} speaks http, not https",
        "The address begins with https:// but the server answers without encryption.",
        "Begin the address with http://.",
    ),
    "http_on_tls": Wording(
        "{host} speaks https, not http",
        "The server hung up on a question without encryption.",
        "Begin the address with https://.",
    ),
    "tls_failed": Wording(
        "No secure connection to {host}",
        "The server and this computer could not agree on how to encrypt.",
        "Check the address; an old server or a filtering proxy may be in the way.",
    ),
    "redirected": Wording(
        "{host} points to another address",
        "It redirects to {other}; nothing was sent there.",
        "If that is right, enter the other address yourself.",
    ),
    "not_an_api": Wording(
        "{host} answers, but it is no model server",
        "A sign-in page or another program may be there, or the path of the address is wrong.",
        "Check the port and the path; most addresses end with /v1.",
    ),
    "bad_address": Wording(
        "This is not a complete address",
        "{reason}",
        "Write it like http://127.0.0.1:8080/v1.",
    ),
    # who is asking
    "key_missing": Wording(
        "{name} needs a key",
        "No key is set for {host}.",
        "{hint}",
    ),
    "key_wrong": Wording(
        "{name} refused the key",
        "It may be revoked, incomplete, or for another project or service.",
        "Paste the key again, or make a new one.",
    ),
    "key_malformed": Wording(
        "The key for {name} has a character that no key has",
        "A line break, a quote or an accent was probably copied with it.",
        "Paste the key again, alone.",
    ),
    "key_not_allowed": Wording(
        "The key may not do this at {name}",
        "The service knows the key, but does not let it use this model or feature.",
        "Choose another model, or change the rights of the key in the service's console.",
    ),
    "region": Wording(
        "{name} is not offered in your region",
        "The service looks at where the question comes from.",
        "Choose another service or a local model.",
    ),
    "host_blocked": Wording(
        "{name} refuses this host name",
        "The server answers only to names that it was told.",
        "Use 127.0.0.1 in the address, or set OLLAMA_HOST and OLLAMA_ORIGINS for the server.",
    ),
    "out_of_credits": Wording(
        "The account at {name} has no credit left",
        "The service does not answer until credit is added or the limit is raised.",
        "Open the service's billing page, or choose another service.",
    ),
    "daily_quota": Wording(
        "Today's free quota at {name} is used up",
        "The service counts free questions by the day.",
        "Wait until tomorrow, or choose another model.",
    ),
    "rate_limited": Wording(
        "{name} gets too many questions",
        "The service limits how often it may be asked.",
        "Try again in {span}.",
    ),
    "overloaded": Wording(
        "{name} is overloaded at the moment",
        "The service has more questions than it can answer; this is not about your account.",
        "Try again in {span}, or choose another model.",
    ),
    # the model
    "model_loading": Wording(
        "{name} is loading the model",
        "The server has started and is not ready yet.",
        "Try again in a moment.",
        "notice",
    ),
    "model_not_loaded": Wording(
        "{name} runs, but no model is loaded",
        "The server answers only with a model in memory.",
        "Load a model there, or let it load models when they are asked for.",
    ),
    "model_not_pulled": Wording(
        "The model {model} is not on this computer",
        "{name} answers only with models that were downloaded.",
        "Download it, or choose one that is installed.",
    ),
    "model_unknown": Wording(
        "{name} does not know the model {model}",
        "It may have been renamed or removed, or your account may not use it.",
        "Choose a model from the list.",
    ),
    "model_swapped": Wording(
        "Answered by {answered_by}, not {model}",
        "The server used the model that it has loaded.",
        "Load the other model there, or choose {answered_by}.",
        "notice",
    ),
    "no_memory": Wording(
        "The model does not fit in memory, or it crashed",
        "{name} stopped while it was running the model.",
        "Use a smaller model or a smaller context.",
    ),
    "context_full": Wording(
        "The conversation is too long for the model",
        "It is longer than {model} can read at once.",
        "Start a new chat, drop old messages, or use a model with a larger context.",
    ),
    "cut_length": Wording(
        "The answer reached the length limit",
        "The model was not finished.",
        "Ask it to go on.",
        "notice",
    ),
    "no_tools": Wording(
        "{model} cannot use tools here",
        "The model, or how the server was started, does not allow them.",
        "Choose another model, or switch tools on at the server.",
    ),
    "no_vision": Wording(
        "{model} cannot see images",
        "The model reads text only, or the server has no image part for it.",
        "Remove the image, or choose another model.",
    ),
    "no_thinking": Wording(
        "{model} cannot think before it answers",
        "The model has no thinking mode.",
        "Switch thinking off, or choose another model.",
    ),
    "bad_parameter": Wording(
        "{name} does not accept part of the question",
        "It refused a setting that other services take: {reason}",
        "Choose another model; the details say what it refused.",
    ),
    "too_large": Wording(
        "The question is too large for {name}",
        "An attachment or image is bigger than the service takes.",
        "Make it smaller, or leave it out.",
    ),
    "refused": Wording(
        "The model declined to answer",
        "{reason}",
        "Edit the question and send it again.",
        "notice",
    ),
    "filtered": Wording(
        "{name} filtered the question or the answer",
        "{reason}",
        "Edit the question and send it again.",
        "notice",
    ),
    # the answer
    "timeout_silence": Wording(
        "No data from {name} for {span}",
        "The connection stands, but nothing comes; a large model may still be working.",
        "Try again, or raise the limit in the settings.",
    ),
    "took_too_long": Wording(
        "The answer took longer than {span}",
        "A single answer may not run for ever.",
        "Ask for less at once, or raise the limit in the settings.",
    ),
    "stream_cut": Wording(
        "The connection broke in the middle of the answer",
        "{name} or something on the way hung up.",
        "What had arrived is kept; try again.",
    ),
    "stream_error": Wording(
        "{name} stopped in the middle of the answer",
        "{reason}",
        "What had arrived is kept; try again.",
    ),
    "event_too_large": Wording(
        "{name} sent more at once than can be read",
        "One piece was larger than {other}.",
        "Check that the address belongs to a model server.",
    ),
    "answer_too_large": Wording(
        "The answer was longer than {other}",
        "The model probably repeated itself.",
        "What had arrived is kept; ask for a shorter answer.",
    ),
    "empty_answer": Wording(
        "The model returned nothing",
        "The answer ended without a word; the conversation may be longer than the model can read.",
        "Answer again, or start a new chat.",
    ),
    "server_error": Wording(
        "{name} had an internal error",
        "The fault is at the service: {reason}",
        "Try again; if it stays, look at {log}.",
    ),
    "unknown": Wording(
        "{name} could not answer",
        "{reason}",
        "Try again; the details say more.",
    ),
}
