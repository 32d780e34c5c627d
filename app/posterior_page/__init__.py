"""The parts of the page Posterior; a module a view, and what the views are made of."""
