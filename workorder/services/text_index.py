"""Looks texts up by their tokens, newest first: SQLite's index does so by itself, PostgreSQL is told how.

An FTS5 table gives rows in the order of their positions and stops when told to. PostgreSQL's index knows no order: it
gives all texts that have the tokens, which is quick when they are few; or the newest texts are read one by one until
enough have them, which is quick when many do. Its own choice took 15 s for a word that none of four million texts has.
Here it is asked how many it expects, and told what to do, as for lists of orders (ADR 0011).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, literal_column, select, text

from workorder.model.orders import WorkOrder
from workorder.model.search import FTS, TOKENS, SearchText
from workorder.policy.list_plan import ENOUGH
from workorder.services.order_filters import condition
from workorder.services.unindexed import by_no_index

TOP_POSITION = 2**63 - 1
"""Above every position."""
_POSITION: Any = SearchText.position
_TEXT: tuple[Any, ...] = (SearchText.position, SearchText.key, SearchText.text)
_HAS = TOKENS.op("@>")(bindparam("tokens", type_=TOKENS.type))
_BELOW = bindparam("below") > _POSITION


@dataclass(frozen=True, slots=True)
class TextIndex:
    """Texts with all of ``tokens``, of orders that fit the conditions ``names``; ``values`` are theirs and ``at_most``.

    ``enough``: how many texts are looked through without a thought. ``walk``: on PostgreSQL, whether to look among the
    newest first; None: as it expects.
    """

    rows: Connection
    tokens: Sequence[str]
    names: tuple[str, ...]
    values: Mapping[str, Any]
    enough: int = ENOUGH
    walk: bool | None = None

    def newest(self, below: int) -> Sequence[Row[Any]]:
        """Position, key and text of the newest ``at_most`` before the position ``below``."""
        values = {**self.values, "below": below}
        if self.rows.dialect.name != "postgresql":
            # Tokens are letters and digits alone, so nothing in them is syntax of the index.
            match = " AND ".join(f'"{token}"' for token in self.tokens)
            return self.rows.execute(_matching(self.names), {**values, "tokens": match}).all()
        values["tokens"] = list(self.tokens)
        if self._is_common() if self.walk is None else self.walk:
            end = self.rows.scalar(_end(self.enough), values)
            found = self.rows.execute(_walked(self.names), {**values, "end": end or 0}).all()
            if end is None or len(found) == self.values["at_most"]:
                return found
        return self.rows.execute(_gathered(self.names), values).all()

    def _is_common(self) -> bool:
        """Whether fewer texts must be read from the newest on than the index would give; nothing is read for it."""
        ((plan,),) = self.rows.scalars(_PLAN, {"tokens": list(self.tokens)})
        found = plan["Plan"]
        every = next(part for part in found["Plans"] if part["Parent Relationship"] == "InitPlan")["Plans"][0]
        fit, texts = found["Plan Rows"], every["Plan Rows"]
        return bool(self.values["at_most"] * texts <= fit * fit)


_PLAN = text(
    "EXPLAIN (FORMAT JSON) SELECT (SELECT 1 FROM search_texts LIMIT 1) FROM search_texts "
    "WHERE string_to_array(tokens, ' ') @> :tokens"
).bindparams(bindparam("tokens", type_=TOKENS.type))
"""How many texts PostgreSQL thinks have the tokens, and how many there are, from its statistics."""


@lru_cache(maxsize=256)
def _matching(names: tuple[str, ...]) -> Select[Any]:
    """SQLite: the index gives them newest first."""
    both = FTS.join(SearchText, FTS.c.rowid == _POSITION)
    found = select(*_TEXT).select_from(both).where(text("search_fts MATCH :tokens"), FTS.c.rowid < bindparam("below"))
    return _filtered(found, names).order_by(FTS.c.rowid.desc())


@lru_cache(maxsize=256)
def _walked(names: tuple[str, ...]) -> Select[Any]:
    """PostgreSQL: from the newest on, to the position ``end``."""
    found = select(*_TEXT).where(by_no_index(_HAS), _BELOW, bindparam("end") <= _POSITION)
    return _filtered(found, names).order_by(_POSITION.desc())


@lru_cache(maxsize=256)
def _gathered(names: tuple[str, ...]) -> Select[Any]:
    """PostgreSQL: all that the index gives, sorted."""
    found = select(*_TEXT).where(_HAS, by_no_index(_BELOW))
    return _filtered(found, names).order_by(by_no_index(_POSITION).desc())


@lru_cache(maxsize=8)
def _end(enough: int) -> Select[Any]:
    """Where the newest ``enough`` texts end; none when there are fewer."""
    newest = select(_POSITION).where(_BELOW).order_by(_POSITION.desc())
    return newest.offset(literal_column(str(enough))).limit(literal_column("1"))


def _filtered(texts: Select[Any], names: tuple[str, ...]) -> Select[Any]:
    """Of orders that fit the conditions of these names."""
    if names:
        texts = texts.join(WorkOrder, WorkOrder.order_id == SearchText.key).where(*map(condition, names))
    return texts.limit(bindparam("at_most"))
