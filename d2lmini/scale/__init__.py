"""What leaves one notebook: several processes, export, the command line."""
