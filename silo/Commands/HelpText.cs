namespace Granary.Silo.Commands;

/// <summary>What <c>--help</c> prints.</summary>
internal static class HelpText
{
    /// <summary>The whole text.</summary>
    public const string Text = """
        granary up [--data DIR] [--port N] [--silos N] [--detach]
            Starts the embedded default: one silo, SQLite, a local store. Makes on an empty data folder the tenant
            `default`, the scope `main`, the store `local`, and the operator's key in DIR/operator.key.
            --data DIR   data folder (GRANARY_DATA; default: data beside the launcher, else ./data)
            --port N     TCP port (GRANARY_PORT; default 8080)
            --silos N    number of silo processes; above 1 with MariaDB and Redis of this system, all under DIR; silo K
                         listens on port N + 10 (K - 1)
            --detach     runs in the background, logs to DIR/log/silo.log, returns when it is ready
        granary down [--data DIR]
            Stops the server that runs on the data folder, and waits for it.
        granary serve [--data DIR] [--port N]
            The server alone, configured by the environment; what containers run.
        granary migrate [--data DIR]
            Brings the databases up to date, and ends.
        granary worker
            A silo of a cluster without API and without a local store, for maintenance.

        All settings are environment variables; see docs/configuration.md.

        Exit codes: 0 done; 2 wrong usage or settings; 3 refused, another server holds the data folder;
        4 the server could not start or stop, or failed; 130 interrupted from the keyboard.
        """;
}
