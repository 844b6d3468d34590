"""A private Postfix: its own smtpd, which speaks CHUNKING as the sink does not, and hands on to the sink.

Everything is in a temporary folder and on loopback; nothing of a Postfix that is installed is read or touched.
smtpd passes each message to the sink before it answers (its "before-queue filter"), so the sink counts
exactly what was accepted, and no queue on a disk is measured with it.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailer.cli.bench.process import free_port, running
from mailer.cli.bench.programs import find, missing
from mailer.cli.bench.sink import Sink, await_port

PROCESSES = 100
MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = smtpd.bench.example
mydestination =
mynetworks = 127.0.0.0/8
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
alias_maps =
alias_database =
local_recipient_maps =
smtpd_peername_lookup = no
"""
MASTER = """\
127.0.0.1:{port} inet n - n - {processes} smtpd
  -o smtpd_proxy_filter=127.0.0.1:{sink}
  -o smtpd_client_connection_count_limit=0
postlog unix-dgram n - n - 1 postlogd
anvil unix - - n - 1 anvil
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
"""
# It ends with us, however we end: then standard input does.
LEASH = 'postfix="$0"; "$postfix" -c "$1" start; read -r line; "$postfix" -c "$1" stop'


def lacking() -> str:
    """Say why no private Postfix can be had here; empty if it can."""
    if os.geteuid():
        return "Postfix starts only as root"
    if missing(("postfix",)):
        return "there is no postfix on this machine"
    try:
        pwd.getpwnam("postfix")
    except KeyError:
        return "there is no user postfix on this machine"
    return ""


@contextmanager
def smtpd(sink: Sink) -> Iterator[int]:
    """Run Postfix's smtpd before the sink and give its port."""
    folder = Path(tempfile.mkdtemp(prefix="mailer-smtpd-"))
    # Its processes give up root's rights and have to get here.
    folder.chmod(0o755)
    try:
        port = free_port()
        _set_up(folder, port, sink.port)
        command = ["/bin/sh", "-c", LEASH, find("postfix"), str(folder / "etc")]
        with running("postfix", command) as process:
            await_port(process, port)
            yield port
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def version() -> str:
    """Return Postfix's version, empty if it does not say."""
    if missing(("postconf",)):
        return ""
    asked = [find("postconf"), "-d", "-h", "mail_version"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603 - found


def _set_up(folder: Path, port: int, sink: int) -> None:
    for name in ("etc", "queue", "data"):
        (folder / name).mkdir()
    (folder / "etc" / "main.cf").write_text(MAIN.format(folder=folder))
    (folder / "etc" / "master.cf").write_text(MASTER.format(port=port, processes=PROCESSES, sink=sink))
    shutil.chown(folder / "data", "postfix")
