"""One module a subcommand: `add_arguments(parser)` and `run(args)`; loaded only when asked for."""
