"""A mail server that keeps what it takes, and can be told to be slow or to refuse. Run: python smtp.py FOLDER."""

import asyncio
import sys
import uuid
from pathlib import Path

from aiosmtpd.controller import UnthreadedController


class Keeper:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802  aiosmtpd's name
        if (self.folder / "refuse").exists():
            return "451 come back later"
        (self.folder / f"{uuid.uuid4()}.begun").touch()
        try:
            while (self.folder / "wait").exists():  # the mail is read and not yet taken
                await asyncio.sleep(0.02)
            (self.folder / f"{uuid.uuid4()}.eml").write_bytes(envelope.content)
        finally:  # also where the sender is gone
            (self.folder / f"{uuid.uuid4()}.ended").touch()
        return "250 taken"


if __name__ == "__main__":
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    UnthreadedController(
        Keeper(Path(sys.argv[1])), hostname="127.0.0.1", port=int(sys.argv[2]), loop=loop
    ).begin()
    loop.run_forever()
