using System.Data.Common;
using System.Reflection;
using Orleans.Runtime;

namespace Orleans.Storage;

/// <summary>
/// A database whose statements stand in its own table OrleansQuery. Work runs on the thread pool, never on a grain's scheduler: some
/// providers block the thread while they wait.
/// </summary>
internal sealed class AdoNetDatabase(string invariant, string? connectionString, params string[] required) {
    private readonly DbProviderFactory _factory = FindFactory(invariant);
    private readonly Lock _gate = new();
    private Task<Dictionary<string, string>>? _queries;

    /// <summary>Reads the statements, so that a missing one is an error at the start.</summary>
    public async Task StartAsync() {
        var missing = required.Except((await QueriesAsync()).Keys).ToList();
        if (missing.Count > 0)
            throw new ArgumentException($"Not all required queries found. Missing are: {string.Join(",", missing)}");
    }

    /// <summary>Runs a stored statement and reads the rows of all its results.</summary>
    public async Task<List<T>> RunAsync<T>(string key, (string Name, object? Value)[] parameters, Func<DbDataReader, T> read) {
        var text = (await QueriesAsync())[key];
        return await Task.Run(() => QueryAsync(text, parameters, read));
    }

    private static DbProviderFactory FindFactory(string invariant) {
        var (assembly, type) = invariant switch {
            "System.Data.SQLite" => ("Microsoft.Data.Sqlite", "Microsoft.Data.Sqlite.SqliteFactory"),
            "MySql.Data.MySqlConnector" => ("MySqlConnector", "MySqlConnector.MySqlConnectorFactory"),
            _ => throw new OrleansConfigurationException($"Database provider factory with '{invariant}' invariant name not supported."),
        };
        return (DbProviderFactory)Assembly.Load(assembly).GetType(type, throwOnError: true)!.GetField("Instance")!.GetValue(null)!;
    }

    private Task<Dictionary<string, string>> QueriesAsync() {
        lock (_gate) {
            if (_queries is null or { IsFaulted: true })
                _queries = Task.Run(async () =>
                    (await QueryAsync("SELECT QueryKey, QueryText FROM OrleansQuery", [], r => (r.GetString(0), r.GetString(1)))).ToDictionary());
            return _queries;
        }
    }

    private async Task<List<T>> QueryAsync<T>(string text, (string Name, object? Value)[] parameters, Func<DbDataReader, T> read) {
        await using var connection = _factory.CreateConnection()!;
        connection.ConnectionString = connectionString;
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The statement is the database's own.
        command.CommandText = text;
#pragma warning restore CA2100
        foreach (var (name, value) in parameters) {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = ("@" + name, value ?? DBNull.Value);
            command.Parameters.Add(parameter);
        }
        var rows = new List<T>();
        await using var reader = await command.ExecuteReaderAsync();
        do {
            while (await reader.ReadAsync())
                rows.Add(read(reader));
        }
        while (await reader.NextResultAsync());
        return rows;
    }
}
