"""What an AMI user may write, read off ListCommands: which classes it lacks, and which it should not have.

Asterisk lists only the commands the user may send, each with its classes: ``Originate a call.  (Priv: originate,all)``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Need:
    """A write class that we use: the command that proves it, and what does not work without it."""

    write_class: str
    command: str
    cost: str


NEEDS = (
    Need("originate", "Originate", "no live audio, so no transcripts and no self-filling orders; no click-to-call"),
    Need("reporting", "CoreShowChannels", "calls that ring while callcenter (re)connects stay unseen"),
    Need("call", "Hangup", "a tap cannot be ended before its call ends"),
)

USED = frozenset({"call", "agent", "reporting", "originate"})
"""The classes of the section that `callcenter pbx manager-conf` prints."""

DANGEROUS = {
    "command": "any command of the Asterisk console",
    "system": "stop and reload Asterisk, and read its database",
    "config": "rewrite Asterisk's configuration files",
    "agi": "run AGI commands on any call",
}
"""Classes that give more than anybody who only wants calls should have."""

_PRIVILEGE = re.compile(r"\(Priv: ([^)]*)\)")


@dataclass(frozen=True, slots=True)
class Rights:
    """``missing``: needs that are not met. ``excess``: classes that we never use. ``commands``: what may be sent."""

    commands: frozenset[str]
    missing: tuple[Need, ...]
    excess: tuple[str, ...]

    def may(self, command: str) -> bool:
        """Whether the user may send this action."""
        return command.lower() in self.commands

    @property
    def dangerous(self) -> tuple[str, ...]:
        """Of the excess, what hands over the PBX."""
        return tuple(name for name in self.excess if name in DANGEROUS)


def read_rights(listing: Mapping[str, str]) -> Rights:
    """Rights from the headers of a ListCommands answer (other headers in it do no harm)."""
    classes = {
        name: [part for part in found[1].split(",") if part not in ("all", "<none>")]
        for name, text in listing.items()
        if (found := _PRIVILEGE.search(text))
    }
    commands = frozenset(name.lower() for name in classes)
    # Of several classes any one suffices, so only a command of a single class proves that the user has it.
    granted = {names[0] for names in classes.values() if len(names) == 1}
    return Rights(
        commands=commands,
        missing=tuple(need for need in NEEDS if need.command.lower() not in commands),
        excess=tuple(sorted(granted - USED)),
    )
