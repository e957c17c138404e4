// TrustStores
