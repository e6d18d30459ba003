"""The services of the shop without a system package, an account or a network: for the demo and the tests.

    with embedded.start(BASE_DIR / ".data" / "demo", durable=True) as services:
        os.environ.update(services.environ())

Nothing here imports Django or reads its settings, because these processes must run before the settings are read.
"""

from config.embedded.errors import DataInUse, EmbeddedError
from config.embedded.services import Services, start

__all__ = ["DataInUse", "EmbeddedError", "Services", "start"]
