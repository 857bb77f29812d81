"""A real NATS server for tests, on a free port with its store in a folder of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

PROGRAM = Path(sys.executable).with_name("nats-server")
PATIENCE_S = 20.0


class NatsServer:
    """Running inside ``with``; ``kill`` and ``start`` again on the same port, with the same store, in between."""

    def __init__(self, *options: str) -> None:
        """``options`` of the program, e.g. ``--user``."""
        self._options = options
        self._folder = Path(tempfile.mkdtemp(prefix="callcenter-nats-"))
        self._port = -1  # any free one
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"nats://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Run the server; returns when it listens."""
        ports = self._folder / "ports"
        shutil.rmtree(ports, ignore_errors=True)
        ports.mkdir()
        command = [PROGRAM, "-a", "127.0.0.1", "-p", str(self._port), "-js", "-sd", self._folder / "store"]
        with (self._folder / "log").open("ab") as output:
            more = ["--ports_file_dir", str(ports), *self._options]
            self._process = subprocess.Popen([*map(str, command), *more], stderr=output)
        deadline = time.monotonic() + PATIENCE_S
        while not (found := list(ports.glob("*.ports"))) or not found[0].read_text():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self._folder / "log").read_text())
            time.sleep(0.02)
        self._port = int(json.loads(found[0].read_text())["nats"][0].rpartition(":")[2])

    def kill(self) -> None:
        """As a power cut does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def forget(self) -> None:
        """Lose the store; only while it does not run."""
        shutil.rmtree(self._folder / "store", ignore_errors=True)

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Kill it and remove its store."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)
