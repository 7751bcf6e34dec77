"""The chat page of Passage. `ui.app.launch()` serves it."""

import os

# Read by Gradio while it is imported; without it every launch reports to its makers.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
