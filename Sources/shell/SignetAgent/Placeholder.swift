// SignetAgent
