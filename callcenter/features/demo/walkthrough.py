"""One call from ring to saved work order, stage by stage, through the same interfaces the browser uses.

A stage that does not come true raises ``StageFailed`` with its name.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from callcenter.errors import CallcenterError, Unavailable
from callcenter.features.demo.desk_client import Desk, Frame, Json

T = TypeVar("T")

POP_S = 15.0
ANSWER_S = 20.0
SPEECH_S = 40.0
DRAFT_S = 60.0
END_S = 240.0
REPLAY_S = 30.0
WAV_HEADER = b"RIFF"
PARTIAL_CONTENT = 206

FILLERS: Json = {
    "service_type": "enquiry",
    "contact_phone": "13900000000",
    "appliance": "空调",
    "brand": "格力",
    "fault": "不制冷",
    "description": "客户来电",
    "address": {"province": None, "city": "杭州市", "district": "西湖区", "detail": "文三路1号"},
    "appointment": {"start": "2030-01-01T08:00:00+08:00", "end": "2030-01-01T10:00:00+08:00"},
}
"""What the agent of the walk-through types into required fields that the caller did not say clearly enough."""


class StageFailed(Unavailable):
    """A stage of the walk-through did not come true."""

    code = "stage_failed"

    def __init__(self, stage: str, reason: str) -> None:
        super().__init__(reason, field=f"stage {stage}")
        self.stage = stage


@dataclass(frozen=True, slots=True)
class Walked:
    """What one call gave: the JSON of ``callcenter demo --headless --json``."""

    call: Json
    transcript: list[Json]
    draft: Json
    timings: Json


async def stage(name: str, work: Awaitable[T]) -> T:
    """Run one stage; whatever it raises on purpose gets its name."""
    try:
        return await work
    except StageFailed:
        raise
    except CallcenterError as error:
        raise StageFailed(name, str(error)) from error


class Walk:
    """One call seen from one desk. ``agent`` has the agent socket open before the call is placed."""

    def __init__(self, agent: Desk, supervisor: Desk, place_call: Callable[[], Awaitable[object]]) -> None:
        self._agent = agent
        self._supervisor = supervisor
        self._place_call = place_call
        self._from = len(agent.frames)
        self._call_id = ""

    async def run(self) -> Walked:
        """Every stage in turn."""
        placed_at = time.time()
        await stage("ring", self._ring())
        pop = await stage("pop", self._pop())
        answered = await stage("answer", self._answer())
        await stage("transcript", self._transcript())
        await stage("draft", self._draft())
        await stage("evidence", self._evidence())
        await stage("end", self._end())
        await stage("correct", self._correct())
        saved = await stage("save", self._save())
        detail = await stage("replay", self._replay(saved))
        draft = next((order for order in detail["orders"] if order["order_id"] == saved["order_id"]), saved)
        call = {key: value for key, value in detail.items() if key not in {"segments", "orders"}}
        timings = self._timings(placed_at, pop, answered)
        return Walked(call=call, transcript=detail["segments"], draft=draft, timings=timings)

    # ---- stages -------------------------------------------------------------------------------------------------

    async def _ring(self) -> None:
        await self._place_call()

    async def _pop(self) -> Frame:
        pop = await self._wait("call.offered", POP_S, "screen-pop")
        self._call_id = pop.body["call"]["call_id"]
        return pop

    async def _answer(self) -> Frame:
        return await self._wait(
            "call.updated", ANSWER_S, "answer", lambda body: body["changes"].get("state") == "talking"
        )

    async def _transcript(self) -> None:
        for speaker in ("agent", "caller"):
            spoken_by = partial(_spoken_by, speaker)
            await self._wait("transcript.segment", SPEECH_S, f"transcript of the {speaker}", spoken_by)

    async def _draft(self) -> None:
        await self._wait("order.updated", DRAFT_S, "field heard in the call", lambda body: bool(heard(body["order"])))

    async def _evidence(self) -> None:
        """The seconds a value came from can be played while the call goes on."""
        frame = await self._wait(
            "order.updated", DRAFT_S, "evidence with sound", lambda body: bool(spans(heard(body["order"])))
        )
        start_ms, end_ms = spans(heard(frame.body["order"]))[0]
        path = f"/api/calls/{self._call_id}/audio?start_ms={start_ms}&end_ms={end_ms}&channel=both"
        status, sound = await self._agent.download(path)
        if not sound.startswith(WAV_HEADER):
            raise Unavailable(f"the evidence of {start_ms}-{end_ms} ms is no sound: status {status}")

    async def _end(self) -> None:
        await self._wait("call.updated", END_S, "end of the call", lambda body: body["changes"].get("state") == "ended")
        await self._settle()

    async def _settle(self) -> None:
        """Wait for the last words: no frame for a second."""
        count = -1
        while count != len(self._agent.frames):
            count = len(self._agent.frames)
            await asyncio.sleep(1.0)

    async def _correct(self) -> None:
        """The agent corrects one field and fills in what is still missing."""
        order = self._order()
        fields = {name: FILLERS[name] for name in order["missing"]}
        description = order["fields"].get("description", {}).get("display") or "客户来电"
        fields["description"] = f"{description}（坐席核对）"
        await self._agent.request(
            "PATCH", f"/api/work-orders/{order['order_id']}", {"fields": fields}, version=order["edit_version"]
        )

    async def _save(self) -> Json:
        order = await self._agent.request("GET", f"/api/work-orders/{self._order()['order_id']}")
        path = f"/api/work-orders/{order['order_id']}/create"
        saved = await self._agent.request("POST", path, {}, version=order["edit_version"])
        if saved["status"] != "created" or not saved["number"]:
            raise Unavailable(f"the order is {saved['status']} and has the number {saved['number']}")
        return saved

    async def _replay(self, saved: Json) -> Json:
        """The supervisor finds the call with transcript, recording and the saved order."""
        async with asyncio.timeout(REPLAY_S):
            detail = await self._supervisor.request("GET", f"/api/calls/{self._call_id}")
            while detail["recording"] is None:
                await asyncio.sleep(0.25)
                detail = await self._supervisor.request("GET", f"/api/calls/{self._call_id}")
        if not detail["segments"] or saved["order_id"] not in {order["order_id"] for order in detail["orders"]}:
            raise Unavailable("the record lacks the transcript or the order")
        status, sound = await self._supervisor.download(
            f"/api/calls/{self._call_id}/recording", byte_range="bytes=0-1023"
        )
        if status != PARTIAL_CONTENT or not sound:
            raise Unavailable(f"the recording cannot be read in parts: status {status}")
        return detail

    # ---- looking at frames --------------------------------------------------------------------------------------

    async def _wait(
        self, kind: str, timeout_s: float, what: str, wanted: Callable[[Json], bool] = lambda _: True
    ) -> Frame:
        start, call_id = self._from, self._call_id

        def fits(frame: Frame) -> bool:
            if frame.type != kind or self._agent.frames.index(frame) < start:
                return False
            about = frame.body.get("call_id") or frame.body.get("call", {}).get("call_id")
            return (not call_id or about == call_id) and wanted(frame.body)

        return await self._agent.wait(fits, timeout_s=timeout_s, what=what)

    def _mine(self, kind: str) -> list[Frame]:
        return [f for f in self._agent.frames if f.type == kind and f.body.get("call_id") == self._call_id]

    def _order(self) -> Json:
        """The latest state of the call's first order."""
        orders = [frame.body["order"] for frame in self._mine("order.updated")]
        latest: Json = [order for order in orders if order["sequence"] == 1][-1]
        return latest

    def _timings(self, placed_at: float, pop: Frame, answered: Frame) -> Json:
        """Milliseconds. ``offer_to_pop`` by the server's clock; the others as this desk saw them."""
        partials = self._mine("transcript.partial")
        offered_ms, sent_ms = _moment_ms(pop.body["call"]["offered_at"]), _moment_ms(pop.body["call"]["pop_sent_at"])
        return {
            "placed_to_pop_ms": _ms(pop.at - placed_at),
            "offer_to_pop_ms": round(sent_ms - offered_ms, 1),
            "answer_to_first_partial_ms": _ms(partials[0].at - answered.at) if partials else None,
            **self._speech_timings(),
        }

    def _speech_timings(self) -> Json:
        """End of an utterance → its final text, and → the first field that rests on it."""
        began = self._zero()
        finals, fields = [], []
        for frame in self._mine("transcript.segment"):
            segment = frame.body["segment"]
            spoken = began + segment["end_ms"] / 1000
            finals.append(frame.at - spoken)
            fields += self._first_field_s(segment["segment_id"], spoken)
        return {
            "speech_end_to_final_ms": _spread(finals),
            "speech_end_to_field_ms": _spread(fields),
            "segments": len(finals),
        }

    def _first_field_s(self, segment_id: str, spoken: float) -> list[float]:
        for frame in self._mine("order.updated"):
            values = heard(frame.body["order"]).values()
            if any(found["segment_id"] == segment_id for value in values for found in value["evidence"]):
                return [frame.at - spoken]
        return []

    def _zero(self) -> float:
        """When the call's audio began, as the server says it in call.updated (one machine, one clock)."""
        started = [f for f in self._mine("call.updated") if "audio_started_at" in f.body["changes"]]
        return _moment_ms(started[0].body["changes"]["audio_started_at"]) / 1000 if started else 0.0


def heard(order: Json) -> Json:
    """The fields of an order that came from speech and stand."""
    return {
        name: value
        for name, value in order["fields"].items()
        if value["source"] == "heard" and value["state"] != "withdrawn" and value["evidence"]
    }


def spans(fields: Json) -> list[tuple[int, int]]:
    """Start and end (ms) of every piece of evidence that has sound."""
    found = [evidence for value in fields.values() for evidence in value["evidence"]]
    return [(e["start_ms"], e["end_ms"]) for e in found if e["start_ms"] is not None and e["end_ms"] > e["start_ms"]]


def _spoken_by(speaker: str, body: Json) -> bool:
    return bool(body["segment"]["speaker"] == speaker)


def _moment_ms(text: str) -> float:
    return datetime.fromisoformat(text).timestamp() * 1000


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


def _spread(seconds: list[float]) -> Json | None:
    """Median and 95th percentile in ms; None without a sample."""
    if not seconds:
        return None
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return {"p50": _ms(statistics.median(ordered)), "p95": _ms(p95), "n": len(ordered)}


def as_json(walked: Walked) -> dict[str, Any]:
    """{call, transcript, draft, timings}."""
    return {"call": walked.call, "transcript": walked.transcript, "draft": walked.draft, "timings": walked.timings}
