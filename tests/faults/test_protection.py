"""Relays whose protection or login fails in the middle of a mailing: nothing travels in the clear, nobody is failed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from mailer.send import health
from tests.faults.stage import CHUNKING, PIPELINING, staged

READERS = 300
LOGIN = "us:secret"
HANDSHAKES = tuple(f"tls{act}" for act in ("hang", "garbage", "fin", "rst", "expired", "other", "unknown"))
STARTS = ("starttls454", "starttls502", "starttlsfin", "starttlsgarbage", "starttlsinject", "ehlostrip")
LOGINS = ("auth535", "auth454", "authfin", "authhang", "authgarbage", "mail530")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory) -> Path:
    """Make a folder of certificates, one of which is to be believed, and the authority to believe."""
    folder = tmp_path_factory.mktemp("certificates")
    ours, theirs = trustme.CA(), trustme.CA()
    ours.cert_pem.write_to_path(str(folder / "ca.pem"))
    now = datetime.now(UTC)
    issued = {
        "good": ours.issue_cert("localhost"),
        "expired": ours.issue_cert("localhost", not_before=now - timedelta(9), not_after=now - timedelta(1)),
        "other": ours.issue_cert("elsewhere.test"),
        "unknown": theirs.issue_cert("localhost"),
    }
    for name, certificate in issued.items():
        certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / f"{name}.pem"))
    return folder


def shorter_pauses() -> None:
    health.FIRST_PAUSE, health.LOGIN_PAUSE = 0.05, 0.1


@pytest.mark.parametrize(
    ("tls", "offer", "modes"),
    [("starttls", CHUNKING, (*STARTS, *HANDSHAKES, *LOGINS)), ("implicit", PIPELINING, (*HANDSHAKES, *LOGINS))],
    ids=["starttls", "implicit"],
)
def test_nothing_travels_in_the_clear_and_nobody_is_failed(
    tmp_path, sqlite_url, certificates, tls, offer, modes
) -> None:
    protection = ("--tls", tls, "--certificates", str(certificates), "--login", LOGIN, "--per-connection", "5")
    name, password = LOGIN.split(":")
    more = f'tls = "{tls}"\nca_file = "{certificates}/ca.pem"\nusername = "{name}"\npassword = "{password}"\n'
    with staged(tmp_path, sqlite_url, *offer, *protection, "--slow", "0.01", more=more, patience=1.5) as stage:
        stage.mail([f"reader{number}" for number in range(READERS)])
        stage.send(prepare=shorter_pauses)
        for mode in modes:
            stage.until_taken(5)
            stage.relay.suffer(mode)
        stage.until_sent()
        verdict = stage.check()
        assert (verdict.dup, verdict.begun, stage.account.accepted) == (0, 0, READERS)
