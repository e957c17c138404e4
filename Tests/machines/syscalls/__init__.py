"""Stands between a program and the kernel: counts its system calls over all threads, kills it at one, or has some fail.

`options.wrap` gives the command that becomes a program, under its own process id and with every descriptor that it was
given, so that it fits into `Program.wrap`. A process beside it is asked by the kernel before each call (seccomp's user
notification), which makes one order of the calls of all threads; strace's counter has one for each thread. `log` reads
back what that process wrote.

The command runs some thousand times. What it imports is chosen for how soon it is there: neither this file nor the
modules that it consists of (`main`, `watcher`, `kernel`, `calls`, `published`, `options`) need more than C modules.
"""
