"""The shop's settings, with the pages beside which its own are measured."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "tests.benchmarks.bare_page"
