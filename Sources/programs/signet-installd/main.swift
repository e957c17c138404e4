// signet-installd
