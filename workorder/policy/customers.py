"""What customers are to us: levels, and limits of their records."""

from __future__ import annotations

from collections.abc import Mapping

LEVELS: Mapping[str, str] = {"normal": "普通", "member": "会员", "vip": "VIP", "business": "企业"}
"""Value → label; service levels and prices may depend on it."""

ERASED_NAME = "已删除"
"""What stands in place of the name of somebody who asked to be forgotten."""

MAX_NOTES = 2000
MAX_LABEL = 40
MAX_OWNED = 20
"""Phones, and addresses, of one customer."""
