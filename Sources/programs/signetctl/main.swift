// signetctl
