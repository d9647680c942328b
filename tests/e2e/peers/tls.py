"""WebSockets over TLS, each port with another reason to be refused. Certificates are made anew."""

import asyncio
import datetime
import ipaddress
import os
import signal
import ssl
import subprocess
import sys

from websockets.legacy import server as legacy
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lib.local import Server, free_port

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import python  # noqa: E402

NOW = datetime.datetime.utcnow()
DAY = datetime.timedelta(days=1)


def name_of(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def make(file, subject, issuer=None, begin=-1, end=30, hosts=()):
    """Writes FILE.pem, certificate and key, and returns both."""
    key = ec.generate_private_key(ec.SECP256R1())
    by, by_key = issuer or (None, key)
    builder = (x509.CertificateBuilder().subject_name(name_of(subject))
               .issuer_name(by.subject if by else name_of(subject)).public_key(key.public_key())
               .serial_number(x509.random_serial_number())
               .not_valid_before(NOW + begin * DAY).not_valid_after(NOW + end * DAY)
               .add_extension(x509.BasicConstraints(ca=not hosts, path_length=None), critical=True))
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName(hosts), critical=False)
    certificate = builder.sign(by_key, hashes.SHA256())
    with open(f"{file}.pem", "wb") as f:
        f.write(certificate.public_bytes(serialization.Encoding.PEM))
        f.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                  serialization.NoEncryption()))
    return certificate, key


async def serve(file, **change):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{file}.pem")
    context.set_alpn_protocols(["http/1.1"])
    if change.get("client"):
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations("ca.pem")
    if change.get("old"):
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    server = await legacy.serve(python.handle, "127.0.0.1", 0, ssl=context)
    return server.sockets[0].getsockname()[1]


def openssl_server():
    """OpenSSL's own, which says by an alert that it wants a certificate (asyncio just goes)."""
    port = free_port()
    server = Server(
        ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", "good.pem", "-key", "good.pem",
         "-Verify", "1", "-verify_return_error", "-CAfile", "ca.pem", "-quiet"], port,
        stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return server, port


async def main():
    ca = make("ca", "Test CA")
    local = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    make("good", "localhost", ca, hosts=local)
    make("expired", "localhost", ca, begin=-30, end=-2, hosts=local)
    make("early", "localhost", ca, begin=2, hosts=local)
    make("other", "other.example", ca, hosts=[x509.DNSName("other.example")])
    make("self", "localhost", hosts=local)
    make("client", "client", ca, hosts=[x509.DNSName("client")])
    ports = [await serve(f) for f in ("good", "expired", "early", "other", "self")]
    ports.append(await serve("good", client=True))
    ports.append(await serve("good", old=True))
    _, port = await python.start()
    wants_certificate, wants_port = openssl_server()
    stop = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set_result, None)
    print(*ports, port, wants_port, flush=True)
    await stop
    wants_certificate.stop()


asyncio.run(main())
