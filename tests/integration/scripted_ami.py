"""An AMI peer that does exactly what a test tells it: for answers that no well-behaved PBX gives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

Answer = Callable[["ScriptedAmi", dict[str, str]], None]


class ScriptedAmi:
    """``answers`` maps an action's name to what to do with it; login and ping are answered well by default."""

    def __init__(self, answers: dict[str, Answer]) -> None:
        self.answers: dict[str, Answer] = {"Login": accept, "Ping": accept, **answers}
        self.actions: list[dict[str, str]] = []
        self.connections = 0
        self.port = 0
        self.banner = b"Asterisk Call Manager/11.0.0\r\n"
        self._writer: asyncio.StreamWriter | None = None
        self._arrived = asyncio.Event()

    def count(self, name: str) -> int:
        """How often an action came, over all connections."""
        return sum(action["Action"] == name for action in self.actions)

    async def wait_for(self, name: str, count: int = 1) -> dict[str, str]:
        """The ``count``-th action of that name."""
        while self.count(name) < count:
            self._arrived.clear()
            await self._arrived.wait()
        return [action for action in self.actions if action["Action"] == name][count - 1]

    def send(self, *lines: str) -> None:
        """One message to the present client."""
        self.write("".join(f"{line}\r\n" for line in lines).encode() + b"\r\n")

    def write(self, data: bytes) -> None:
        self._writer.write(data)

    def cut(self) -> None:
        """Reset the present connection."""
        self._writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writer = writer
        writer.write(self.banner)
        try:
            while block := await reader.readuntil(b"\r\n\r\n"):
                action = dict(line.split(": ", 1) for line in block.decode().strip().split("\r\n"))
                self.actions.append(action)
                self._arrived.set()
                self.answers.get(action["Action"], ignore)(self, action)
        except (asyncio.IncompleteReadError, ConnectionResetError):
            writer.close()


def accept(ami: ScriptedAmi, action: dict[str, str]) -> None:
    """Success."""
    ami.send("Response: Success", f"ActionID: {action['ActionID']}", "Message: Done")


def ignore(ami: ScriptedAmi, action: dict[str, str]) -> None:
    """No answer."""


def saying(*lines: str) -> Answer:
    """Answer with these lines, the ActionID added."""

    def answer(ami: ScriptedAmi, action: dict[str, str]) -> None:
        ami.send(lines[0], f"ActionID: {action['ActionID']}", *lines[1:])

    return answer


@asynccontextmanager
async def scripted_ami(**answers: Answer) -> AsyncIterator[ScriptedAmi]:
    """The peer, listening on ``port``."""
    ami = ScriptedAmi(answers)
    server = await asyncio.start_server(ami.serve, "127.0.0.1", 0)
    ami.port = server.sockets[0].getsockname()[1]
    try:
        yield ami
    finally:
        server.close()
        if ami._writer is not None:
            ami._writer.close()
        await asyncio.sleep(0)
