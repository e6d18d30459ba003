"""The settings of the shop that runs beside the tests: its own, but for passwords, whose good hash is slow on purpose.

What the tests hash, with `quick_passwords`, it can read, and the other way round.
"""

from config.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
