"""A running Asterisk for tests: ports that nobody uses, its script, and phones that are known to it."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import subprocess
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.asterisk.lab.labphone import Call, Phone

SCRIPT = Path(__file__).with_name("asterisk-lab.sh")
NO_PACKAGES = 69
PORT_TAKEN = 75
ATTEMPTS = 5

TRUNK_IP = "127.0.0.2"
AGENT_IPS = ("127.0.0.11", "127.0.0.12", "127.0.0.13")
QUEUE_NUMBER = "4001"
"""A DID whose dialplan answers and enters queue "support": PJSIP/1001, then PJSIP/1002."""


class PackagesMissingError(Exception):
    """Asterisk's packages cannot be fetched here; the text says why."""


@dataclass
class AsteriskLab:
    """Settings of one Asterisk, and what can be done to it. ``user`` has every right, ``user + "-lean"`` the least."""

    run_dir: Path
    host: str = "127.0.0.1"
    user: str = "screenpop"
    secret: str = "lab-secret"
    ami_port: int = 0
    http_port: int = 0
    sip_port: int = 0
    agent_ports: tuple[int, ...] = ()
    rtp_start: int = 0
    _phones: list[Phone] = field(default_factory=list)

    @property
    def lean_user(self) -> str:
        """The AMI user with the rights and the event filter that we ask admins for."""
        return f"{self.user}-lean"

    def up(self) -> None:
        """Start, on other ports if somebody was quicker; raises PackagesMissingError."""
        for _ in range(ATTEMPTS):
            self._choose_ports()
            done = self._run("up")
            if done.returncode == 0:
                return
            if done.returncode == NO_PACKAGES:
                raise PackagesMissingError(done.stderr.strip())
            if done.returncode != PORT_TAKEN:
                break
        raise RuntimeError(f"asterisk-lab.sh up: {done.stdout}{done.stderr}")

    def down(self) -> None:
        """Stop as ``core stop now`` does."""
        self._run("down", check=True)

    def kill(self) -> None:
        """Stop as a crash does."""
        self._run("kill", check=True)

    def start_again(self) -> None:
        """Start on the same ports."""
        self._run("up", check=True)

    async def restart(self) -> None:
        """Stop cleanly and start, without blocking the event loop."""
        await asyncio.to_thread(self._run, "restart", check=True)

    def cli(self, command: str) -> str:
        """What ``asterisk -rx`` prints."""
        return self._run("cli", command).stdout

    def channels(self) -> int:
        """Live channels on the PBX."""
        return int(self.cli("core show channels count").split()[0])

    async def trunk(self, audio: bytes = b"") -> Phone:
        """A phone whose calls come in from outside."""
        return await self._phone("trunk", TRUNK_IP, 0, audio, None)

    async def agent(
        self, number: int, audio: bytes = b"", on_call: Callable[[Call], Awaitable[None]] | None = None
    ) -> Phone:
        """The phone of PJSIP/100``number`` (1–3); ``on_call`` says what it does with a call (default: rings)."""
        return await self._phone(f"100{number}", AGENT_IPS[number - 1], self.agent_ports[number - 1], audio, on_call)

    async def stop_phones(self) -> None:
        """Hang up and close all phones."""
        phones, self._phones = self._phones, []
        for phone in phones:
            await phone.stop()

    async def _phone(
        self, user: str, ip: str, port: int, audio: bytes, on_call: Callable[[Call], Awaitable[None]] | None
    ) -> Phone:
        peer = (self.host, self.sip_port)
        phone = await Phone(user, ip, port, peer=peer, audio=audio, on_call=on_call).start()
        self._phones.append(phone)
        return phone

    def _choose_ports(self) -> None:
        self.ami_port = free_port(self.host, socket.SOCK_STREAM)
        self.http_port = free_port(self.host, socket.SOCK_STREAM)
        self.sip_port = free_port(self.host, socket.SOCK_DGRAM)
        self.agent_ports = tuple(free_port(ip, socket.SOCK_DGRAM) for ip in AGENT_IPS)
        # Asterisk itself looks for free pairs in this range; another lab's range only must not be the same.
        self.rtp_start = 20_000 + 200 * random.randrange(60)

    def _run(self, *args: str, check: bool = False) -> subprocess.CompletedProcess[str]:
        agents = {
            f"LAB_AGENT{i}": f"{ip}:{port}"
            for i, (ip, port) in enumerate(zip(AGENT_IPS, self.agent_ports, strict=False), 1)
        }
        env = {
            **os.environ,
            "LAB_RUN": str(self.run_dir),
            "LAB_HOST": self.host,
            "LAB_AMI_USER": self.user,
            "LAB_AMI_SECRET": self.secret,
            "LAB_AMI_PORT": str(self.ami_port),
            "LAB_HTTP_PORT": str(self.http_port),
            "LAB_SIP_PORT": str(self.sip_port),
            "LAB_RTP_START": str(self.rtp_start),
            "LAB_RTP_END": str(self.rtp_start + 199),
            **agents,
        }
        return subprocess.run([SCRIPT, *args], env=env, check=check, capture_output=True, text=True, timeout=300)


def free_port(host: str, kind: socket.SocketKind) -> int:
    """A port that nobody uses at the moment."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def answering(ring_s: float = 0.5) -> Callable[[Call], Awaitable[None]]:
    """An agent who picks up after ``ring_s``."""

    async def on_call(call: Call) -> None:
        await asyncio.sleep(ring_s)
        if not call.ended.is_set():
            call.answer()

    return on_call
