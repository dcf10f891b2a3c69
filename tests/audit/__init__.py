"""What `make audit` looks at: locks, licences, dependencies, secrets in the tree and in its history."""
