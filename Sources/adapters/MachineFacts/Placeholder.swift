// MachineFacts
