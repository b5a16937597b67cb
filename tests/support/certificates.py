"""A private authority, and servers whose certificates it signs."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from pathlib import Path
from typing import Any

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


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


def signs_itself(folder: Path) -> tuple[ssl.SSLContext, str]:
    """A server on 127.0.0.1 that no authority knows, and the file with its certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "render node 7")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    own, public = folder / "node.pem", folder / "node-public.pem"
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    own.write_bytes(key.private_bytes(*form) + pem)
    public.write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own)
    return context, str(public)
