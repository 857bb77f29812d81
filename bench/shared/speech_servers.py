"""Two WebSocket servers of one protocol for bench/asr.py: the usual design, and our pipeline.

A connection is a leg: binary messages of PCM in, one JSON answer each ({"partial"} or {"text"}), ``{"eof": 1}`` at the
end, as the stock Vosk server has it. ``speech_servers.py plain|ours MODEL THREADS`` prints its port and ends with its
input.
"""

from __future__ import annotations

import asyncio
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import vosk
from aiohttp import WSMsgType, web

sys.path.insert(0, str(Path(__file__).parents[2]))

from asr.events import Final
from asr.load import load_recognizer

RATE_HZ = 8000


class Plain:
    """One recogniser a connection, fed every sample; a partial result after each message that ends no utterance."""

    def __init__(self, model, threads):
        vosk.SetLogLevel(-1)
        self._model = vosk.Model(model)
        self._pool = ThreadPoolExecutor(threads)

    async def leg(self, socket):
        recognizer = vosk.KaldiRecognizer(self._model, RATE_HZ)
        recognizer.SetWords(True)
        loop = asyncio.get_running_loop()
        async for message in socket:
            if message.type is WSMsgType.BINARY:
                await socket.send_str(await loop.run_in_executor(self._pool, self._decode, recognizer, message.data))
            else:
                await socket.send_str(await loop.run_in_executor(self._pool, recognizer.FinalResult))
                return

    @staticmethod
    def _decode(recognizer, pcm):
        return recognizer.Result() if recognizer.AcceptWaveform(pcm) else recognizer.PartialResult()


class Ours:
    """The recogniser of callcenter: gate, coalesced partials, a pool."""

    def __init__(self, model, threads):
        self._recognizer = load_recognizer("vosk", model, threads)

    async def leg(self, socket):
        stream = self._recognizer.open(sample_rate_hz=RATE_HZ)
        texts = []

        async def tell():
            async for event in stream:
                if isinstance(event, Final):
                    texts.append(event.text)  # noqa: PERF401 - read while it grows

        teller = asyncio.create_task(tell())
        async for message in socket:
            if message.type is not WSMsgType.BINARY:
                break
            stream.push(message.data)
            # The feeder is much faster than live: it waits for each answer, as with the other server.
            await stream.drain()
            await socket.send_str(json.dumps({"text": "".join(texts)}))
            texts.clear()
        stream.end_input()
        await teller
        await socket.send_str(json.dumps({"text": "".join(texts)}))


async def main(kind, model, threads):
    server = {"plain": Plain, "ours": Ours}[kind](model, int(threads))

    async def handle(request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await server.leg(socket)
        await socket.close()
        return socket

    application = web.Application()
    application.router.add_get("/", handle)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
