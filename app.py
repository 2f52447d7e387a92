"""Start the demo: `python app.py`, then http://127.0.0.1:7860; `gradio app.py` builds it anew when a file changes."""

from advdemo.serve import in_one_sentence, shipped_page
from advdemo.ui.page import launch

with in_one_sentence():
    demo = shipped_page()
    if __name__ == "__main__":
        launch(demo)
