"""What a workspace may use: processes, memory, disk, system calls, a user of its own."""
