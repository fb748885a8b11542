"""Root conftest of the checkout: nothing but what every test of the project needs."""

pytest_plugins = ("pytester",)
