using Granary.Catalog.MariaDb;
using Granary.TestSupport;
using MySqlConnector;

namespace Granary.Catalog.Tests.MariaDb;

/// <summary>What the catalog relies on in its driver, whichever of the two feeds it is from.</summary>
public sealed class DriverTests : IDisposable
{
    // The inner query has one row for the first outer one, and two for the second.
    private const string FailsAtTheSecondRow = "SELECT a.seq, (SELECT b.seq FROM seq_1_to_2 b WHERE b.seq <= a.seq) FROM seq_1_to_2 a";
    private const int MoreThanOneRow = 1242;

    // Longer than the test has: a driver that waits for what does not come is caught.
    private const int CommandSeconds = 90;
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    private readonly MariaDbDatabases _databases = new();

    public void Dispose() => _databases.Dispose();

    [MariaDbTheory]
    [InlineData($"SELECT 1; {FailsAtTheSecondRow}; SELECT 2", 1)]
    [InlineData($"SELECT 1; {FailsAtTheSecondRow}", 1)]
    [InlineData($"{FailsAtTheSecondRow}; SELECT 2", 0)]
    [InlineData(FailsAtTheSecondRow, 0)]
    public async Task A_statement_that_fails_among_its_rows_fails_at_once_and_leaves_the_connection_to_the_next(string text, int before)
    {
        await using var connection = new MySqlConnection(await _databases.CreateAsync());
        connection.Open();
        await Task.Run(() =>
        {
            var failure = Assert.Throws<MySqlException>(() => ReadAll(connection, text, before));
            Assert.Equal(MoreThanOneRow, failure.Number);
            using var next = new MySqlCommand("SELECT 3", connection);
            Assert.Equal("3", Convert.ToString(next.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture));
        }).WithinAsync("the failure and the next statement", s_limit);
    }

    [Theory]
    [InlineData("Server=db;Port=3307;Database=d;Password=p", "database 'd' on db:3307")]
    [InlineData("Server=/run/db.sock;Database=d;Password=p", "database 'd' on /run/db.sock")]
    public void A_database_is_named_by_its_server_or_its_socket_and_without_its_password(string connection, string name) =>
        Assert.Equal(name, MariaDbConnection.NameOf(connection));

    private static void ReadAll(MySqlConnection connection, string text, int before)
    {
#pragma warning disable CA2100 // Constants of this test.
        using var command = new MySqlCommand(text, connection) { CommandTimeout = CommandSeconds };
#pragma warning restore CA2100
        using var reader = command.ExecuteReader();
        var results = 0;
        do
        {
            while (reader.Read())
            {
            }

            Assert.True(results++ < before, "A result came whole that cannot.");
        }
        while (reader.NextResult());
    }
}
