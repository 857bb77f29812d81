"""A call centre's own forms: every version that ever was, the newest in force."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from workorder.model.base import Base


class OrderTemplate(Base):
    """A version of a service type's form: ``workorder.policy.forms.encoded``. Rows are only ever added."""

    __tablename__ = "order_templates"

    service_type: Mapped[str] = mapped_column(String(20), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(40))
    form: Mapped[dict[str, Any]]
