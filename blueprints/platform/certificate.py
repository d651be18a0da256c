"""What the world sees of a host's certificate: payment providers differ in which kinds they accept."""

from __future__ import annotations

import socket
import ssl

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

PATIENCE = 5  # seconds
SMALLEST = 2048  # bits


def rsa_problem(host: str, port: int = 443) -> str | None:
    """Why a provider that speaks RSA only (PayU) could not deliver its notices to a host; None when it could.

    The host is asked as such a provider asks: without any cipher suite of elliptic-curve certificates, so a
    server that has both kinds shows the right one. Who issued it is not judged here.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = (
        ssl.TLSVersion.TLSv1_2
    )  # below 1.3 the cipher suite names the kind of certificate
    context.set_ciphers("aRSA")
    try:
        with (
            socket.create_connection((host, port), timeout=PATIENCE) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            shown = secure.getpeercert(binary_form=True)
    except ssl.SSLError:
        return (
            "it shows no RSA certificate (certbot and Caddy issue elliptic-curve ones unless told otherwise)"
        )
    except OSError as problem:
        return f"it cannot be reached: {type(problem).__name__}"
    key = x509.load_der_x509_certificate(shown or b"").public_key()
    if not isinstance(key, RSAPublicKey):
        return "its certificate is not RSA"
    return None if key.key_size >= SMALLEST else f"its RSA key has only {key.key_size} bits"
