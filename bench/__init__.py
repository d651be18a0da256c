"""What `bin/bench` measures, always against a floor in the same run. docs/performance.md says how to read it."""
