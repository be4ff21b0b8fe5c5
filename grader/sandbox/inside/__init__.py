"""What runs next to a student's code, in the zygote and its children.  Imports nothing of the grader's but `sandbox.shared`."""
