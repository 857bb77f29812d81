"""The schema of the first release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Frozen copies of the column types: a migration must not change when the model does.
KEY = sa.String(26)
MOMENT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def sorted_text(length: int) -> sa.String:
    """Text ordered by code point."""
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "audit",
        sa.Column("audit_id", COUNTER, autoincrement=True, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("detail", DOCUMENT, nullable=True),
        sa.PrimaryKeyConstraint("audit_id", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_by", "audit", ["by"])
    op.create_index("ix_audit_subject", "audit", ["subject"])

    op.create_table(
        "calls",
        sa.Column("call_id", KEY, nullable=False),
        sa.Column("linkedid", sa.String(length=80), nullable=False),
        sa.Column("direction", sa.String(length=16), nullable=False),
        sa.Column("number", sa.String(length=80), nullable=True),
        sa.Column("number_lookup", sorted_text(80), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=True),
        sa.Column("dialled", sa.String(length=80), nullable=True),
        sa.Column("queue", sa.String(length=80), nullable=True),
        sa.Column("interface", sa.String(length=80), nullable=True),
        sa.Column("user_id", KEY, nullable=True),
        sa.Column("customer_id", KEY, nullable=True),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("abandoned", sa.Boolean(), nullable=False),
        sa.Column("cause", sa.Integer(), nullable=True),
        sa.Column("audio_started_at", MOMENT, nullable=True),
        sa.Column("transcript_state", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("call_id", name="pk_calls"),
    )
    op.create_index("ix_calls_customer_id", "calls", ["customer_id"])
    op.create_index("ix_calls_linkedid", "calls", ["linkedid"])
    op.create_index("ix_calls_number_lookup", "calls", ["number_lookup"])
    op.create_index("ix_calls_started_at", "calls", ["started_at"])

    op.create_table(
        "customers",
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("name", sorted_text(80), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("created_by", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name="pk_customers"),
    )
    op.create_index("ix_customers_name", "customers", ["name"])

    op.create_table(
        "idempotency_keys",
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", DOCUMENT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])

    op.create_table(
        "order_counters",
        sa.Column("day", sa.String(length=8), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_order_counters"),
    )
    op.create_table(
        "outbox",
        sa.Column("position", COUNTER, autoincrement=True, nullable=False),
        sa.Column("event_id", KEY, nullable=False),
        sa.Column("event_type", sa.String(length=60), nullable=False),
        sa.Column("body", DOCUMENT, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("position", name="pk_outbox"),
        sa.UniqueConstraint("event_id", name="uq_outbox_event_id"),
    )
    op.create_index(
        "ix_outbox_unsent",
        "outbox",
        ["position"],
        sqlite_where=sa.text("sent_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL"),
    )

    op.create_table(
        "pbx_gaps",
        sa.Column("gap_id", COUNTER, autoincrement=True, nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("calls_reconstructed", sa.Integer(), nullable=False),
        sa.Column("calls_ended_unseen", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("gap_id", name="pk_pbx_gaps"),
    )
    op.create_index("ix_pbx_gaps_until", "pbx_gaps", ["until"])

    op.create_table(
        "users",
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("username", sorted_text(60), nullable=False),
        sa.Column("display_name", sa.String(length=80), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("roles", DOCUMENT, nullable=False),
        sa.Column("interface", sorted_text(80), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_users"),
        sa.UniqueConstraint("username", name="uq_users_username"),
    )
    op.create_index("ix_users_interface", "users", ["interface"])

    op.create_table(
        "assets",
        sa.Column("asset_id", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("appliance", sa.String(length=60), nullable=False),
        sa.Column("brand", sa.String(length=60), nullable=False),
        sa.Column("model", sa.String(length=80), nullable=False),
        sa.Column("serial", sorted_text(80), nullable=False),
        sa.Column("purchased_on", sa.Date(), nullable=True),
        sa.Column("warranty_until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.customer_id"], name="fk_assets_customer_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("asset_id", name="pk_assets"),
    )
    op.create_index("ix_assets_customer_id", "assets", ["customer_id"])
    op.create_index("ix_assets_serial", "assets", ["serial"])

    op.create_table(
        "call_events",
        sa.Column("event_id", COUNTER, autoincrement=True, nullable=False),
        sa.Column("call_id", KEY, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("interface", sa.String(length=80), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name="fk_call_events_call_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("event_id", name="pk_call_events"),
    )
    op.create_index("ix_call_events_call_id", "call_events", ["call_id"])

    op.create_table(
        "call_legs",
        sa.Column("call_id", KEY, nullable=False),
        sa.Column("uniqueid", sa.String(length=80), nullable=False),
        sa.Column("interface", sorted_text(80), nullable=False),
        sa.Column("user_id", KEY, nullable=True),
        sa.Column("queue", sa.String(length=80), nullable=True),
        sa.Column("caller_uniqueid", sa.String(length=80), nullable=False),
        sa.Column("offered_at", MOMENT, nullable=False),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("miss_reason", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name="fk_call_legs_call_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id", "uniqueid", name="pk_call_legs"),
    )
    op.create_index("ix_call_legs_interface_call_id", "call_legs", ["interface", "call_id"])
    op.create_index("ix_call_legs_user_id_call_id", "call_legs", ["user_id", "call_id"])

    op.create_table(
        "customer_addresses",
        sa.Column("address_id", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("province", sa.String(length=200), nullable=False),
        sa.Column("city", sa.String(length=200), nullable=False),
        sa.Column("district", sa.String(length=200), nullable=False),
        sa.Column("detail", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.customer_id"], name="fk_customer_addresses_customer_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("address_id", name="pk_customer_addresses"),
    )
    op.create_index("ix_customer_addresses_customer_id", "customer_addresses", ["customer_id"])

    op.create_table(
        "customer_phones",
        sa.Column("phone_id", KEY, nullable=False),
        sa.Column("customer_id", KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("raw", sa.String(length=40), nullable=False),
        sa.Column("e164", sa.String(length=20), nullable=True),
        sa.Column("lookup", sorted_text(40), nullable=False),
        sa.Column("label", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.customer_id"], name="fk_customer_phones_customer_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("phone_id", name="pk_customer_phones"),
    )
    op.create_index("ix_customer_phones_customer_id", "customer_phones", ["customer_id"])
    op.create_index("ix_customer_phones_lookup_customer_id", "customer_phones", ["lookup", "customer_id"])

    op.create_table(
        "login_tokens",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name="fk_login_tokens_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_login_tokens"),
    )
    op.create_index("ix_login_tokens_user_id", "login_tokens", ["user_id"])

    op.create_table(
        "recordings",
        sa.Column("call_id", KEY, nullable=False),
        sa.Column("path", sa.String(length=400), nullable=False),
        sa.Column("format", sa.String(length=8), nullable=False),
        sa.Column("sample_rate_hz", sa.Integer(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("partial", sa.Boolean(), nullable=False),
        sa.Column("stored_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name="fk_recordings_call_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id", name="pk_recordings"),
    )
    op.create_table(
        "segments",
        sa.Column("segment_id", KEY, nullable=False),
        sa.Column("call_id", KEY, nullable=False),
        sa.Column("speaker", sa.String(length=8), nullable=False),
        sa.Column("start_ms", sa.Integer(), nullable=False),
        sa.Column("end_ms", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("words", DOCUMENT, nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name="fk_segments_call_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("segment_id", name="pk_segments"),
    )
    op.create_index("ix_segments_call_id_start_ms", "segments", ["call_id", "start_ms"])

    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("csrf_token", sa.String(length=64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name="fk_sessions_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_sessions"),
    )
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])

    op.create_table(
        "work_orders",
        sa.Column("order_id", KEY, nullable=False),
        sa.Column("number", sa.String(length=20), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("call_id", KEY, nullable=True),
        sa.Column("customer_id", KEY, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("created_by", sa.String(length=40), nullable=True),
        sa.Column("saved_at", MOMENT, nullable=True),
        sa.Column("edit_version", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("service_type", sa.String(length=20), nullable=True),
        sa.Column("customer_name", sorted_text(80), nullable=True),
        sa.Column("contact_lookup", sorted_text(40), nullable=True),
        sa.Column("appliance", sa.String(length=60), nullable=True),
        sa.Column("brand", sa.String(length=60), nullable=True),
        sa.Column("model", sa.String(length=80), nullable=True),
        sa.Column("fault", sa.String(length=80), nullable=True),
        sa.Column("error_code", sa.String(length=40), nullable=True),
        sa.Column("urgency", sa.String(length=16), nullable=True),
        sa.Column("city", sa.String(length=200), nullable=True),
        sa.Column("district", sa.String(length=200), nullable=True),
        sa.Column("address_text", sa.String(length=800), nullable=True),
        sa.Column("appointment_start", MOMENT, nullable=True),
        sa.Column("appointment_end", MOMENT, nullable=True),
        sa.Column("suggested_priority", sa.String(length=16), nullable=False),
        sa.Column("summary", sa.String(length=2000), nullable=False),
        sa.Column("alerts", DOCUMENT, nullable=False),
        sa.Column("field_values", DOCUMENT, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.customer_id"], name="fk_work_orders_customer_id"),
        sa.PrimaryKeyConstraint("order_id", name="pk_work_orders"),
        sa.UniqueConstraint("call_id", "sequence", name="uq_work_orders_call_id_sequence"),
        sa.UniqueConstraint("number", name="uq_work_orders_number"),
    )
    op.create_index("ix_work_orders_contact_lookup", "work_orders", ["contact_lookup"])
    op.create_index("ix_work_orders_created_at", "work_orders", ["created_at"])
    op.create_index("ix_work_orders_customer_id_created_at", "work_orders", ["customer_id", "created_at"])
    op.create_index("ix_work_orders_customer_name", "work_orders", ["customer_name"])
    op.create_index("ix_work_orders_status_created_at", "work_orders", ["status", "created_at"])

    op.create_table(
        "work_order_changes",
        sa.Column("change_id", COUNTER, autoincrement=True, nullable=False),
        sa.Column("order_id", KEY, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.String(length=40), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("before", DOCUMENT, nullable=True),
        sa.Column("after", DOCUMENT, nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(
            ["order_id"], ["work_orders.order_id"], name="fk_work_order_changes_order_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("change_id", name="pk_work_order_changes"),
    )
    op.create_index("ix_work_order_changes_order_id", "work_order_changes", ["order_id"])
