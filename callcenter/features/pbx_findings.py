"""What a PBX told us, judged: rights, events, clock and wire. Pure; each function returns findings with their fixes."""

from __future__ import annotations

import ipaddress

from callcenter.features.findings import Finding, Level
from callcenter.telephony.event_tally import EventTally
from callcenter.telephony.rights import DANGEROUS, Need, Rights

SKEW_S = 1.0
"""Call times come from the PBX, orders' times from us: from here on a record looks wrong."""
SKEW_BAD_S = 60.0
SECTION = "use the section that `callcenter pbx manager-conf` prints, then `asterisk -rx 'manager reload'`"


def judge_rights(rights: Rights, *, tap: bool) -> list[Finding]:
    """Missing write classes with what each costs, and classes that nobody should hand out. ``tap``: media.tap."""
    missing = [need for need in rights.missing if tap or need.write_class == "reporting"]
    findings = [_lacks(need) for need in missing]
    if rights.dangerous:
        gives = "; ".join(f"{name}: {DANGEROUS[name]}" for name in rights.dangerous)
        message = f"the AMI user may do more than it needs ({gives})"
        findings.append(Finding("pbx_rights", Level.WARNING, message, SECTION))
    allowed = "what it needs" if tap else "what screen-pops need (media.tap is off)"
    return findings or [Finding("pbx_rights", Level.OK, f"the AMI user may do {allowed}")]


def _lacks(need: Need) -> Finding:
    fix = f"add {need.write_class} to the user's write in manager.conf"
    if need.write_class == "originate":
        fix += ", or set media.tap: false for screen-pops only"
    return Finding("pbx_rights", Level.WARNING, f"the AMI user may not write {need.write_class}: {need.cost}", fix)


def judge_events(tally: EventTally, *, provoked: bool) -> list[Finding]:
    """Whether the event filter lets through what we need and nothing else. ``provoked``: a test call was made."""
    findings = []
    missing = tally.missing() if provoked else ()
    if missing:
        message = f"a test call caused no {', '.join(missing)}: pops would be missing or stay for ever"
        findings.append(Finding("pbx_events", Level.ERROR, message, f"the event filter is too narrow: {SECTION}"))
    if tally.unwanted:
        names = ", ".join(name for name, _ in tally.unwanted[:6])
        count = sum(number for _, number in tally.unwanted)
        message = f"{count} of {tally.total} events are of no use ({names}): more load on the PBX and on us"
        findings.append(Finding("pbx_events", Level.WARNING, message, f"the event filter is too wide: {SECTION}"))
    return findings or [_events_ok(tally, provoked)]


def _events_ok(tally: EventTally, provoked: bool) -> Finding:
    if not provoked and not tally.seen:
        message = "no unneeded events; needed ones could not be provoked (no right to originate) and no call came by"
        return Finding("pbx_events", Level.OK, f"{message}: `callcenter pbx join HOST --watch 60`, then place a call")
    queued = "" if tally.counts["QueueCallerJoin"] else "; no call entered a queue, so queue events are not proved"
    message = f"what is needed comes, and nothing else: {', '.join(tally.seen)}{queued}"
    return Finding("pbx_events", Level.OK, message)


def judge_clock(skew_s: float | None) -> Finding:
    """``skew_s``: the PBX's clock minus ours; None when the PBX does not tell."""
    if skew_s is None:
        fix = "set timestampevents = yes in [general] of manager.conf"
        return Finding("pbx_clock", Level.WARNING, "the PBX does not tell its time", fix)
    ahead = "ahead of" if skew_s > 0 else "behind"
    message = f"the PBX's clock is {abs(skew_s):.1f} s {ahead} ours"
    if abs(skew_s) < SKEW_S:
        return Finding("pbx_clock", Level.OK, f"the PBX's clock is ours to {abs(skew_s) * 1000:.0f} ms")
    level = Level.ERROR if abs(skew_s) >= SKEW_BAD_S else Level.WARNING
    return Finding("pbx_clock", level, message, "run a time service (chrony) on both machines")


def judge_wire(address: str) -> Finding:
    """AMI and AudioSocket know no encryption: the way to ``address`` (an IP address) must be ours."""
    where = ipaddress.ip_address(address)
    if where.is_loopback:
        return Finding("pbx_encryption", Level.OK, "the PBX is on this machine; nothing leaves it")
    message = f"AMI's secret and the callers' voices travel to {address} in clear"
    if not where.is_global:
        return Finding("pbx_encryption", Level.OK, f"{message}; keep that network to yourself (docs/admin.md, TLS)")
    fix = "put both ends into a tunnel (WireGuard, IPsec) and give its addresses here (docs/admin.md, TLS)"
    return Finding("pbx_encryption", Level.WARNING, f"{message}, over a public network", fix)
