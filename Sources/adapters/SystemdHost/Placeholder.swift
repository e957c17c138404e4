// SystemdHost
