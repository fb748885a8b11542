"""What the tests of several rooms import lies beside this file: pytest puts it on the path."""
