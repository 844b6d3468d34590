"""Everything the demonstration runs: pages, clock, a sending process, a mail server and its inbox."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from mailer import staff
from mailer.app import logs
from mailer.app.child import Child, stopper
from mailer.app.opening import App
from mailer.app.serving import Server, address_of, listen, run
from mailer.cli.demo.post_office import PostOffice
from mailer.cli.demo.town import config_file, found_town
from mailer.cli.ourselves import sending_command
from mailer.config_sections import Web
from mailer.web.house import open_house
from mailer.web.inbox import make_inbox
from mailer.web.site import make_site


@dataclass(frozen=True)
class Stage:
    """A town that is open: its parts, and where they can be visited."""

    app: App
    post_office: PostOffice
    pages: str
    inbox: str
    stop: asyncio.Event

    def desk_link(self) -> str:
        """Return the link that makes whoever opens it the first operator, once."""
        with self.app.store.write() as session:
            return staff.first_link(session, self.app.config) or f"{self.pages}/desk/"


@contextlib.asynccontextmanager
async def stage(port: int) -> AsyncIterator[Stage]:
    """Open everything on loopback and on free ports (the pages on ``port`` unless it is 0); leave nothing behind."""
    post_office = PostOffice()
    listening, inbox = listen(Web(port=port)), listen(Web(port=0))
    with TemporaryDirectory(prefix="mailer-demo-") as folder:
        app = found_town(Path(folder), address_of(listening), post_office.port)
        logs.set_up(app.config.log)
        child = Child("the sending process", sending_command(config_file(Path(folder))))
        stop = stopper([child])
        house = open_house(app.config, app.store, app.keys)
        servers = [
            Server(make_site(app.config, app.store, app.keys), listening),
            Server(make_inbox(house, lambda: post_office.letters), inbox),
        ]
        await post_office.open()
        running = asyncio.create_task(run(app, servers, [child], stop))
        try:
            yield Stage(app, post_office, address_of(listening), address_of(inbox), stop)
        finally:
            stop.set()
            await running
            post_office.close()
            app.close()
