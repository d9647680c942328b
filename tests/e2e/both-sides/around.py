"""What stands around the backend, and the port that is left for it.

    around.py nothing          prints PORT
    around.py certificate      makes cert.pem and key.pem, a day past their end
    around.py upstream         the same, and a TLS server that shows them: PORT UPSTREAM
    around.py proxy 1.0        nginx, which drops Upgrade unless told not to, before it: PORT PROXY
"""

import datetime
import ipaddress
import signal
import socket
import ssl
import sys
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from lib.local import free_port, nginx

CONF = """
  server {{ listen 127.0.0.1:{0}; location / {{ proxy_http_version {2}; proxy_pass http://127.0.0.1:{1}; }} }}
"""


def certificate():
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "auth.internal")])
    now = datetime.datetime.utcnow()
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    cert = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(key.public_key()).serial_number(1)
            .not_valid_before(now - datetime.timedelta(90))
            .not_valid_after(now - datetime.timedelta(1))
            .add_extension(x509.SubjectAlternativeName(names), False)
            .sign(key, hashes.SHA256()))
    with open("cert.pem", "wb") as f:
        f.write(cert.public_bytes(serialization.Encoding.PEM))
    with open("key.pem", "wb") as f:
        f.write(key.private_bytes(serialization.Encoding.PEM,
                                  serialization.PrivateFormat.PKCS8,
                                  serialization.NoEncryption()))


def upstream():
    certificate()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("cert.pem", "key.pem")
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            connection, _ = listener.accept()
            try:
                context.wrap_socket(connection, server_side=True).close()
            except OSError:
                pass

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


done = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: done.set())
what, port, before, more = sys.argv[1], free_port(), None, []
if what == "certificate":
    certificate()
elif what == "upstream":
    more = [upstream()]
elif what == "proxy":
    more = [free_port()]
    before = nginx(CONF.format(more[0], port, sys.argv[2]), more[0])
print(port, *more, flush=True)
done.wait()
if before:
    before.stop()
