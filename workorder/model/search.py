"""What full text is looked up in: one row for each order and customer, written in the transaction of the change.

``tokens`` are words with blanks between them. PostgreSQL finds them by a GIN index on ``TOKENS``, SQLite by an FTS5
table that triggers keep (both made by migration 0017): moved to another database, the rows find their index there.
"""

from __future__ import annotations

from sqlalchemy import ARRAY, String, Text, UniqueConstraint, column, func, table
from sqlalchemy.orm import Mapped, mapped_column

from workorder.model.base import Base, Counter, Key

FTS = table("search_fts", column("rowid"), column("search_fts"))
"""SQLite's index; its rows have the positions of ``search_texts``."""
SHADOWS = "search_fts"
"""How the names of the tables begin that SQLite keeps the index in."""


class SearchText(Base):
    """The text of one order or customer (``kind``) and its tokens; a later ``position`` is a newer one."""

    __tablename__ = "search_texts"

    position: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(12))
    key: Mapped[str] = mapped_column(Key)
    text: Mapped[str] = mapped_column(Text)
    tokens: Mapped[str] = mapped_column(Text)

    __table_args__ = (UniqueConstraint("kind", "key"),)


TOKENS = func.string_to_array(SearchText.tokens, " ", type_=ARRAY(Text))
"""PostgreSQL's index is on this expression."""
