"""When a transfer is tried again, and how long to wait before."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime


class TryFailedError(Exception):
    """A try that failed in a way another may not: `reason` goes on the sentence "it could not be downloaded: …".

    `retry_after` is the wait in seconds that the server asked for.
    """

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.retry_after = reason, retry_after


@dataclass(frozen=True)
class RetryPolicy:
    """Waits double from `first_wait` to `longest_wait` seconds, each with up to half of it more or less at random.

    `tries` are counted anew after every `progress` bytes; a server that asks for a wait longer than
    `longest_retry_after` is given up.
    """

    tries: int = 6
    progress: int = 64 * 1024
    first_wait: float = 1.0
    longest_wait: float = 30.0
    longest_retry_after: float = 120.0
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random

    def wait(self, failures: int, retry_after: float | None) -> float:
        """Seconds before the next try, after so many failures in a row."""
        own = min(self.longest_wait, self.first_wait * 2.0 ** (failures - 1)) * (0.5 + self.chance())
        return max(own, retry_after or 0.0)


def retry_after_seconds(value: str | None, now: datetime | None = None) -> float | None:
    """The header Retry-After, a number of seconds or a date (RFC 9110, 10.2.3); None when it says nothing."""
    if value is None:
        return None
    # isdecimal alone is true for digits of other scripts too.
    if value.strip().isascii() and value.strip().isdecimal():
        return float(value)
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    date = date if date.tzinfo else date.replace(tzinfo=timezone.utc)
    return max(0.0, float((date - (now or datetime.now(timezone.utc))).total_seconds()))
