"""The environment that all jobs of Daft share. Import it before Daft."""

import os

os.environ["DAFT_ANALYTICS_ENABLED"] = "0"
os.environ["DO_NOT_TRACK"] = "true"
os.environ["DAFT_PROGRESS_BAR"] = "0"
# Daft's UDF processes find the models of this folder through this variable.
os.environ["PYTHONPATH"] = os.path.dirname(os.path.abspath(__file__))
