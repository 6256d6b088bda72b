# Refusals and error pages.
