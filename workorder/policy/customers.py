"""What customers are to us: levels, and limits of their records."""

from __future__ import annotations

import re
from collections.abc import Mapping

from workorder.policy.channels import Channel

LEVELS: Mapping[str, str] = {"normal": "普通", "member": "会员", "vip": "VIP", "business": "企业"}
"""Value → label; service levels and prices may depend on it."""

ERASED_NAME = "已删除"
"""What stands in place of the name of somebody who asked to be forgotten."""

OPENIDS: Mapping[Channel, str] = {Channel.WECHAT: "openid", Channel.MINIPROGRAM: "miniprogram_openid"}
"""Channel → the part of a customer's record that says who they are to our account there; openids differ."""
OPENID = re.compile(r"[0-9A-Za-z_-]{1,64}")
"""As WeChat gives one."""

MAX_NOTES = 2000
MAX_LABEL = 40
MAX_OWNED = 20
"""Phones, and addresses, of one customer."""
