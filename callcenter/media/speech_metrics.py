"""Speech to text in /metrics: what became of transcripts, and how busy the decoders are."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from asr.recognizer import Load
from callcenter.media.transcriber import Transcriber


class SpeechMetrics(Collector):
    """Asked when somebody scrapes; nothing is counted twice."""

    def __init__(
        self,
        transcriber: Transcriber,
        load: Callable[[], Load],
        workers: Callable[[], int],
        registry: CollectorRegistry,
    ) -> None:
        self._transcriber = transcriber
        self._load = load
        self._workers = workers
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """The metrics, each with its present value."""
        outcomes = CounterMetricFamily(
            "callcenter_transcripts", "Transcripts of one speaker, by what became of them", labels=["outcome"]
        )
        for outcome in ("opened", "reopened", "overloaded", "engine_failed", "no_model", "late"):
            outcomes.add_metric([outcome], self._transcriber.counts[outcome])
        yield outcomes
        load = self._load()
        gauges = {
            "callcenter_asr_load": ("Busy share of the decoders' time, 1 is real time", load.busy),
            "callcenter_asr_streams": ("Legs being recognised", load.streams),
            "callcenter_asr_backlog_seconds": ("Audio that waits to be decoded, longest leg", load.backlog_ms / 1000),
            "callcenter_asr_accepting": ("1 while new legs are let in", int(load.accepting)),
            "callcenter_asr_partials": ("1 while guesses are computed", int(load.partials)),
            "callcenter_asr_workers": ("asr workers that are alive", self._workers()),
        }
        for name, (text, value) in gauges.items():
            yield GaugeMetricFamily(name, text, value=value)
