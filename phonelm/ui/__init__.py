"""The parts of the page that `app.py` puts together: one module for each tab or component, assets beside them."""
