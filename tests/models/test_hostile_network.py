"""What lies between us and a model may be anybody's: certificates, lengths, proxies, doors that ask for a login."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr

from swarm.domain.errors import Lacking, NeedsHuman, SwarmError, Transient
from swarm.models.patience import Patience
from swarm.models.routes import Route
from swarm.testing.models import KEY, TEN_A_TOKEN, a_gateway, an_ask, asked
from swarm.testing.wire import PING, event

QUICK = Patience(first=5, idle=5, total=10, tries=1)
BEGUN = event("message_start", {"message": {"model": "m", "usage": {"input_tokens": 5}}})
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"


@contextmanager
def answering(data: bytes, context: ssl.SSLContext | None = None) -> Iterator[str]:
    """A server that sends exactly these bytes to whoever comes, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                connection = server.accept()[0]
                with (
                    context.wrap_socket(connection, server_side=True)
                    if context
                    else connection as c
                ):
                    c.recv(65536)
                    c.sendall(data)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"{'https' if context else 'http'}://127.0.0.1:{server.getsockname()[1]}"
        server.close()
        thread.join(5)


def outcome(folder: Path, url: str, *, key: str = "") -> SwarmError:
    route = Route(
        name="claude",
        protocol="anthropic",
        model="m",
        base_url=url,
        key=SecretStr(key),
        price=TEN_A_TOKEN,
    )
    with pytest.raises(SwarmError) as caught:
        asked(a_gateway(folder, route, patience=QUICK), an_ask())
    return caught.value


def self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key.public_key()).serial_number(7)
    builder = builder.not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
    builder = builder.not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
    certificate = builder.sign(key, hashes.SHA256())
    pem, private = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, private)
    return context


@pytest.mark.thorough
def test_n7_a_certificate_that_nobody_vouches_for_is_lacking_and_no_key_is_sent(
    tmp_path: Path,
) -> None:
    with answering(HEAD + b"\r\n" + BEGUN, self_signed(tmp_path)) as url:
        error = outcome(tmp_path / "models", url, key=KEY)
    assert isinstance(error, Lacking)
    assert "certificate" in str(error)
    assert KEY not in str(error)


def test_n7_a_door_that_asks_for_a_login_is_no_answer(tmp_path: Path) -> None:
    page = b"<html>log in</html>"
    told = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: %d\r\n\r\n%b"
    with answering(told % (len(page), page)) as url:
        assert isinstance(outcome(tmp_path, url), Transient)


def test_n7_a_proxy_that_wants_a_password_is_for_a_person_or_for_later(tmp_path: Path) -> None:
    with answering(
        b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n"
    ) as url:
        assert not isinstance(outcome(tmp_path, url), NeedsHuman | Lacking)


@pytest.mark.parametrize("length", [3, len(BEGUN) + 9_999])
def test_n8_a_length_that_is_not_so_ends_as_a_stream_that_broke_off(
    tmp_path: Path, length: int
) -> None:
    with answering(HEAD + b"content-length: %d\r\n\r\n" % length + BEGUN) as url:
        assert isinstance(outcome(tmp_path, url), Transient)


def test_n8_what_speaks_no_http_may_be_there_later(tmp_path: Path) -> None:
    with answering(b"SSH-2.0-OpenSSH_9.9\r\n" + PING) as url:
        assert isinstance(outcome(tmp_path, url), Transient)
