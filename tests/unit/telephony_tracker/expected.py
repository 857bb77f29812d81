"""What each captured call means, written down from its scenario.

The lab: a trunk, agents 1001 to 1003; DIDs 4000 and 4001 lead to queue support (linear: 1001, then 1002; 5 s each),
4002 to support-all (both ring), 4003 to support-local (1001 behind a Local channel), 4004 dials 1001 without a queue,
4005 is a queue that gives up after 7 s, 4006 rings 1001 and 1003, 4007 two phones of 1001, 4008 1001 for 2 s and then 1002.
4009 is an echo. From inside, 100X dials an agent, 0X rings phone 1003 as if it were outside, 8X goes out over the trunk,
*7 picks up the call that rings at 1001, 700 is the parking lot (701 the first place), 9100 a conference room.
"""

from __future__ import annotations


def queue_call(number: str, did: str = "4001", device: str = "1001", queue: str = "support") -> list[str]:
    """A caller reaches the queue and ``device`` picks up at once."""
    return [
        f"A arrived inbound: {number} for {did}",
        f"A offered to {device}: {number} from queue {queue}, the first channel",
        f"A answered by {device} from queue {queue}, the first channel",
    ]


def over(device: str) -> list[str]:
    """``device`` talked until one side hung up normally."""
    return [f"A left by {device}", "A ended 16 answered"]


def second_in_queue(number: str, reason: str) -> list[str]:
    """Agent 1001 misses the call for ``reason``; 1002 takes it."""
    return [
        f"A arrived inbound: {number} for 4001",
        f"A offered to 1001: {number} from queue support, the first channel",
        f"A missed by 1001: {reason}",
        f"A offered to 1002: {number} from queue support, the first channel",
        "A answered by 1002 from queue support, the first channel",
        *over("1002"),
    ]


def blind(number: str, did: str, *, held: bool = False) -> list[str]:
    """Agent 1001 sends the caller on to 1002 unseen."""
    return [
        *queue_call(number, did),
        *(["A held by 1001", "A resumed by 1001"] if held else []),
        "A blind transfer by 1001 to 1002",
        "A left by 1001",
        f"A offered to 1002: {number}, the first channel",
        "A answered by 1002, the first channel",
        *over("1002"),
    ]


def consulted_by_feature(number: str, *, left_first: bool = False) -> list[str]:
    """Agent 1001 presses the transfer key (or AMI Atxfer does): 1002 joins the same call, then gets the caller.

    The display of 1002 changes at the moment 1001 hangs up; the PBX tells of both in either order.
    """
    handover = [f"A 1002 now has {number}, the first channel", "A left by 1001"]
    return [
        *queue_call(number),
        "A held by 1001",
        "A offered to 1002: 1001 (Agent 1), another channel",
        "A answered by 1002, another channel",
        "A attended transfer by 1001 to 1002",
        *(reversed(handover) if left_first else handover),
        *over("1002"),
    ]


def cause_16(lines: list[str], call: str) -> list[str]:
    """The same events, with a normal cause for the end of ``call``."""
    return [line.replace(f"{call} ended 0", f"{call} ended 16") for line in lines]


ABANDONED_16 = [
    "A arrived inbound: 13800138001 for 4001",
    "A offered to 1001: 13800138001 from queue support, the first channel",
    "A abandoned from queue support after 3.0 s",
    "A missed by 1001: caller_abandoned",
    "A ended 16 unanswered",
]
"""04-abandoned-while-ringing on Asterisk 16."""

EXPECTED: dict[str, list[str]] = {
    "01-answered-caller-hangs-up": [*queue_call("13800138000", "4000"), *over("1001")],
    "02-answered-agent-hangs-up": [*queue_call("057188886666"), *over("1001")],
    "03-anonymous": [*queue_call("None"), *over("1001")],
    "04-abandoned-while-ringing": [
        "A arrived inbound: 13800138001 for 4001",
        "A offered to 1001: 13800138001 from queue support, the first channel",
        "A missed by 1001: caller_abandoned",
        "A abandoned from queue support after 3.0 s",
        "A ended 0 unanswered",
    ],
    "05-agent1-no-answer-then-agent2": second_in_queue("13800138002", "no_answer"),
    "06-ringall-agent2-answers": [
        "A arrived inbound: 13800138003 for 4002",
        "A offered to 1002: 13800138003 from queue support-all, the first channel",
        "A offered to 1001: 13800138003 from queue support-all, the first channel",
        "A answered by 1002 from queue support-all, the first channel",
        "A missed by 1001: answered_elsewhere",
        *over("1002"),
    ],
    "07-hold-unhold": [
        *queue_call("13800138004", "4000"),
        "A held by 1001",
        "A resumed by 1001",
        *over("1001"),
    ],
    "08-blind-transfer-refer": blind("13800138005", "4000"),
    "09-attended-transfer-refer-replaces": [
        *queue_call("13800138006", "4000"),
        "A held by 1001",
        "B arrived internal: 1001 (Agent 1) for 1002",
        "B offered to 1002: 1001 (Agent 1), the first channel",
        "B answered by 1002, the first channel",
        "A resumed by 1001",
        "A 1002 now has 13800138006, the first channel, moved from B",
        "B ended 0 answered",
        "A attended transfer by 1001 to PJSIP/1002",
        "A left by 1001",
        *over("1002"),
    ],
    "10-ami-blind-transfer": blind("13800138007", "4001"),
    "11-ami-atxfer": consulted_by_feature("13800138008"),
    "12-direct-dial-no-queue": [
        "A arrived inbound: 13800138009 for 4004",
        "A offered to 1001: 13800138009, the first channel",
        "A answered by 1001, the first channel",
        *over("1001"),
    ],
    "13-local-channel-member": [*queue_call("13800138010", "4003", queue="support-local"), *over("1001")],
    "14-agent1-busy-then-agent2": second_in_queue("13800138011", "busy"),
    "15-agents-offline": [
        "A arrived inbound: 13800138012 for 4001",
        "A offered to 1001: 13800138012 from queue support, the first channel",
        "A abandoned from queue support after 4.0 s",
        "A missed by 1001: unreachable",
        "A ended 0 unanswered",
    ],
    "16-two-calls-same-caller-id": [
        "A arrived inbound: 13800138013 for 4001",
        "A offered to 1001: 13800138013 from queue support, the first channel",
        "B arrived inbound: 13800138013 for 4001",
        "B offered to 1002: 13800138013 from queue support, the first channel",
        "A answered by 1001 from queue support, the first channel",
        "B answered by 1002 from queue support, the first channel",
        "B left by 1002",
        "B ended 16 answered",
        *over("1001"),
    ],
    "17-utf8-caller-name": [
        "A arrived inbound: +8613800138014 (测试客户) for 4001",
        "A offered to 1001: +8613800138014 (测试客户) from queue support, the first channel",
        "A answered by 1001 from queue support, the first channel",
        *over("1001"),
    ],
    "18-reconnect-mid-call": [
        *queue_call("13800138015", "4000"),
        "B arrived inbound: 13800138016 for 4001",
        "B offered to 1002: 13800138016 from queue support, the first channel",
        "B abandoned from queue support after 4.2 s",
        "B missed by 1002: caller_abandoned",
        "B ended 0 unanswered",
        *over("1001"),
    ],
    # The PBX rings 1001 first, then 1001's line dials 1002; both see the customer's number.
    "19-click-to-call-originate": [
        "A arrived outbound: 13800138017 (Click) for None",
        "A offered to 1001: 13800138017 (Click), no channel",
        "A answered by 1001, no channel",
        "A offered to 1002: 13800138017 (Click), the first channel",
        "A answered by 1002, the first channel",
        "A left by 1002",
        *over("1001"),
    ],
    "20-agent-pause-login-logout": [],
    "21-wrong-secret": [],
    "22-caller-gives-up-before-answer-no-queue": [
        "A arrived inbound: 13800138018 for 4004",
        "A offered to 1001: 13800138018, the first channel",
        "A missed by 1001: caller_abandoned",
        "A abandoned after 2.0 s",
        "A ended 127 unanswered",
    ],
    "23-live-tap-ami-only": [*queue_call("13800138019"), *over("1001")],
    "24-queue-timeout": [
        "A arrived inbound: 13800138020 for 4005",
        "A offered to 1001: 13800138020 from queue support, the first channel",
        "A missed by 1001: no_answer",
        "A offered to 1002: 13800138020 from queue support, the first channel",
        "A abandoned from queue support after 7.0 s",
        "A missed by 1002: no_answer",
        "A ended 17 unanswered",
    ],
    "25-agent-dials-out": [
        "A arrived outbound: 013900139000 for 013900139000",
        "A offered to 1003: 1001 (Agent 1), the first channel",
        "A answered by 1003, the first channel",
        "A left by 1003",
        "A ended 16 answered",
    ],
    "26-asterisk-restart-mid-call": [*queue_call("13800138021"), *over("1001")],
    "27-feature-code-blind-transfer": blind("13800138022", "4001", held=True),
    # The consulted agent still rings when 1001 hands the caller over: the pop changes to the caller.
    "30-blonde-transfer": [
        *queue_call("13800138030", "4000"),
        "A held by 1001",
        "B arrived internal: 1001 (Agent 1) for 1002",
        "B offered to 1002: 1001 (Agent 1), the first channel",
        "A resumed by 1001",
        "A 1002 now has 13800138030, the first channel, moved from B",
        "B ended 0 unanswered",
        "A attended transfer by 1001 to 1002",
        "A left by 1001",
        "A answered by 1002, the first channel",
        *over("1002"),
    ],
    "31-pickup": [
        "A arrived inbound: 13800138031 for 4004",
        "A offered to 1001: 13800138031, the first channel",
        "B arrived internal: 1002 (Agent 2) for *7",
        "A missed by 1001: answered_elsewhere",
        "B ended 0 unanswered",
        "A pickup transfer by 1001 to PJSIP/1002",
        "A offered to 1002: 13800138031, the first channel",
        "A answered by 1002, the first channel",
        *over("1002"),
    ],
    "32-forward-302": [
        "A arrived inbound: 13800138032 for 4004",
        "A offered to 1001: 13800138032, the first channel",
        "A forward transfer by 1001 to 1002",
        "A missed by 1001: transferred",
        "A offered to 1002: 13800138032, the first channel",
        "A answered by 1002, the first channel",
        *over("1002"),
    ],
    "33-forked-dial-two-agents": [
        "A arrived inbound: 13800138033 for 4006",
        "A offered to 1001: 13800138033, the first channel",
        "A offered to 1003: 13800138033, the first channel",
        "A answered by 1001, the first channel",
        "A missed by 1003: answered_elsewhere",
        *over("1001"),
    ],
    # Two phones registered as 1001 ring: one offer, and no miss when one of them answers.
    "34-two-phones-of-one-device": [
        "A arrived inbound: 13800138034 for 4007",
        "A offered to 1001: 13800138034, the first channel",
        "A answered by 1001, the first channel",
        *over("1001"),
    ],
    "35-no-answer-then-next-no-queue": [
        "A arrived inbound: 13800138035 for 4008",
        "A offered to 1001: 13800138035, the first channel",
        "A missed by 1001: no_answer",
        "A offered to 1002: 13800138035, the first channel",
        "A answered by 1002, the first channel",
        *over("1002"),
    ],
    "36-agent-dials-out-over-trunk": [
        "A arrived outbound: 813900139036 for 813900139036",
        "A answered by 1001, another channel",
        *over("1001"),
    ],
    "37-reject-603": [
        "A arrived inbound: 13800138037 for 4004",
        "A offered to 1001: 13800138037, the first channel",
        "A missed by 1001: rejected",
        "A ended 21 unanswered",
    ],
    "38-feature-code-attended-transfer": consulted_by_feature("13800138038", left_first=True),
    "39-blind-transfer-to-outside": [
        *queue_call("13800138039", "4000"),
        "A blind transfer by 1001 to 813900139039",
        "A left by 1001",
        "A ended 16 answered",
    ],
    "40-attended-transfer-back": [
        *queue_call("13800138040", "4000"),
        "A held by 1001",
        "B arrived internal: 1001 (Agent 1) for 1002",
        "B offered to 1002: 1001 (Agent 1), the first channel",
        "B missed by 1002: busy",
        "B ended 17 unanswered",
        "A resumed by 1001",
        *over("1001"),
    ],
    "41-pickup-from-queue": [
        "A arrived inbound: 13800138041 for 4001",
        "A offered to 1001: 13800138041 from queue support, the first channel",
        "B arrived internal: 1002 (Agent 2) for *7",
        "B ended 0 unanswered",
        "A pickup transfer by 1001 to PJSIP/1002",
        "A offered to 1002: 13800138041 from queue support, the first channel",
        "A answered by 1002 from queue support, the first channel",
        "A missed by 1001: answered_elsewhere",
        *over("1002"),
    ],
    "42-agent-calls-agent": [
        "A arrived internal: 1001 (Agent 1) for 1002",
        "A offered to 1002: 1001 (Agent 1), the first channel",
        "A answered by 1002, the first channel",
        "A left by 1002",
        "A ended 16 answered",
    ],
    "43-ami-redirect-caller": [
        *queue_call("13800138043"),
        "A left by 1001",
        "A offered to 1002: 13800138043, the first channel",
        "A answered by 1002, the first channel",
        *over("1002"),
    ],
    # The agent's own line is sent to 1002: the agents talk to each other, the caller is gone.
    "44-ami-redirect-agent": [
        *queue_call("13800138044"),
        "A offered to 1002: 1001 (Agent 1), another channel",
        "A answered by 1002, another channel",
        "A left by 1001",
        *over("1002"),
    ],
    # Agent 1001 answers and sends the caller to the queue, which rings 1001 again, three times.
    "45-blind-transfer-to-queue": [
        "A arrived inbound: 13800138045 for 4002",
        "A offered to 1002: 13800138045 from queue support-all, the first channel",
        "A offered to 1001: 13800138045 from queue support-all, the first channel",
        "A answered by 1001 from queue support-all, the first channel",
        "A missed by 1002: answered_elsewhere",
        *[
            "A blind transfer by 1001 to 4000",
            "A left by 1001",
            "A offered to 1001: 13800138045 from queue support, the first channel",
            "A answered by 1001 from queue support, the first channel",
        ]
        * 3,
        *over("1001"),
    ],
    # Both lines of 1001 end when the caller is joined to the outside party that 1001 had called.
    "46-attended-transfer-to-outside": [
        *queue_call("13800138046", "4000"),
        "A held by 1001",
        "B arrived outbound: 813900139046 for 813900139046",
        "B answered by 1001, another channel",
        "A resumed by 1001",
        "A 1001 now has 13800138046, the first channel, moved from B",
        "B ended 0 answered",
        "A attended transfer by 1001 to 813900139046",
        "A left by 1001",
        "A left by 1001",
        "A ended 16 answered",
    ],
    # The internal call is the older one, yet the customer's survives.
    "47-consult-first-then-customer": [
        "A arrived internal: 1001 (Agent 1) for 1002",
        "A offered to 1002: 1001 (Agent 1), the first channel",
        "A answered by 1002, the first channel",
        "B arrived inbound: 13800138047 for 4004",
        "B offered to 1001: 13800138047, the first channel",
        "B answered by 1001, the first channel",
        "B 1002 now has 13800138047, the first channel, moved from A",
        "A ended 0 answered",
        "B attended transfer by 1001 to PJSIP/1002",
        "B left by 1001",
        "B left by 1002",
        "B ended 16 answered",
    ],
    "48-park-and-retrieve": [
        *queue_call("13800138048"),
        "A left by 1001",
        "B arrived internal: 1002 (Agent 2) for 701",
        "B ended 0 unanswered",
        "A offered to 1002: 13800138048, the first channel",
        "A answered by 1002, the first channel",
        *over("1002"),
    ],
    # Four people dial in on their own: the PBX keeps them four calls.
    "49-conference": [
        "A arrived inbound: 13800138049 for 4009",
        "B arrived internal: 1001 (Agent 1) for 9100",
        "C arrived internal: 1002 (Agent 2) for 9100",
        "D arrived inbound: 13800138050 for 9100",
        "B ended 16 unanswered",
        "C ended 16 unanswered",
        "D ended 16 unanswered",
        "A ended 0 unanswered",
    ],
}
"""Trace → its events; the calls of a trace are A, B in order of arrival."""

QUEUE_STAYS: dict[str, list[str]] = {
    # The caller gives up after three seconds of ringing.
    "04-abandoned-while-ringing": ["A into support at 0.0", "A out of support at 3.0"],
    "12-direct-dial-no-queue": [],
    # Nobody is registered, and the caller gives up after four seconds.
    "15-agents-offline": ["A into support at 0.0", "A out of support at 4.0"],
    # The queue itself gives up after seven.
    "24-queue-timeout": ["A into support at 0.0", "A out of support at 7.0"],
}
"""Trace → who was in which queue, in seconds from the call's arrival."""

AGENT_STATES: dict[str, dict[str, list[str]]] = {
    "01-answered-caller-hangs-up": {"1001": ["ringing", "on_call", "available"]},
    "05-agent1-no-answer-then-agent2": {
        "1001": ["ringing", "available"],
        "1002": ["ringing", "on_call", "available"],
    },
    "07-hold-unhold": {"1001": ["ringing", "on_call", "on_hold", "on_call", "available"]},
    "09-attended-transfer-refer-replaces": {
        # Consulting while the caller is on hold is talking.
        "1001": ["ringing", "on_call", "on_hold", "on_call", "available"],
        "1002": ["ringing", "on_call", "available"],
    },
    "20-agent-pause-login-logout": {"1001": ["paused", "available"], "1003": ["available", "offline"]},
    "25-agent-dials-out": {"1001": ["on_call", "available"], "1003": ["ringing", "on_call", "available"]},
}
"""Trace → what each device was doing, where that says something new."""
