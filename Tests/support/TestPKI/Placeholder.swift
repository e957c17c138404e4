// TestPKI
