"""G18: the host that payment notices come to shows an RSA certificate to whoever speaks nothing else."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from blueprints.platform.certificate import rsa_problem

KEYS = {
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
    "small": lambda: rsa.generate_private_key(65537, 1024),
    "elliptic": lambda: ec.generate_private_key(ec.SECP256R1()),
}


def pem(folder: Path, kind: str) -> Path:
    key = KEYS[kind]()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    moment = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(moment)
        .not_valid_after(moment + datetime.timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{kind}.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


@contextmanager
def server(*certificates: Path) -> Iterator[int]:
    """A TLS server with these certificates. Yields its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    for certificate in certificates:
        context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)

    def serve() -> None:
        try:
            plain, _address = listener.accept()
            with plain:
                context.wrap_socket(plain, server_side=True).close()
        except OSError:
            return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()
        thread.join(5)


@pytest.mark.parametrize(
    ("kinds", "problem"),
    [
        (["rsa"], None),
        (["elliptic"], "no RSA certificate"),
        (["elliptic", "rsa"], None),
        (["small"], "bits|no RSA"),
    ],
)
def test_the_kind_of_certificate_is_told(tmp_path: Path, kinds: list[str], problem: str | None):
    with server(*(pem(tmp_path, kind) for kind in kinds)) as port:
        said = rsa_problem("127.0.0.1", port)
    if problem is None:
        assert said is None
    else:
        assert said is not None and any(words in said for words in problem.split("|"))


def test_a_host_that_does_not_answer_is_a_problem_too():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    said = rsa_problem("127.0.0.1", port)
    assert said is not None and "reached" in said
