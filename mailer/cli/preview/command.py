"""`mailer preview pages`: what readers meet, served on this machine only, while somebody edits the templates."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from mailer.cli.door import AsJson, answer, remark, room

app = room("Previews: what readers meet, to look at while editing templates.")


@app.command("pages")
def pages(
    context: typer.Context,
    port: Annotated[int, typer.Option("--port", metavar="N", min=0, max=65535, help="Port; 0 takes a free one.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Serve every public page and letter in every state and language, loading anew when a template changes."""
    import asyncio

    from mailer.app.child import stopper
    from mailer.app.loop import fast_loop
    from mailer.app.serving import Server, address_of, listen
    from mailer.cli.opened import config_of
    from mailer.cli.preview.scene import scene
    from mailer.config_sections import Web

    # Also without an installation: whoever designs templates need not have one.
    config = config_of(context)

    async def main(folder: Path) -> None:
        listening, stop = listen(Web(port=port)), stopper([])
        with scene(config, folder, address_of(listening)) as site:
            server = Server(site, listening)
            serving = asyncio.create_task(server.run_here())
            address = f"{address_of(listening)}/preview"
            if as_json:
                answer({"listening": address}, "", as_json=True)
                sys.stdout.flush()
            else:
                remark(f"{address} shows every page and letter; Ctrl-C ends it")
            await stop.wait()
            server.should_exit = True
            await serving

    with TemporaryDirectory(prefix="mailer-preview-") as folder, asyncio.Runner(loop_factory=fast_loop()) as runner:
        runner.run(main(Path(folder)))
