"""Worker processes, which compute runs: how they are started, watched, and sent batches."""
