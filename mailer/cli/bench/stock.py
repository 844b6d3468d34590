"""The second yardstick, a process of its own: aiosmtplib as its manual shows it, one object a connection."""

import asyncio
import json
import os
import sys
import time

from aiosmtplib import SMTP

from mailer.app.loop import fast_loop
from mailer.cli.bench.process import used

SENDER, RECIPIENT = "bench@sender.example", "reader{}@receiver.example"


def message_of(size: int) -> bytes:
    """Return a message of ``size`` bytes: always the same one, which is what costs least."""
    head = f"From: {SENDER}\r\nTo: {RECIPIENT.format(0)}\r\nSubject: bench\r\n\r\n".encode()
    line = b"x" * 76 + b"\r\n"
    lines, rest = divmod(max(size - len(head), 2), len(line))
    return head + line * lines + (b"x" * (rest - 2) + b"\r\n" if rest >= 2 else b"")


async def send(port: int, connections: int, count: int, size: int) -> None:
    """Send ``count`` messages over so many connections, each to another recipient."""
    numbers = iter(range(count))
    message = message_of(size)

    async def carry() -> None:
        client = SMTP(hostname="127.0.0.1", port=port, local_hostname="bench.example", use_tls=False, start_tls=False)
        await client.connect()
        for number in numbers:
            await client.sendmail(SENDER, [RECIPIENT.format(number)], message)
        await client.quit()

    await asyncio.gather(*(carry() for _ in range(connections)))


def main() -> None:
    """Send as the arguments say, and print what it took."""
    port, connections, count, size = map(int, sys.argv[1:5])
    began = time.monotonic()
    with asyncio.Runner(loop_factory=fast_loop()) as runner:
        runner.run(send(port, connections, count, size))
    seconds = time.monotonic() - began
    sys.stdout.write(json.dumps({"seconds": seconds, "peak_mb": used(os.getpid()).peak_mb}) + "\n")


if __name__ == "__main__":
    main()
