"""The AudioSocket server over real TCP, with a peer that behaves and peers that do not."""

import asyncio
from uuid import uuid4

import pytest

from callcenter.clock import VirtualClock
from callcenter.errors import Unavailable
from callcenter.media.audiosocket import IDLE_TIMEOUT_S, QUEUE_FRAMES, AudioSocketServer, LegEnd
from callcenter.media.audiosocket_frames import FrameKind, encode_frame

LOUD = b"\x10\x20" * 160


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture
async def server(clock):
    made = AudioSocketServer("127.0.0.1", 0, clock=clock, max_connections=3)
    await made.start()
    yield made
    await made.aclose()


class Peer:
    """The PBX's end."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, server, uuid=None):
        peer = cls(*await asyncio.open_connection("127.0.0.1", server.port))
        if uuid is not None:
            peer.send(FrameKind.UUID, uuid.bytes)
        return peer

    def send(self, kind, payload=b""):
        self.writer.write(encode_frame(kind, payload))

    async def is_cut(self):
        try:
            return await self.reader.read() == b""
        except ConnectionError:
            return True

    async def close(self):
        self.writer.close()
        await asyncio.gather(self.writer.wait_closed(), return_exceptions=True)


async def test_a_leg_from_hello_to_hangup(server, clock):
    """Frames come in order with rate and time of arrival; the hang-up frame ends the iteration."""
    stream = server.expect(uuid4(), 5)
    peer = await Peer.connect(server, stream.uuid)
    await stream.connected.wait()
    await clock.advance(0.5)
    peer.send(FrameKind.AUDIO_8K, LOUD)
    peer.send(FrameKind.DTMF, b"5")
    peer.send(FrameKind.AUDIO_16K, LOUD * 2)
    peer.send(FrameKind.HANGUP)
    frames = [frame async for frame in stream]
    assert [(len(f.pcm), f.sample_rate_hz, f.at_monotonic) for f in frames] == [(320, 8000, 0.5), (640, 16_000, 0.5)]
    assert stream.ended is LegEnd.HANGUP
    assert server.counts == {"accepted": 1}
    await peer.close()


@pytest.mark.parametrize(("kind", "why"), [(None, LegEnd.EOF), (FrameKind.ERROR, LegEnd.PEER_ERROR)])
async def test_other_ends(server, kind, why):
    """EOF is the normal end on Asterisk; an error frame ends the leg too."""
    stream = server.expect(uuid4(), 5)
    peer = await Peer.connect(server, stream.uuid)
    if kind is not None:
        peer.send(kind, b"\x01")
    else:
        peer.writer.write_eof()
    assert [frame async for frame in stream] == []
    assert stream.ended is why
    await peer.close()


async def test_unknown_uuids_are_refused(server):
    """Nobody asked for it: cut and counted."""
    peer = await Peer.connect(server, uuid4())
    assert await peer.is_cut()
    assert server.counts == {"unknown_uuid": 1}
    await peer.close()


async def test_a_second_connection_with_the_same_uuid_is_refused(server):
    """The first keeps the leg."""
    stream = server.expect(uuid4(), 5)
    first = await Peer.connect(server, stream.uuid)
    await stream.connected.wait()
    second = await Peer.connect(server, stream.uuid)
    assert await second.is_cut()
    assert server.counts["duplicate_uuid"] == 1
    first.send(FrameKind.AUDIO_8K, LOUD)
    assert len((await anext(aiter(stream))).pcm) == 320
    await first.close()
    await second.close()


async def test_a_leg_that_comes_too_late_is_refused(server, clock):
    """After its time the stream ends as never connected, and the PBX is turned away as late."""
    stream = server.expect(uuid4(), 2)
    await clock.advance(3)
    assert [frame async for frame in stream] == []
    assert stream.ended is LegEnd.NEVER_CONNECTED
    peer = await Peer.connect(server, stream.uuid)
    assert await peer.is_cut()
    assert server.counts == {"late_uuid": 1}
    await peer.close()


async def test_closing_the_stream_cuts_the_connection(server):
    """The consumer has enough: the peer is cut, and its uuid cannot be used again."""
    stream = server.expect(uuid4(), 5)
    peer = await Peer.connect(server, stream.uuid)
    await stream.connected.wait()
    await stream.aclose()
    assert await peer.is_cut()
    assert [frame async for frame in stream] == []
    again = await Peer.connect(server, stream.uuid)
    assert await again.is_cut()
    assert server.counts["late_uuid"] == 1
    await peer.close()
    await again.close()


@pytest.mark.parametrize(
    "rubbish", [b"GET / HTTP/1.1\r\n\r\n", b"\x10\x00\x02ab", b"\x01\x00\x03abc", b"\x01\xff\xff"], ids=repr
)
async def test_rubbish_is_cut(server, rubbish):
    """What is not AudioSocket, or does not begin with its UUID, is cut at once."""
    peer = await Peer.connect(server)
    peer.writer.write(rubbish)
    assert await peer.is_cut()
    assert server.counts == {"bad_frame": 1}
    await peer.close()


async def test_a_silent_stranger_and_an_idle_leg_are_cut(server, clock):
    """Five seconds to say the UUID; a leg may be silent for minutes, not for ever."""
    stranger = await Peer.connect(server)
    stream = server.expect(uuid4(), 5)
    peer = await Peer.connect(server, stream.uuid)
    await stream.connected.wait()
    await clock.advance(6)
    assert await stranger.is_cut()
    assert stream.ended is None
    await clock.advance(IDLE_TIMEOUT_S)
    assert await peer.is_cut()
    assert [frame async for frame in stream] == []
    assert stream.ended is LegEnd.IDLE
    assert server.counts == {"accepted": 1, "no_hello": 1, "idle": 1}
    await stranger.close()
    await peer.close()


async def test_too_many_connections_are_refused(server):
    """The fourth of three is cut; the others go on."""
    streams = [server.expect(uuid4(), 5) for _ in range(3)]
    peers = [await Peer.connect(server, stream.uuid) for stream in streams]
    for stream in streams:
        await stream.connected.wait()
    extra = await Peer.connect(server)
    assert await extra.is_cut()
    assert server.counts["too_many"] == 1
    assert server.connections == 3
    for peer in [*peers, extra]:
        await peer.close()


async def test_a_slow_consumer_loses_its_own_oldest_frames_only(server):
    """A leg nobody reads keeps its newest half minute; another leg is not delayed."""
    stalled, lively = server.expect(uuid4(), 5), server.expect(uuid4(), 5)
    slow, fast = await Peer.connect(server, stalled.uuid), await Peer.connect(server, lively.uuid)
    for number in range(QUEUE_FRAMES + 10):
        slow.send(FrameKind.AUDIO_8K, number.to_bytes(2, "big") * 160)
    await slow.writer.drain()
    slow.send(FrameKind.HANGUP)
    fast.send(FrameKind.AUDIO_8K, LOUD)
    assert (await anext(aiter(lively))).pcm == LOUD
    frames = [frame.pcm async for frame in stalled]
    while stalled.ended is None:
        frames += [frame.pcm async for frame in stalled]
    assert stalled.dropped_frames + len(frames) == QUEUE_FRAMES + 10
    assert frames[-1][:2] == (QUEUE_FRAMES + 9).to_bytes(2, "big")
    await slow.close()
    await fast.close()


async def test_a_taken_port_is_said(server):
    """Two servers on one port: Unavailable names the setting and the way out."""
    with pytest.raises(Unavailable, match=r"media\.port"):
        await AudioSocketServer("127.0.0.1", server.port).start()


async def test_closing_the_server_ends_every_leg(clock):
    """Connected and awaited legs end; the port is free again."""
    server = AudioSocketServer("127.0.0.1", 0, clock=clock)
    await server.start()
    connected, awaited = server.expect(uuid4(), 5), server.expect(uuid4(), 5)
    peer = await Peer.connect(server, connected.uuid)
    await connected.connected.wait()
    await server.aclose()
    assert [frame for stream in (connected, awaited) async for frame in stream] == []
    assert {connected.ended, awaited.ended} == {LegEnd.CLOSED}
    assert await peer.is_cut()
    await peer.close()
