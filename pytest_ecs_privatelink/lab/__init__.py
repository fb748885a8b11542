"""AN AWS IN A BOX: a cloud, and a network of kernel namespaces compiled from its snapshot."""
