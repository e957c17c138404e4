// What sanitizers cannot see of Swift's own libraries is told to them by whatever links this. It has nothing to call.
