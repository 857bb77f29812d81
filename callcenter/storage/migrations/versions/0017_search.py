"""Full text of orders and customers; names by pinyin; numbers by their last digits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_SURNAMES = {
    "尉迟": ("yu", "chi"), "万俟": ("mo", "qi"), "澹台": ("tan", "tai"), "长孙": ("zhang", "sun"),
    "单于": ("chan", "yu"),
    "单": ("shan",), "曾": ("zeng",), "仇": ("qiu",), "解": ("xie",), "查": ("zha",), "盖": ("ge",), "任": ("ren",),
    "华": ("hua",), "朴": ("piao",), "缪": ("miao",), "区": ("ou",), "翟": ("zhai",), "召": ("shao",), "洗": ("xian",),
    "繁": ("po",), "秘": ("bi",), "尹": ("yin",), "员": ("yun",), "黑": ("he",), "乐": ("yue",), "宓": ("mi",),
    "折": ("she",), "种": ("chong",), "覃": ("qin",), "费": ("fei",), "葛": ("ge",), "燕": ("yan",), "应": ("ying",),
}  # fmt: skip
_CUSTOMERS = sa.table("customers", sa.column("name"), sa.column("name_pinyin"), sa.column("name_initials"))
_PHONES = sa.table("customer_phones", sa.column("lookup"), sa.column("tail"))
_ORDERS = sa.table("work_orders", sa.column("contact_lookup"), sa.column("contact_tail"))
_GONE = "INSERT INTO search_fts(search_fts, rowid, tokens) VALUES ('delete', old.position, old.tokens);"
_NEW = "INSERT INTO search_fts(rowid, tokens) VALUES (new.position, new.tokens);"
_SQLITE = (
    """CREATE VIRTUAL TABLE search_fts USING fts5(
        tokens, content='search_texts', content_rowid='position',
        tokenize='unicode61 remove_diacritics 0', detail='none')""",
    f"CREATE TRIGGER search_texts_insert AFTER INSERT ON search_texts BEGIN {_NEW} END",
    f"CREATE TRIGGER search_texts_delete AFTER DELETE ON search_texts BEGIN {_GONE} END",
    f"CREATE TRIGGER search_texts_update AFTER UPDATE ON search_texts BEGIN {_GONE} {_NEW} END",
)


def sorted_text(length: int) -> sa.String:
    """Text ordered by code point."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    """Texts of what is on file come by `callcenter db reindex`, which upgrading runs when there are none yet."""
    op.create_table(
        "search_texts",
        sa.Column("position", COUNTER, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("key", sa.String(26), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("tokens", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_search_texts"),
        sa.UniqueConstraint("kind", "key", name="uq_search_texts_kind_key"),
    )
    if op.get_bind().dialect.name == "sqlite":
        for statement in _SQLITE:
            op.execute(statement)
    else:
        op.execute("CREATE INDEX ix_search_texts_tokens ON search_texts USING gin (string_to_array(tokens, ' '))")
    op.add_column("customers", sa.Column("name_pinyin", sorted_text(120), nullable=False, server_default=""))
    op.add_column("customers", sa.Column("name_initials", sorted_text(20), nullable=False, server_default=""))
    op.add_column("customer_phones", sa.Column("tail", sorted_text(20), nullable=False, server_default=""))
    op.add_column("work_orders", sa.Column("contact_tail", sorted_text(20), nullable=True))
    _fill()
    op.create_index("ix_customers_name_pinyin", "customers", ["name_pinyin"])
    op.create_index("ix_customers_name_initials", "customers", ["name_initials"])
    op.create_index("ix_customer_phones_tail", "customer_phones", ["tail"])
    op.create_index("ix_work_orders_contact_tail", "work_orders", ["contact_tail"])


def _fill() -> None:
    """Each name and number once: people share them."""
    connection = op.get_bind()
    names = [
        {"filed": name, "pinyin": "".join(syllables)[:120], "initials": "".join(one[:1] for one in syllables)[:20]}
        for name in connection.scalars(sa.select(_CUSTOMERS.c.name).distinct()).all()
        if any(syllables := _syllables(name))
    ]
    if names:
        filed = sa.update(_CUSTOMERS).where(_CUSTOMERS.c.name == sa.bindparam("filed"))
        values: dict[str, sa.BindParameter[str]] = {
            "name_pinyin": sa.bindparam("pinyin"),
            "name_initials": sa.bindparam("initials"),
        }
        connection.execute(filed.values(**values), names)
    for table, lookup, tail in (
        (_PHONES, _PHONES.c.lookup, "tail"),
        (_ORDERS, _ORDERS.c.contact_lookup, "contact_tail"),
    ):
        numbers = [
            {"filed": number, "reversed": _tail(number)}
            for number in connection.scalars(sa.select(lookup).where(lookup.is_not(None)).distinct()).all()
        ]
        if numbers:
            update = sa.update(table).where(lookup == sa.bindparam("filed"))
            connection.execute(update.values({tail: sa.bindparam("reversed")}), numbers)


def _syllables(name: str) -> list[str]:
    """As names were read in pinyin when this migration was written."""
    from pypinyin import lazy_pinyin

    spoken = "".join(name.split())[:20]
    family = next((family for family in _SURNAMES if spoken.startswith(family)), "")
    syllables = [*_SURNAMES.get(family, ()), *lazy_pinyin(spoken[len(family) :])]
    return ["".join(filter(str.isalnum, syllable)).lower() for syllable in syllables]


def _tail(lookup: str) -> str:
    """The digits from the end."""
    return "".join(character for character in lookup if character.isdigit())[::-1][:20]
