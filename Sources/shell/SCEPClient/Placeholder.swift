// SCEPClient
