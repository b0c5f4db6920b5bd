using Granary.Process.Tests.Servers;
using Granary.TestSupport;
using MySqlConnector;

namespace Granary.Process.Tests.Deployment;

/// <summary>The role <c>migrate</c> as a Job runs it: the real program on a real MariaDB.</summary>
public sealed class MigrateTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [MariaDbFact]
    public async Task Two_processes_at_once_and_one_more_bring_a_database_up_to_date_once()
    {
        var database = MariaDbServer.Current.CreateDatabase();
        try
        {
            var key = Convert.ToBase64String(new byte[32]);
            File.WriteAllText(_folder["database"], database);
            (string, string)[] settings =
            [
                ("GRANARY_DATABASE_FILE", _folder["database"]), ("GRANARY_CLUSTER_REDIS", "127.0.0.1:1"), ("GRANARY_CLUSTER_KEY", key),
                ("GRANARY_ENCRYPTION_KEY", key), ("GRANARY_OPERATOR_KEY", "gk_op_0123456789abcdef0123456789"),
            ];
            await using var first = ServerProcess.Launch(["migrate"], _folder["a"], [.. settings, ("GRANARY_DATA", _folder["a"])]);
            await using var second = ServerProcess.Launch(["migrate"], _folder["b"], [.. settings, ("GRANARY_DATA", _folder["b"])]);
            Assert.True(await first.WaitAsync() == 0, first.Output);
            Assert.True(await second.WaitAsync() == 0, second.Output);
            var before = Rows(database);
            Assert.Equal(
                Directory.EnumerateFiles(Path.Combine(Repository.Root, "catalog", "sql", "mariadb"), "*.sql").Count()
                    + Directory.EnumerateFiles(Path.Combine(Repository.Root, "catalog", "sql", "orleans-mariadb"), "*.sql").Count(),
                before.Migrations);
            Assert.Equal((1, 1), (before.Tenants, before.Scopes));

            await using var again = ServerProcess.Launch(["migrate"], _folder["a"], [.. settings, ("GRANARY_DATA", _folder["a"])]);
            Assert.True(await again.WaitAsync() == 0, again.Output);
            Assert.Contains("up to date", again.Output, StringComparison.Ordinal);
            Assert.Equal(before, Rows(database));
        }
        finally
        {
            MariaDbServer.Current.DropDatabase(database);
        }
    }

    private static (long Migrations, long Installations, long Tenants, long Scopes) Rows(string database)
    {
        using var connection = new MySqlConnection(database);
        connection.Open();
        return (Count("schema_migration") + Count("orleans_migration"), Count("installation"), Count("tenant"), Count("scope"));

        long Count(string table)
        {
            using var command = connection.CreateCommand();
            command.CommandText = $"SELECT COUNT(*) FROM {table}";
            return Convert.ToInt64(command.ExecuteScalar());
        }
    }
}
