"""The agent's words about who they are, in the greeting and when they must say it again."""

from __future__ import annotations

import re

_WE_ARE = re.compile(
    "(?:这里|这边|我们|您(?:现在)?(?:打|拨|拨打)的(?:这个)?(?:号码?|电话)?)(?:这里|这边|真的|就|只|其实|确实|也)*(?:是|做|卖)[^，。？]{0,8}$"
)


def introduces(s: str, start: int) -> bool:
    """Whether the words at ``s[start:]`` of the agent say whom the caller has reached (这里是容声冰箱客服)."""
    return _WE_ARE.search(s[:start]) is not None
