# Tasks: my tasks, assign, monitor, task, history.
