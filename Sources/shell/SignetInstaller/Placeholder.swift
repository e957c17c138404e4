// SignetInstaller
