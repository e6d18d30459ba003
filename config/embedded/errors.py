"""What the embedded services raise. The messages are shown to the person at the terminal as they are."""


class EmbeddedError(Exception):
    """An embedded service cannot be started, or has stopped."""


class DiedEarly(EmbeddedError):
    """A process ended before it answered. The message ends with the tail of its log."""


class DataInUse(EmbeddedError):
    """Another living process holds the data folder. `pid` is its process id, 0 when it has not written it yet."""

    def __init__(self, message: str, *, pid: int) -> None:
        super().__init__(message)
        self.pid = pid
