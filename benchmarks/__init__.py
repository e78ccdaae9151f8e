"""Speed and memory of the main jobs, beside the time that merely reading their files takes."""
