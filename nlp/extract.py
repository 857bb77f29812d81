"""From utterances to slots: the library's front door.

>>> session = Extractor().start(CallContext(started_at=...))
>>> extraction = session.push(Segment("s1", "caller", "我家格力空调不制冷"))
"""
