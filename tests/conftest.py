"""What every test shares."""

from hypothesis import HealthCheck, settings

# Other work on the machine must not fail a property; how fast things are is measured by the benchmarks.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")
