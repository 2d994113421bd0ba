
hub_command(
    name = "{name}",
    args = {args},
)
