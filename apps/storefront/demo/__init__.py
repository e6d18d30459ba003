"""The demo: a stocked shop and a year of its life, lived by the real engine."""
