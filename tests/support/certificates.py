"""A private authority, and servers whose certificates it signs."""

from __future__ import annotations

import datetime
import ssl
from pathlib import Path
from typing import Any

import trustme


def authority_file(authority: trustme.CA, folder: Path) -> str:
    """The authority's certificate as a file, the way a studio hands it out."""
    path = folder / "studio-ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def server_side(authority: trustme.CA, *names: str, **options: Any) -> ssl.SSLContext:
    """What a server with a certificate for these names needs."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, **options).configure_cert(context)
    return context


def out_of_date() -> dict[str, datetime.datetime]:
    """For `server_side`: a certificate that has expired."""
    return {
        "not_before": datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC),
        "not_after": datetime.datetime(2021, 1, 1, tzinfo=datetime.UTC),
    }
