"""Starts Ray with the settings that all of its jobs share."""

import os

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
# By default workers run at niceness 15 and lose against every other program.
os.environ["RAY_worker_niceness"] = "0"
os.environ["RAY_DATA_DISABLE_PROGRESS_BARS"] = "1"

import ray  # noqa: E402
import ray.data  # noqa: E402


def start(cores):
    ray.init(
        num_cpus=cores,
        include_dashboard=False,
        logging_level="warning",
        log_to_driver=False,
        _node_ip_address="127.0.0.1",
    )
    ray.data.DataContext.get_current().enable_progress_bars = False
