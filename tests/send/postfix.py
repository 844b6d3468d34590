"""A private Postfix on loopback, in a folder of its own: smtpd in plain, with STARTTLS, with TLS from the start."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from mailer.cli.bench.smtpd import MAIN, lacking

MORE = """\
smtpd_recipient_restrictions = check_recipient_access inline:{{ {{ gone@example.org = 550 5.1.1 no such user }} }}
  permit_mynetworks
smtpd_tls_cert_file = {folder}/cert.pem
smtpd_tls_key_file = {folder}/key.pem
smtpd_tls_security_level = may
"""
MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
  -o smtpd_proxy_filter=127.0.0.1:{behind}
127.0.0.1:{wrapped} inet n - n - - smtpd
  -o smtpd_proxy_filter=127.0.0.1:{behind}
  -o smtpd_tls_wrappermode=yes
postlog unix-dgram n - n - 1 postlogd
anvil unix - - n - 1 anvil
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
"""


@dataclass(frozen=True)
class Postfix:
    """Where it listens, and the authority its certificate comes from."""

    port: int
    wrapped: int
    ca_file: Path


@contextmanager
def postfix(behind: int) -> Iterator[Postfix]:
    """Run it; each message is handed to the server at port ``behind`` before smtpd answers."""
    if why := lacking():
        pytest.skip(why)
    folder = Path(tempfile.mkdtemp(prefix="mailer-test-postfix-"))
    folder.chmod(0o755)
    command = ["postfix", "-c", str(folder / "etc")]
    path = os.environ["PATH"] + ":/usr/sbin"
    try:
        made = _set_up(folder, behind)
        subprocess.run([*command, "start"], check=True, capture_output=True, env={"PATH": path}, timeout=60)
        try:
            yield made
        finally:
            subprocess.run([*command, "stop"], check=False, capture_output=True, env={"PATH": path}, timeout=60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _set_up(folder: Path, behind: int) -> Postfix:
    for name in ("etc", "queue", "data"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
    (folder / "cert.pem").write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    port, wrapped = _free_ports(2)
    (folder / "etc" / "main.cf").write_text(f"{MAIN}{MORE}".format(folder=folder))
    (folder / "etc" / "master.cf").write_text(MASTER.format(port=port, wrapped=wrapped, behind=behind))
    return Postfix(port, wrapped, folder / "ca.pem")


def _free_ports(number: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports: list[int] = [opened.getsockname()[1] for opened in sockets]
    for opened in sockets:
        opened.close()
    return ports
