"""Many runs: what is missing is sent to an executor, and what comes back is stored as it comes."""
