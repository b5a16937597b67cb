"""Which buttons help against which problem of a connection. Pure; what they do is said elsewhere."""

from __future__ import annotations

from collections.abc import Collection

from ...providers.catalog import ProviderRow
from ...providers.errors import Problem
from ...ui.settings.values import TestAction

_HELPS: dict[str, tuple[TestAction, ...]] = {
    # the way there
    "server_not_running": ("retry", "edit_address"),
    "host_unknown": ("edit_address", "retry"),
    "connect_timeout": ("retry", "open_limits"),
    "proxy_refused": ("open_network", "retry"),
    "proxy_auth": ("open_network", "retry"),
    "cert_untrusted": ("open_certificates", "retry"),
    "cert_name": ("edit_address", "retry"),
    "tls_on_http": ("use_address", "edit_address"),
    "http_on_tls": ("use_address", "edit_address"),
    "tls_failed": ("edit_address", "retry"),
    "redirected": ("edit_address", "retry"),
    "not_an_api": ("use_address", "edit_address"),
    "bad_address": ("edit_address", "retry"),
    # who is asking
    "key_missing": ("replace_key", "open_key_page"),
    "key_wrong": ("replace_key", "open_key_page"),
    "key_malformed": ("replace_key", "open_key_page"),
    "key_not_allowed": ("choose_model", "open_key_page"),
    "host_blocked": ("edit_address", "retry"),
    "out_of_credits": ("open_billing_page", "retry"),
    "daily_quota": ("choose_model", "open_billing_page"),
    "overloaded": ("retry", "choose_model"),
    # the model
    "model_not_pulled": ("download", "choose_model"),
    "model_unknown": ("choose_model", "retry"),
    "no_memory": ("choose_model", "retry"),
    "context_full": ("choose_model", "retry"),
    "no_tools": ("choose_model", "retry"),
    "no_vision": ("choose_model", "retry"),
    "no_thinking": ("choose_model", "retry"),
    "bad_parameter": ("choose_model", "retry"),
    # the answer
    "timeout_silence": ("retry", "open_limits"),
    "event_too_large": ("edit_address", "retry"),
}
"""The most helpful first. Trying again is all there is where a kind is not named."""


def ways_out(problem: Problem, row: ProviderRow, *, fixed: Collection[str]) -> tuple[TestAction, ...]:
    """What can be offered. `fixed`: those of "address", "model" and "key" that are not the user's to change here."""
    possible: dict[TestAction, bool] = {
        "replace_key": "key" not in fixed,
        "open_key_page": bool(row.key_page),
        "open_billing_page": bool(row.billing_page),
        "download": row.downloads,
        "choose_model": "model" not in fixed,
        "edit_address": "address" not in fixed,
        "use_address": bool(problem.address) and "address" not in fixed,
    }
    helpful: tuple[TestAction, ...] = (*_HELPS.get(problem.kind, ()), "retry")
    return tuple(dict.fromkeys(action for action in helpful if possible.get(action, True)))
