"""`make rehearse`: the unchanged program, the real engine, an emulated AWS account, a real Kubernetes API.

`local/cli/rehearse.py` runs the steps of `plans` in order on one `Stage` and writes the report. What is
emulated, and what that leaves unchecked, is in docs/rehearsal.md.
"""
